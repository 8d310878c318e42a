"""The center's receipts: what waits for one, what came of them, and when to ask again.

The broker's acknowledgement only says that an alert is on its way. Until the center has said that
its database has it, an alert stays on this box's disk and is sent again after every new connection.
"""

import base64
import logging
from collections.abc import Sequence

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
        # Number in the spool, and when the broker took it.
        self._unconfirmed: dict[int, float] = {}
        # Confirmed before the broker's acknowledgement was read; the latest ones.
        self._early: dict[int, None] = {}
        # Confirmed, but for the picture.
        self._without_picture: frozenset[int] = frozenset()

    @property
    def unconfirmed(self) -> int:
        """How many alerts the broker has taken that the center has not confirmed."""
        return len(self._unconfirmed)

    @property
    def room(self) -> int:
        """How many more may be sent."""
        return max(0, WINDOW - len(self._unconfirmed))

    @property
    def is_overdue(self) -> bool:
        """Whether the center should have confirmed something by now."""
        oldest = next(iter(self._unconfirmed.values()), None)
        return oldest is not None and self._clock.mono() - oldest > PATIENCE_S

    def expect(self, number: int) -> None:
        """Note that the broker has taken an alert and its picture."""
        if number in self._early:
            del self._early[number]
        else:
            self._unconfirmed[number] = self._clock.mono()

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
        done = self._spool.confirm(receipt.stored, receipt.pictures, self._without_picture)
        if done.wrong:
            self._refuse("it names messages that this box did not make")
        self._without_picture = done.without_picture
        expected = len(self._unconfirmed)
        for number in sorted(done.gone):
            if self._unconfirmed.pop(number, None) is None:
                self._early[number] = None
        while len(self._early) > WINDOW:
            del self._early[next(iter(self._early))]
        if len(self._unconfirmed) < expected:
            # It is at work: what is still missing has its time from now on.
            now = self._clock.mono()
            self._unconfirmed = dict.fromkeys(self._unconfirmed, now)
        return len(done.gone)

    def _refuse(self, why: str) -> None:
        if not self.refused:
            log.warning("a receipt was refused: %s", why)
        self.refused += 1
