"""The center's receipts: what waits for one, what came of them, and when to ask again.

The broker's acknowledgement only says that an alert is on its way. Until the center has said that
its database has it, an alert stays on this box's disk and is sent again after every new connection.
"""

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.contract import Verdict, open_letter, read_receipt
from edge_agent.contract.receipt import RECEIPT
from edge_agent.runtime.clock import Clock
from edge_agent.spool.spool import Spool

log = logging.getLogger(__name__)

# Sent and not confirmed: so much is sent again where the center has lost everything since its last
# receipt, and not more.
WINDOW = 200
# From the broker's acknowledgement to the center's receipt: a transaction and the way back, over a
# mobile link that is busy with pictures.
PATIENCE_S = 60.0
# Between two questions about one alert, at most. A center that is back answers sooner: the broker
# has kept what it missed, and whatever is new reaches it at once.
_LONGEST_S = 900.0
# After the first word of a center that was silent: time to work off what the broker has for it.
_SETTLE_S = 10.0


@dataclass(slots=True)
class _Asked:
    """An alert that the broker has taken: when to send it again, and how often it was."""

    due_mono: float
    tries: int = 0


class Receipts:
    """What the center has confirmed. Used by the publisher's thread."""

    def __init__(
        self, spool: Spool, clock: Clock, keys: Sequence[str], *, site: str, box: str
    ) -> None:
        # Receipts that were not believed, since the start.
        self.refused = 0
        self._spool = spool
        self._clock = clock
        self._keys = [base64.b64decode(key) for key in keys]
        self._site = site
        self._box = box
        # By number in the spool, in the order first sent.
        self._unconfirmed: dict[int, _Asked] = {}
        # Confirmed before the broker's acknowledgement was read; the latest ones.
        self._early: dict[int, None] = {}
        # Confirmed, but for the picture.
        self._without_picture: frozenset[int] = frozenset()
        self._heard_mono = clock.mono()
        self._waits_since_mono = clock.mono()

    @property
    def unconfirmed(self) -> int:
        """How many alerts the broker has taken that the center has not confirmed."""
        return len(self._unconfirmed)

    @property
    def room(self) -> int:
        """How many more may be sent."""
        return max(0, WINDOW - len(self._unconfirmed))

    @property
    def is_silent(self) -> bool:
        """Whether the center has said nothing for as long as it should have said something."""
        since = max(self._heard_mono, self._waits_since_mono)
        return bool(self._unconfirmed) and self._clock.mono() - since > PATIENCE_S

    def expect(self, number: int) -> None:
        """Note that the broker has taken an alert and its picture."""
        if number in self._early:
            del self._early[number]
            return
        now = self._clock.mono()
        if not self._unconfirmed:
            self._waits_since_mono = now
        asked = self._unconfirmed.setdefault(number, _Asked(now))
        asked.due_mono = now + min(PATIENCE_S * 2**asked.tries, _LONGEST_S)
        asked.tries = min(asked.tries + 1, 10)

    def due(self, most: int) -> list[int]:
        """Return the numbers to be sent again now; of a silent center the oldest is asked for."""
        now = self._clock.mono()
        asked_for = list(self._unconfirmed.items())[: 1 if self.is_silent else None]
        due = [number for number, asked in asked_for if asked.due_mono <= now][:most]
        for number in due:
            # The broker's acknowledgement says when it is due next; until then it is under way.
            self._unconfirmed[number].due_mono = now + _LONGEST_S
        return due

    def forget(self, number: int) -> None:
        """Expect nothing for an alert that is not on the disk any more."""
        self._unconfirmed.pop(number, None)

    def start_over(self) -> None:
        """Forget what is expected: everything on the disk will be sent again."""
        self._unconfirmed.clear()
        self._early.clear()
        self._without_picture = frozenset()

    def take(self, payload: bytes) -> int:
        """Believe a receipt if it is the center's; return how many alerts left the disk.

        Raises EdgeAgentError where the disk refuses; then the next receipt will do.
        """
        letter = open_letter(payload, self._keys, kind=RECEIPT, site=self._site, box=self._box)
        receipt = read_receipt(letter.members) if letter.verdict is Verdict.GENUINE else None
        if receipt is None:
            self._refuse(letter.verdict.value)
            return 0
        self._note_heard()
        done = self._spool.confirm(receipt, self._without_picture)
        if done.wrong:
            self._refuse("it names messages that this box did not make")
        self._without_picture = done.without_picture
        for number, why in done.refused:
            log.error("the center refused an alert for good: %s", why)
            self._unconfirmed.pop(number, None)
        for number in sorted(done.gone):
            if self._unconfirmed.pop(number, None) is None:
                self._early[number] = None
        while len(self._early) > WINDOW:
            del self._early[next(iter(self._early))]
        return len(done.gone)

    def _note_heard(self) -> None:
        now = self._clock.mono()
        if self.is_silent:
            # It is back: what it lacks then is asked for soon, and not when its turn would come.
            for asked in self._unconfirmed.values():
                asked.due_mono, asked.tries = now + _SETTLE_S, 0
        self._heard_mono = now

    def _refuse(self, why: str) -> None:
        if not self.refused:
            log.warning("a receipt was refused: %s", why)
        self.refused += 1
