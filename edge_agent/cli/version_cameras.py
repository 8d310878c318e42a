"""The cameras' firmware: as they said last, or asked now over ONVIF, no longer than a person waits."""

from dataclasses import dataclass

from edge_agent.cli.check_crew import Crew
from edge_agent.cli.check_facts import Fact, wrong
from edge_agent.config.settings import CameraSettings, Settings
from edge_agent.daemon.firmware import read_firmware, words_of
from edge_agent.daemon.software import Part
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import read_address
from edge_agent.onvif.device import read_device
from edge_agent.onvif.line import Line
from edge_agent.onvif.presence import Status, look
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop

# For each question; healthy cameras answered within 0.4 s.
_ANSWER_S = 3.0
_DEADLINE_S = 8.0
_WITHOUT_ONVIF = "was added without ONVIF: nobody tells its firmware"


def known_firmware(settings: Settings) -> list[Part]:
    """Return a part for each camera, as the running agent was told last. Asks nobody."""
    known = read_firmware(settings.state_dir)
    return [_known_part(camera, known.get(camera.id, "")) for camera in settings.cameras]


def _known_part(camera: CameraSettings, words: str) -> Part:
    if words:
        return Part("camera", camera.id, words)
    if not camera.onvif_url:
        return Part("camera", camera.id, "", _WITHOUT_ONVIF)
    why = "its firmware is not known yet: edge-agent version --all --ask"
    return Part("camera", camera.id, "", why)


def firmware_of(settings: Settings) -> list[Part]:
    """Return a part for each camera; who does not answer says so. Channels of a recorder share one."""
    asked: dict[tuple[str, str], _Firmware] = {}
    for camera in settings.cameras:
        if camera.onvif_url:
            asked.setdefault((camera.onvif_url, camera.stream.username), _Firmware(camera))
    questions = list(asked.values())
    with Crew(questions, _DEADLINE_S) as crew:
        facts = {key: crew.facts_of(number)[0] for number, key in enumerate(asked)}
    return [_part(camera, facts) for camera in settings.cameras]


def _part(camera: CameraSettings, facts: dict[tuple[str, str], Fact]) -> Part:
    fact = facts.get((camera.onvif_url, camera.stream.username))
    if fact is None:
        return Part("camera", camera.id, "", _WITHOUT_ONVIF)
    if not fact.ok:
        return Part("camera", camera.id, "", f"its firmware is not known: {fact.what}")
    return Part("camera", camera.id, fact.what)


@dataclass(frozen=True, slots=True)
class _Firmware:
    """One device, asked once."""

    camera: CameraSettings
    label: str = "firmware"

    @property
    def part(self) -> str:
        return self.camera.id

    def ask(self, stop: Stop) -> list[Fact]:
        try:
            return [Fact(self.part, self.label, ok=True, what=self._ask(stop))]
        except EdgeAgentError as failure:
            return [wrong(self.part, self.label, failure)]

    def _ask(self, stop: Stop) -> str:
        clock, stream = SystemClock(), self.camera.stream
        address = read_address(self.camera.onvif_url)
        presence = look(address, clock, deadline_s=_ANSWER_S, stop=stop)
        is_open = presence.status is Status.READY or not stream.username
        line = Line(
            address,
            None if is_open else Credentials(stream.username, stream.password),
            clock=clock,
            clock_offset_s=presence.clock_offset_s or 0.0,
            deadline_s=_ANSWER_S,
            stop=stop,
            may_show_password=False,
        )
        return words_of(read_device(line))
