"""The cameras' firmware, asked over ONVIF: each device once, no longer than a person waits."""

from dataclasses import dataclass

from edge_agent.cli.check_crew import Crew
from edge_agent.cli.check_facts import Fact, wrong
from edge_agent.cli.version_parts import Part
from edge_agent.config.settings import CameraSettings, Settings
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
        return Part("camera", camera.id, "", "was added without ONVIF: nobody tells its firmware")
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
        device = read_device(line)
        maker = f"{device.maker} {device.model}".strip() or "a camera without a name"
        return f"{maker}, firmware {device.firmware or 'unknown'}"
