"""Who brings alerts to one agency: one thread for each, so that a slow one keeps nobody waiting.

At least once: what was posted and not noted, because the power failed between, is posted again under
the same `webhook-id`. Order is kept while all goes well; what failed comes later.
"""

import logging
import random
from collections.abc import Sequence
from urllib.parse import urlsplit

from edge_agent.center.database import Database
from edge_agent.center.webhooks.options import WebhookOptions, secret_bytes
from edge_agent.center.webhooks.post import PATIENCE_S, Answer, Post
from edge_agent.center.webhooks.queue import (
    DEAD,
    DELIVERED,
    LEASE_S,
    Claim,
    claim,
    end,
    give_up,
    put_off,
    tidy,
)
from edge_agent.center.webhooks.signing import headers, identity
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.backoff import Backoff
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop

log = logging.getLogger(__name__)

# How soon a new alert is on its way.
_LOOK_S = 0.5
# Of one alert: 5 s, then up to an hour between tries.
_FIRST_S = 5.0
_MOST_S = 3_600.0
# Then it is given up, whichever comes first: nobody drives to yesterday's alert.
MOST_TRIES = 50
MOST_AGE_S = 86_400.0
# Of the agency: while it fails the next alert waits, too, but not for long.
_PAUSE_FIRST_S = 1.0
_PAUSE_MOST_S = 60.0
_TIDY_S = 3_600.0
# What waits for longer than a courier tries has none, at this center or another: its webhook is gone.
_ORPHANED_S = MOST_AGE_S + 86_400.0
_ORPHANED = "no webhook has taken it up"


class Courier:
    """Brings every alert of one agency to one address."""

    def __init__(
        self,
        webhook: WebhookOptions,
        database: Database,
        clock: Clock,
        source: random.Random | None = None,
    ) -> None:
        self.name = f"webhook {webhook.agency} {urlsplit(webhook.url).netloc}"
        self.post = Post(webhook.url, str(webhook.ca_file or ""))
        self._webhook = webhook
        self._database = database
        self._clock = clock
        self._source = source or random.Random()  # noqa: S311 (spreads load, keeps no secret)
        self._pause = Backoff(_PAUSE_FIRST_S, _PAUSE_MOST_S, self._source)
        self._failing = ""

    def run(self, stop: Stop) -> None:
        """Bring them until told to stop."""
        try:
            while not stop.is_told:
                stop.wait(self._run_once_or_complain(stop))
        finally:
            self.post.close()

    def run_once(self, stop: Stop) -> float:
        """Bring the next one that is due; return how long to wait. Raises EdgeAgentError."""
        now = self._clock.wall()
        taken = claim(self._database, self._webhook.url, self._webhook.agency, now)
        if taken is None:
            return _LOOK_S
        answer = self._send(taken)
        if stop.is_told and not answer.is_taken:
            # It was us who ended it: whoever starts next tries at once.
            put_off(self._database, taken.queued, self._clock.wall(), "the center was stopped")
            return 0.0
        return self._note(taken, answer)

    def _run_once_or_complain(self, stop: Stop) -> float:
        try:
            return self.run_once(stop)
        except EdgeAgentError as failure:
            self._complain(f"cannot use the database: {failure.what}")
            return self._pause.next_s()

    def _send(self, taken: Claim) -> Answer:
        one = taken.queued
        webhook_id = identity(one.url, one.site, one.box, one.alert_id, one.revision)
        key = secret_bytes(self._webhook.secret) or b""
        signed = headers(key, webhook_id, self._clock.wall(), taken.body)
        return self.post.send(taken.body, signed, self._clock.mono())

    def _note(self, taken: Claim, answer: Answer) -> float:
        one, now = taken.queued, self._clock.wall()
        if answer.is_taken:
            end(self._database, one.number, DELIVERED, now)
            self._pause.reset()
            if self._failing:
                log.info("webhook of %s: takes alerts again", self._webhook.agency)
            self._failing = ""
            return 0.0
        self._complain(answer.says)
        tries = one.tries + 1
        if answer.is_unwanted or tries >= MOST_TRIES or now - one.since_wall > MOST_AGE_S:
            end(self._database, one.number, DEAD, now, answer.says)
            log.error(
                "webhook of %s: gave up alert %s after %d tries: %s",
                *(self._webhook.agency, one.alert_id, tries, answer.says),
            )
            return self._pause.next_s()
        wait_s = self._source.uniform(_FIRST_S / 10, min(_MOST_S, _FIRST_S * 2 ** min(tries, 30)))
        put_off(self._database, one, now + max(wait_s, answer.retry_after_s), answer.says)
        return max(self._pause.next_s(), min(answer.retry_after_s, _PAUSE_MOST_S))

    def _complain(self, says: str) -> None:
        """Say it once, until it is another."""
        if says != self._failing:
            log.warning("webhook of %s: %s", self._webhook.agency, says)
        self._failing = says


class CourierWatch:
    """Sees that no agency holds a courier for longer than it may, and that all can stop at once."""

    name = "webhook watch"

    def __init__(
        self,
        couriers: Sequence[Courier],
        database: Database,
        clock: Clock,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        # A claim that has run out while its courier still sends would be sent twice.
        self._patience_s = min(patience_s, LEASE_S / 2)
        self._couriers = couriers
        self._database = database
        self._clock = clock
        self._tidied_mono: float | None = None

    def run(self, stop: Stop) -> None:
        """Watch until told to stop, then let nobody wait for an agency."""
        while not stop.wait(_LOOK_S):
            self._cut(self._patience_s)
            self._tidy()
        self._cut(-1.0)

    def _cut(self, patience_s: float) -> None:
        for courier in self._couriers:
            courier.post.cut(self._clock.mono(), patience_s)

    def _tidy(self) -> None:
        now, wall = self._clock.mono(), self._clock.wall()
        # After a center has been away for days its couriers try first.
        is_first = self._tidied_mono is None
        if self._tidied_mono is not None and now - self._tidied_mono < _TIDY_S:
            return
        self._tidied_mono = now
        try:
            tidy(self._database, wall)
            count = 0 if is_first else give_up(self._database, wall - _ORPHANED_S, wall, _ORPHANED)
        except EdgeAgentError as failure:
            log.warning("cannot forget old deliveries: %s", failure.what)
            return
        if count:
            log.warning("gave up %d alerts that no webhook has taken up for two days", count)
