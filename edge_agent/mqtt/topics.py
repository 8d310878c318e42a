"""Where on the broker things go. The tree is a contract: docs/reference/topics.md."""

from dataclasses import dataclass

from edge_agent.errors import EdgeAgentError

# A name that holds one of these would end up on another level, or match what it must not.
_FORBIDDEN = frozenset("/+#\0")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one box. Raises EdgeAgentError for a name that cannot be a topic level."""

    site: str
    box: str

    def __post_init__(self) -> None:
        for what, name in (("site", self.site), ("box", self.box)):
            if not name or name.startswith("$") or _FORBIDDEN & set(name):
                raise EdgeAgentError(
                    f'the {what} name "{name}" cannot be part of an MQTT topic',
                    hint=f"use letters, digits and - for {what} in agent.toml",
                )

    @property
    def status(self) -> str:
        """Whether the box is there; retained."""
        return f"{self._up}/status"

    @property
    def check(self) -> str:
        """Where `edge-agent check` tries whether we may publish; receivers pass it over."""
        return f"{self._up}/check"

    @property
    def everything(self) -> str:
        """What an access rule has to allow."""
        return f"{self._up}/#"

    def alert(self, camera: str) -> str:
        """Return where one camera's alerts go."""
        return f"{self._up}/alert/{camera}"

    @property
    def record(self) -> str:
        """Where the box says what became of its own chain."""
        return f"{self._up}/record"

    @property
    def health(self) -> str:
        """How the box is, every minute."""
        return f"{self._up}/health"

    @property
    def response(self) -> str:
        """What became of the center's commands."""
        return f"{self._up}/res"

    def snapshot(self, camera: str, command_id: str) -> str:
        """Return where a picture goes that the center has asked for."""
        return f"{self._up}/snapshot/{camera}/{command_id}"

    @property
    def everything_down(self) -> str:
        """What the center sends to this box."""
        return f"city/v1/{self.site}/{self.box}/down/#"

    def thumbnail(self, camera: str, alert_id: str) -> str:
        """Return where the pictures of one visit go."""
        return f"{self._up}/thumb/{camera}/{alert_id}"

    def onvif(self, event: str) -> str:
        """Return where an ONVIF event goes (docs/reference/mirrors.md)."""
        return f"{self._up}/onvif-ej/{event}"

    def home(self, sensor: str) -> str:
        """Return where a sensor of Home Assistant says its state (docs/reference/mirrors.md)."""
        return f"{self._up}/home/{sensor}"

    def observation(self, camera: str) -> str:
        """Return where one camera's counts go."""
        return f"{self._up}/observation/{camera}"

    @property
    def _up(self) -> str:
        return f"city/v1/{self.site}/{self.box}/up"
