"""The door of the command line: what people see, and what scripts get as exit code."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from edge_agent.cli.main import VERBS, main
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera
from edge_agent.errors import EdgeAgentError
from edge_agent.video.options import StreamOptions

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from edge_agent.cli.console import Console

# Seconds of one core, for `--help`; a person at a terminal calls more than that slow.
_PATIENCE_S = 0.3
_HEAVY = ("av", "cv2", "numpy", "zeep", "lxml", "ai_edge_litert", "paho")


class FakeVerb:
    """Implements edge_agent.cli.main.Verb."""

    def __init__(self, act: Callable[[argparse.Namespace, Console], int]) -> None:
        self.run = act

    def set_up(self, parser: argparse.ArgumentParser) -> None:
        inner = parser.add_subparsers()
        inner.add_parser("now")


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., int]], None]:
    """Let `edge-agent status` do what a test wants."""

    def take(act: Callable[..., int]) -> None:
        monkeypatch.setitem(sys.modules, "edge_agent.cli.status", FakeVerb(act))  # type: ignore[arg-type]

    return take


def _edge_agent(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)  # noqa: S603 (ourselves)


def test_help_lists_the_day_s_work_in_order() -> None:
    said = _edge_agent("-m", "edge_agent", "--help").stdout

    places = [said.index(f"\n  {verb} ") for verb in VERBS]
    assert places == sorted(places)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["discover", "--help"]])
def test_a_question_does_not_wake_the_heavy_libraries(words: list[str]) -> None:
    done = _edge_agent("-X", "importtime", "-m", "edge_agent", *words)

    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert "edge_agent.cli.console" in imported
    assert not imported & set(_HEAVY)


def test_help_comes_at_once() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    _edge_agent("-m", "edge_agent", "--help")

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < _PATIENCE_S


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_tells_how_it_is_used(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([name, "--help"])

    said = capsys.readouterr().out
    assert code == 0
    assert f"usage: edge-agent {name}" in said
    assert "--config DIR" in said
    assert VERBS[name] in said


@pytest.mark.parametrize("words", [[], ["dicsover"], ["status", "--loud"], ["zone"]])
def test_wrong_usage_is_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "edge-agent" in capsys.readouterr().err


def test_what_is_wrong_is_said_first(capsys: pytest.CaptureFixture[str]) -> None:
    main(["status", "--loud"])

    assert capsys.readouterr().err.splitlines() == [
        "edge-agent status: unrecognized arguments: --loud",
        "  next: edge-agent status --help",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["status", "--config", "/site"],
        ["--config", "/site", "status"],
        ["status", "--config", "/site", "now"],
        ["status", "now", "--config", "/site"],
        ["--config", "/elsewhere", "status", "now", "--config", "/site"],
    ],
)
def test_the_folder_may_be_named_anywhere(
    words: list[str], verb: Callable[[Callable[..., int]], None]
) -> None:
    seen: list[str] = []
    verb(lambda args, console: seen.append(str(args.config)) or bool(console) - 1)

    assert main(words) == 0
    assert seen == ["/site"]


def test_without_a_folder_the_environment_s_is_taken(
    verb: Callable[[Callable[..., int]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    verb(lambda args, _: seen.append(str(args.config)) or 0)
    monkeypatch.setenv("EDGE_AGENT_CONFIG", "/site")
    main(["status"])
    monkeypatch.delenv("EDGE_AGENT_CONFIG")
    main(["status"])

    assert seen == ["/site", "/etc/edge-agent"]


def test_what_a_person_can_mend_is_1_and_says_how(
    verb: Callable[[Callable[..., int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> int:
        failure = EdgeAgentError("10.0.0.7 refused the connection", hint="check the port")
        failure.add_note("camera gate")
        raise failure

    verb(fail)

    assert main(["status"]) == 1
    assert capsys.readouterr().err == (
        "camera gate: 10.0.0.7 refused the connection\n  next: check the port\n"
    )


def test_a_defect_is_70_and_its_traceback_goes_into_a_file(
    verb: Callable[[Callable[..., int]], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    verb(lambda *_: {}["missing"])

    code = main(["status"])

    first, second = capsys.readouterr().err.splitlines()
    (report,) = tmp_path.iterdir()
    assert code == 70
    assert first == "edge-agent stopped at a defect of ours (KeyError)"
    assert second == f"  next: please send us this file: {report}"
    assert "KeyError: 'missing'" in report.read_text()
    assert report.stat().st_mode & 0o077 == 0


def test_a_forgotten_sudo_is_no_defect_wherever_it_is_noticed(
    verb: Callable[[Callable[..., int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def forbidden(*_: object) -> int:
        raise PermissionError(13, "Permission denied", "/etc/edge-agent/secrets")

    verb(forbidden)

    assert main(["status"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "cannot use /etc/edge-agent/secrets: permission denied",
        "  next: run this with sudo",
    ]


def test_a_defect_on_a_full_disk_is_still_said(
    verb: Callable[[Callable[..., int]], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    verb(lambda *_: {}["missing"])

    assert main(["status"]) == 70
    assert "the report could not be written: No such file" in capsys.readouterr().err


def test_ctrl_c_is_130_and_says_nothing(
    verb: Callable[[Callable[..., int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    verb(interrupt)

    assert main(["status"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_closed_pipe_is_no_reason_to_complain(unbuffered: str, tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text("")
    command = [sys.executable, "-m", "edge_agent", "check", "--config", str(tmp_path)]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(  # noqa: S603 (ourselves)
            command,
            check=False,
            stdout=writing,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            timeout=60,
        )
    finally:
        os.close(writing)

    assert done.returncode == 141
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("redirection", "why"),
    [(">&-", "standard output is closed"), ("> /dev/full", "no space left on device")],
)
def test_an_output_that_cannot_be_written_is_1(tmp_path: Path, redirection: str, why: str) -> None:
    shell = f'exec "$0" -m edge_agent --config "$1" check {redirection}'
    command = ["/bin/sh", "-c", shell, sys.executable, str(tmp_path)]

    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)  # noqa: S603 (ourselves)

    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == f"cannot write the output: {why}"
    assert second.startswith("  next: ")


def test_ctrl_c_ends_the_wait_for_a_camera(tmp_path: Path) -> None:
    """PyAV swallows the interrupt while it opens a stream."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        stream = StreamOptions(url=f"rtsp://127.0.0.1:{silent.getsockname()[1]}/x", open_s=1.0)
        save_camera(tmp_path, CameraSettings(id="gate", name="gate", stream=stream))
        command = [sys.executable, "-m", "edge_agent", "--config", str(tmp_path), "check", "gate"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asking:  # noqa: S603 (ourselves)
            caller, _ = silent.accept()
            with caller:
                asking.send_signal(signal.SIGINT)
                said = asking.communicate(timeout=60)

    assert (asking.returncode, *said) == (130, b"", b"")


def test_a_missing_configuration_is_78(tmp_path: Path) -> None:
    done = _edge_agent("-m", "edge_agent", "status", "--config", str(tmp_path))

    assert done.returncode == 78
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"{tmp_path}/agent.toml: there is no such file",
        (
            "  next: edge-agent setup, which writes it; or copy docs/examples/agent.toml there and"
            " set site, box and the url of the broker"
        ),
        "the configuration has 1 problem",
    ]
