"""What a box that is online says of itself besides how it is: its starts, and what it runs."""

import platform
from collections.abc import Mapping, Sequence

from edge_agent import __version__
from edge_agent.daemon.assemble import Camera
from edge_agent.daemon.firmware import FirmwareBook
from edge_agent.daemon.software import Part, loaded_libraries, models, system, told_parts
from edge_agent.daemon.starts import StartBook
from edge_agent.inference.model_file import ModelCard


class About:
    """`told` belongs to the publisher's thread, `note` to the main one."""

    def __init__(self, starts: StartBook, firmware: FirmwareBook, card: ModelCard) -> None:
        self._starts = starts
        self._firmware = firmware
        self._card = card
        self._libraries: Sequence[Part] = ()
        # What the center knows of the cameras.
        self._told: Mapping[str, str] = {}

    def told(self, is_birth: bool) -> Mapping[str, object]:  # noqa: FBT001 (the one question)
        """Return members for the status; what runs goes with a birth, and when a camera has told more."""
        about: dict[str, object] = {"starts": self._starts.now.told()}
        firmware = self._firmware.known
        if is_birth or firmware != self._told:
            self._told = firmware
            about["software"] = told_parts(self._parts(firmware))
        return about

    def note(self, cameras: Sequence[Camera]) -> None:
        """Remember what cameras have said of themselves by now."""
        said = {
            one.settings.id: one.events.device
            for one in cameras
            if one.events and one.events.device
        }
        self._firmware.note(said, {one.settings.id for one in cameras})

    def _parts(self, firmware: Mapping[str, str]) -> list[Part]:
        # A quarter of a second here: once is enough.
        self._libraries = self._libraries or loaded_libraries()
        return [
            Part("agent", "edge-agent", __version__),
            Part("python", platform.python_implementation(), platform.python_version()),
            *system(),
            *models(self._card),
            *(Part("camera", name, words) for name, words in sorted(firmware.items())),
            *self._libraries,
        ]
