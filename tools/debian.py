"""Where Debian's programs are: on the machine, or unpacked in the cache folder.

Without root nothing can be installed, but a package can be unpacked: its programs then run from
`.cache/debian/root` once they are told where their libraries, plug-ins and typelibs lie.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
CACHE = REPOSITORY / ".cache"
UNPACKED = CACHE / "debian" / "root"
# The clustered broker of `make soak`, apart: Erlang and its libraries are nobody else's business.
RABBITMQ = CACHE / "rabbitmq" / "root"
# Debian's GStreamer bindings are compiled for Debian's Python, whatever `python3` on PATH is.
SYSTEM_PYTHON = Path("/usr/bin/python3")
# Exits with 0 where everything our RTSP peer uses is there.
GSTREAMER_QUESTION = """
import gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert all(map(Gst.ElementFactory.find, ("qtdemux", "rtph264pay", "h265parse")))
"""
# PostgreSQL keeps the programs of each version apart: Debian 12 has this one.
_POSTGRES = "usr/lib/postgresql/15/bin"
# Servers live in sbin, which an ordinary user's PATH leaves out.
_MACHINE = ("/usr/local/bin", "/usr/bin", "/usr/sbin", "/bin", "/sbin", f"/{_POSTGRES}")
# iproute2 of Debian 12 is still packed as if /bin were no link to /usr/bin.
_UNPACKED_PROGRAMS = tuple(
    UNPACKED / name for name in ("usr/bin", "usr/sbin", "bin", "sbin", _POSTGRES)
)


def program(name: str) -> Path | None:
    """Return where a program lies: the machine's own first, then the unpacked one."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *_MACHINE]
    folders += map(str, _UNPACKED_PROGRAMS)
    found = shutil.which(name, path=os.pathsep.join(folders))
    return Path(found) if found else None


def environment() -> dict[str, str]:
    """Return the environment in which the unpacked programs find what belongs to them."""
    variables = dict(os.environ)
    if not UNPACKED.is_dir():
        return variables
    for name, folders in _search_paths().items():
        before = [variables[name]] if variables.get(name) else []
        variables[name] = os.pathsep.join([*before, *map(str, folders)])
    scanner = next(UNPACKED.glob("usr/lib/*/gstreamer1.0/gstreamer-1.0/gst-plugin-scanner"), None)
    if scanner:
        variables["GST_PLUGIN_SCANNER"] = str(scanner)
    # The machine's registry of plug-ins does not know ours, and ours must not spoil the machine's.
    variables["GST_REGISTRY"] = str(CACHE / "debian" / "gstreamer-registry.bin")
    return variables


def _search_paths() -> dict[str, list[Path]]:
    libraries = [*UNPACKED.glob("usr/lib/*-linux-gnu*"), *UNPACKED.glob("lib/*-linux-gnu*")]
    # BLAS, LAPACK and PulseAudio keep theirs one folder deeper, and tell ld.so by an alternative.
    deeper = {path.parent for folder in libraries for path in folder.glob("*/lib*.so*")}
    return {
        "PATH": [*_UNPACKED_PROGRAMS],
        "LD_LIBRARY_PATH": [*libraries, *sorted(deeper)],
        "GST_PLUGIN_PATH": [*UNPACKED.glob("usr/lib/*/gstreamer-1.0")],
        "GI_TYPELIB_PATH": [*UNPACKED.glob("usr/lib/*/girepository-1.0")],
        "PYTHONPATH": [*UNPACKED.glob("usr/lib/python3/dist-packages")],
    }
