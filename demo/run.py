"""`make demo`: the technician's day in three minutes, with nothing pretended.

A camera program that is not ours plays a street clip; our own commands find it, add it, draw a
zone and watch; a separate subscriber collects what arrives at a real broker.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from demo import family
from demo.camera import Camera
from tests.peers import process
from tests.peers.mosquitto import Mosquitto
from tools import debian

OUT = Path("demo/out")
CONFIGURATION = OUT / "config"
# vtest.avi is 80 s long; in a minute more than a dozen people cross the walkway.
WATCH_S = 60.0
_ZONE = ("0.02,0.30", "0.98,0.30", "0.98,0.98", "0.02,0.98")
_AGENT = (sys.executable, "-m", "edge_agent")
_USER = "installer"


class Failed(Exception):  # noqa: N818 (the demo's one way to fail)
    """The demo did not show what it promised; the text says what was missing."""


def main() -> int:
    """Walk the journey; 0 only if an alert and its verified picture arrived and nothing is left."""
    os.chdir(debian.REPOSITORY)
    shutil.rmtree(OUT, ignore_errors=True)
    CONFIGURATION.mkdir(parents=True)
    os.environ["EDGE_AGENT_CONFIG"] = str(CONFIGURATION)
    # Both end in the same tidy way; a shell script's background job would ignore Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    family.adopt_orphans()
    began = time.monotonic()
    try:
        with ExitStack() as running:
            _walk(running)
        verdict = _judge()
    except Failed as failure:
        verdict = _fail(str(failure))
    except KeyboardInterrupt:
        verdict = _fail("interrupted")
    finally:
        stubborn = family.see_everybody_off()
    if stubborn:
        verdict = _fail(f"these had to be killed: {', '.join(stubborn)}")
    print(f"\ndone in {time.monotonic() - began:.0f} s; every process it started is gone")
    return verdict


def _walk(running: ExitStack) -> None:
    _say("A broker and a camera, both on loopback")
    broker = running.enter_context(Mosquitto(OUT / "broker"))
    password = OUT / "camera-password"
    password.write_text(secrets.token_urlsafe(12) + "\n")
    password.chmod(0o600)
    clip = debian.CACHE / "vtest.avi"
    words = password.read_text().strip()
    camera = running.enter_context(Camera(clip, OUT / "camera", user=_USER, password=words))
    # The center listens before `check` asks whether anybody does. It is ended last: the end of a
    # visit may still be on its way when the agent stops.
    subscriber = process.spawn(
        [sys.executable, "-m", "demo.subscriber", "--broker", broker.url, "--out", OUT]
    )
    running.callback(process.end, subscriber)
    print(f"  mosquitto   {broker.url}")
    print(f"  ipycam      {camera.address}, playing a campus street in a loop")

    _say("The technician's day")
    _write_site_file(broker.url)
    _agent("discover", "--address", camera.address)
    account = ("--user", _USER, "--password-file", str(password))
    _agent("add", camera.address, "--name", "gate", "--snapshot", str(OUT / "gate.jpg"), *account)
    _agent("zone", "add", "gate", "walkway", *_ZONE, "--alert-on", "person", "--for", "2")
    _agent("zone", "show", "gate", "--out", str(OUT / "gate-zones.png"))
    _agent("check")

    _say(f"Watching for {WATCH_S:.0f} seconds")
    _watch(running, subscriber)


def _watch(running: ExitStack, subscriber: subprocess.Popen[bytes]) -> None:
    _echo("run", "&")
    agent = process.spawn([*_AGENT, "run"], OUT / "agent.log")
    running.callback(process.end, agent)
    deadline = time.monotonic() + WATCH_S
    while time.monotonic() < deadline:
        time.sleep(0.2)
        for name, child in {"edge-agent run": agent, "the subscriber": subscriber}.items():
            if child.poll() is not None:
                raise Failed(f"{name} ended by itself with {child.returncode}")
    print()
    _agent("status")
    process.end(agent)
    if agent.returncode != 0:
        raise Failed(f"edge-agent run ended with {agent.returncode} when told to stop")


def _write_site_file(broker_url: str) -> None:
    path = CONFIGURATION / "agent.toml"
    state = (OUT / "state").resolve()
    path.write_text(
        f"""\
site = "demo"
box = "demo-box"
state_dir = "{state}"

[broker]
url = "{broker_url}"
insecure = true
"""
    )
    print(f"$ cat {path}")
    print(path.read_text())
    print(f"$ export EDGE_AGENT_CONFIG={CONFIGURATION}\n")


def _agent(*words: str) -> None:
    _echo(*words)
    done = subprocess.run([*_AGENT, *words], check=False, stdin=subprocess.DEVNULL, timeout=60)
    print(flush=True)
    if done.returncode != 0:
        raise Failed(f"edge-agent {words[0]} ended with {done.returncode}")


def _echo(*words: str) -> None:
    print(f"$ edge-agent {' '.join(words)}", flush=True)


def _say(title: str) -> None:
    print(f"\n── {title} {'─' * (74 - len(title))}\n", flush=True)


def _judge() -> int:
    summary_path = OUT / "summary.json"
    if not summary_path.exists():
        return _fail("no alert arrived")
    summary = json.loads(summary_path.read_text())
    _say("What arrived")
    print(
        f"  {summary['visits']} visits in {summary['alerts']} alert messages, "
        f"{summary['verified']} pictures verified by SHA-256, {summary['bytes'] / 1000:.0f} kB in all"
    )
    print(f"  look at them:  {OUT / 'index.html'}")
    if not summary["verified"]:
        return _fail("no alert arrived together with its verified picture")
    return 0


def _fail(why: str) -> int:
    log = OUT / "agent.log"
    if log.exists():
        print(f"\nthe last words of the agent ({log}):", file=sys.stderr)
        print("\n".join(log.read_text(errors="replace").splitlines()[-25:]), file=sys.stderr)
    print(f"\nthe demo failed: {why}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
