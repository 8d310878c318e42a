"""One login of a device, tried once: who shares it waits for what came of the first try.

Cameras lock out who guesses, and a recorder's channels would guess all at once.
"""

from dataclasses import dataclass, field

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.exchange import StoppedError
from edge_agent.runtime.stop import Stop

_TURN_S = 0.1


@dataclass(slots=True, eq=False)
class FirstTry:
    """What comes of trying a login; written by who tries it, read by who waits."""

    # The camera that tries it.
    part: str
    is_refused: bool = False
    _over: Stop = field(default_factory=Stop)

    def end(self) -> None:
        """Say that it was tried, or cannot be; once more does nothing."""
        self._over.tell()

    def wait(self, stop: Stop) -> None:
        """Wait until it was tried, or until `stop` is told."""
        while not self._over.wait(_TURN_S) and not stop.is_told:
            pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a stream may try its login: after the device's ONVIF, and after the first stream."""

    tried: FirstTry
    onvif: FirstTry | None = None
    # None for who is the first.
    first: FirstTry | None = None

    def wait(self, stop: Stop) -> None:
        """Wait for both.

        Raise EdgeAgentError where the login was refused to the first stream, StoppedError soon
        after `stop` is told.
        """
        for one in (self.onvif, self.first):
            if one:
                one.wait(stop)
        if stop.is_told:
            raise StoppedError("told to stop", hint="nothing: the check is ending")
        if self.first and self.first.is_refused:
            raise EdgeAgentError(
                f"was not tried: the same login was refused to {self.first.part}",
                hint=f"mend the login of {self.first.part} first; if this is another device, "
                "check this camera alone",
            )
