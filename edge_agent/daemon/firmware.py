"""What each camera said last of its make, model and firmware: one small file, kept over restarts.

The agent asks when it listens to a camera's events anyway; nobody has to wait for a camera to know.
"""

import json
import logging
from collections.abc import Collection, Mapping
from pathlib import Path

from edge_agent.onvif.device import Device
from edge_agent.runtime.files import write_whole

log = logging.getLogger(__name__)

FILE = "firmware.json"
# Ours are 20 KB with 100 cameras; anything larger was not written by us.
_MOST_BYTES = 200_000
_LONGEST = 200


class FirmwareBook:
    """Used by one thread, but for `known`, which is replaced as a whole."""

    def __init__(self, state_dir: Path) -> None:
        self.known: Mapping[str, str] = read_firmware(state_dir)
        self._file = state_dir / FILE

    def note(self, said: Mapping[str, Device], cameras: Collection[str]) -> None:
        """Keep what cameras said; forget those that are not among them. Cheap where nothing is new."""
        now = {one: words for one, words in self.known.items() if one in cameras}
        now |= {one: words_of(device) for one, device in said.items() if device.model}
        if now == self.known:
            return
        self.known = now
        try:
            write_whole(self._file, json.dumps(now, indent=2, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            log.warning("cannot note the firmware of the cameras: %s", why)


def read_firmware(state_dir: Path) -> dict[str, str]:
    """Return what each camera said last, by its id; a damaged file is as good as none."""
    try:
        with (state_dir / FILE).open("rb") as file:
            told = json.loads(file.read(_MOST_BYTES))
        return {str(name): str(words)[:_LONGEST] for name, words in told.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def words_of(device: Device) -> str:
    """Return it in words for people."""
    maker = f"{device.maker} {device.model}".strip() or "a camera without a name"
    return f"{maker}, firmware {device.firmware or 'unknown'}"[:_LONGEST]
