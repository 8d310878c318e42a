"""The pictures of `setup` and `check` in docs/install.md: `python -m demo.install_pictures`, after `make setup`.

A real run: a serial console, a camera that shows Debian's street clip, a broker that takes alerts
without encryption, a listener at its other end. Addresses and folders of this machine are replaced
by those of a site.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.center_key import CenterKey
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream
from tests.peers import clips
from tests.peers.center import Center
from tests.peers.mosquitto import Mosquitto
from tests.peers.rtsp import RtspServer
from tests.peers.serial_console import SerialConsole
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Sequence

_DOCS = debian.REPOSITORY / "docs"
# How a letter of the fonts named below stands in a line.
_LETTER_WIDTH, _LINE_HEIGHT, _MARGIN = 7.23, 17, 16
_PASSWORD = "a & b <c>"  # noqa: S105 (the one that this camera believes)
_COLOURS = {"✓": "#7fd18b", "✗": "#f08a8a", "•": "#e6c46a", "$": "#8ab8ff", "next:": "#9aa7b5"}


def main() -> None:
    """Draw both."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        broker = running.enter_context(Mosquitto(folder))
        center = running.enter_context(Center(broker.port))
        center.listens()
        street = clips.Encoding(width_px=640, height_px=480, kbps=600, seconds=12)
        clip = clips.encode(clips.vtest(), street)
        rtsp = RtspServer(folder / "rtsp", clip, user="admin", password=_PASSWORD)
        running.enter_context(rtsp)
        stream = Stream(token="main", uri=rtsp.url(), width_px=640, height_px=480)  # noqa: S106 (a profile's)
        camera = running.enter_context(OnvifCamera(Firmware(streams=(stream,))))
        said = _set_up(folder, broker.url, camera.port)
        looked = _check(folder)
    names = {
        f"{folder}/etc": "/etc/edge-agent",
        f"{folder}/state": "/var/lib/edge-agent",
        str(folder): "/home/tech",
        f"127.0.0.1:{camera.port}": "192.168.1.64",
        broker.url: "mqtt://192.168.1.20",
        f"127.0.0.1:{broker.port}": "192.168.1.20:1883",
        f"127.0.0.1:{rtsp.port}": "192.168.1.64",
        f"port: {camera.port}": "port: 80",
        f"port: {rtsp.port}": "port: 554",
        "127.0.0.1": "192.168.1.64",
        " --config /etc/edge-agent": "",
    }
    title = "edge-agent setup: questions and answers on a terminal"
    _draw("install-setup", title, "$ sudo edge-agent setup", _renamed(said, names))
    title = "edge-agent check: a line for each thing that was tried"
    _draw("install-check", title, "$ sudo edge-agent check", _renamed(looked, names))


def _set_up(folder: Path, broker_url: str, camera_port: int) -> str:
    answers = (
        ("en/id [en]: ", ""),
        ("site [palembang]: ", "kota"),
        ("box [", "box-7"),
        ("folder [", f"{folder}/state"),
        ("broker []: ", broker_url),
        ("allow it? y/n [n]: ", "y"),
        ("user name []: ", ""),
        ("center's key []: ", f'keys = ["{CenterKey().text}"]'),
        ("look for them? y/n [y]: ", "n"),
        ("add [-]: ", f"127.0.0.1:{camera_port}"),
        ("user name [admin]: ", ""),
        ("password of admin: ", _PASSWORD),
        ("save it as [", "gate"),
        ("add [-]: ", ""),
        ("draw a zone? y/n [y]: ", ""),
        ("zone [street]: ", "walkway"),
        ("corners [0,0 1,0 1,1 0,1]: ", ""),
        ("alert on [person]: ", "person,car"),
        ("check now? y/n [y]: ", "q"),
    )
    words = ("setup", "--config", folder / "etc")
    with SerialConsole(*words, env={"LANG": "C.UTF-8"}, cwd=folder) as console:
        for question, answer in answers:
            console.types(question, answer)
        console.ends()
    # The picture of `check` goes on from there.
    return console.out.partition("\nEverything is tried once")[0]


def _check(folder: Path) -> str:
    words = [sys.executable, "-m", "edge_agent", "check", "--config", str(folder / "etc")]
    env = {**os.environ, "LANG": "C.UTF-8"}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout


def _renamed(text: str, names: dict[str, str]) -> list[str]:
    for ours, theirs in names.items():
        text = text.replace(ours, theirs)
    text = re.sub(r"^(box \[).*\]: ", r"\1box]: ", text, flags=re.MULTILINE)
    text = text.replace("]: /var/lib/edge-agent\n", "]: \n")
    return text.strip("\n").splitlines()


def _draw(name: str, title: str, command: str, lines: Sequence[str]) -> None:
    lines = [command, *lines]
    width = 2 * _MARGIN + round(max(map(len, lines)) * _LETTER_WIDTH)
    height = 2 * _MARGIN + _LINE_HEIGHT * len(lines)
    shown = "\n".join(
        f'<text x="{_MARGIN}" y="{30 + _LINE_HEIGHT * row}" xml:space="preserve"{_fill(line)}>'
        f"{escape(line, quote=False)}</text>"
        for row, line in enumerate(lines)
        if line
    )
    drawn = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{title}">
<title>{title}</title>
<rect width="{width}" height="{height}" rx="6" fill="#14191f"/>
<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="12" fill="#d7dde4">
{shown}
</g>
</svg>
"""
    (_DOCS / f"{name}.svg").write_text(drawn, encoding="utf-8")


def _fill(line: str) -> str:
    colour = _COLOURS.get(line.split(maxsplit=1)[0]) if line.strip() else None
    return f' fill="{colour}"' if colour else ""


if __name__ == "__main__":
    main()
