"""The readers of what the center and the technician write: receipts, and the files of a site."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

from edge_agent.config.load import load_settings
from edge_agent.contract import split
from edge_agent.contract.body import join
from edge_agent.daemon.receipts import Receipts
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import SystemClock
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from edge_agent.toml.problems import BadConfiguration
from tests.fakes.alerts import an_alert
from tests.fakes.box import BOX, SITE, a_seal
from tests.fakes.center_key import CenterKey

_ROOT = Path(__file__).resolve().parents[2]
_HASH = "ab" * 32


class Desk:
    """A box's spool and a site's folder, made once and read again and again."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")  # noqa: S108 (where there is one)
        place = memory if memory.is_dir() else None
        self._folder = tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True)
        self._key = CenterKey()
        self._home = Path(self._folder.name)
        self._spool = open_spool(self._home / "spool.db", SpoolOptions(), a_seal(self._home))
        for count in range(5):
            self._spool.append(an_alert(f"visit-{count}", picture_bytes=100))
        self._receipts = Receipts(
            self._spool, SystemClock(), [self._key.text], site=SITE, box=BOX
        )  # fmt: skip
        self._site = self._home / "site"
        (self._site / "cameras.d").mkdir(parents=True)

    def receipt_seeds(self) -> tuple[bytes, ...]:
        """Return healthy receipts: none frees anything, for the hash is nobody's."""
        say = self._key.receipt
        return (
            say((1, 3, _HASH), (7, 7, _HASH), pictures=((1, 3),), site=SITE, box=BOX),
            say(*((n, n, _HASH) for n in range(1, 100)), site=SITE, box=BOX),
            say(site=SITE, box=BOX),
            say((1, 2**64 - 1, _HASH), pictures=((5, 2**64 - 1),), site=SITE, box=BOX),
        )

    def take(self, content: bytes, _: Random) -> object:
        """Read a receipt as it came."""
        return self._receipts.take(content)

    def take_signed(self, content: bytes, _: Random) -> object:
        """Read a receipt that a center has signed, whatever it says."""
        body = split(content)[0]
        return self._receipts.take(join(body, self._key.sign(body)))

    def read_site(self, content: bytes, _: Random) -> object:
        (self._site / "agent.toml").write_bytes(content)
        try:
            return load_settings(self._site)
        except BadConfiguration as refusal:
            # Its advice stands beside each problem.
            if not all(problem.what for problem in refusal.problems):
                raise
            return None

    def read_camera(self, content: bytes, _: Random) -> object:
        (self._site / "agent.toml").write_bytes(site_seeds()[0])
        (self._site / "cameras.d" / "gate.toml").write_bytes(content)
        settings = load_settings(self._site)
        if not all(camera.problems for camera in settings.refused):
            raise EdgeAgentError("refused without a reason")
        return settings


def site_seeds() -> tuple[bytes, ...]:
    """Return the example that we ship, and the shortest."""
    example = (_ROOT / "docs" / "examples" / "agent.toml").read_bytes()
    shortest = b'site = "a"\nbox = "b"\n[broker]\nurl = "mqtts://c"\n'
    return example, shortest


def camera_seeds() -> tuple[bytes, ...]:
    """Return every camera that we show."""
    shown = sorted((_ROOT / "docs" / "examples" / "cameras.d").glob("*.toml"))
    return tuple(file.read_bytes() for file in shown)
