"""The renew thread: a new certificate before the old one ends, and a word a day when it is late.

The new pair is taken into use only after the broker has let it in, on a connection of its own;
the agent's connection is not touched, and takes the new pair whenever it connects next.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from edge_agent import __version__
from edge_agent.certificates.certificate import Certificate, read_certificates
from edge_agent.certificates.est import EstServer
from edge_agent.certificates.examine import judge_name_and_dates, judge_pair
from edge_agent.certificates.expiry import Expiry, expiry_of, renewal_wall
from edge_agent.certificates.tls_folder import TlsFolder, tls_folder
from edge_agent.config.settings import Settings
from edge_agent.errors import EdgeAgentError
from edge_agent.mqtt.trial import Step, Visit, try_broker
from edge_agent.runtime.backoff import Backoff
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.stop import Stop

log = logging.getLogger(__name__)

# A thousandth of a certificate's life between looks, within these: weeks are long, tests are short.
_LEAST_LOOK_S, _MOST_LOOK_S = 1.0, 600.0
# Between tries when one failed: first, and at most. A third of the life is left.
_FIRST_RETRY_S, _LAST_RETRY_S = 60.0, 6 * 3600.0
_WORD_S = 86_400.0
# How long another configuration may go unnoticed.
_HEED_S = 1.0
# A center that signs with a module in a vault takes its seconds; a stop does not wait for it.
_PATIENCE_S = 20.0
_AGAIN = "it is tried again; see that the center's certificate service runs"
_BY_HAND = (
    "get a new one by hand: edge-agent enroll --again; or let the box renew it: url of [enrolment]"
)


class Service(Protocol):
    """Who signs (certificates/est.py)."""

    def renew(self, request_der: bytes, pair: Path) -> tuple[Certificate, ...]:
        """Return what was signed for the present certificate. Raises EdgeAgentError."""
        ...


class RenewLoop:
    """Looks after one certificate until told to stop. `state` may be asked by any thread."""

    def __init__(self, settings: Settings, clock: Clock, stop: Stop) -> None:
        self._clock = clock
        self._stop = stop
        self._news: Mailbox[Settings] = Mailbox()
        self._settle(settings)
        self._drawn = random.random()  # noqa: S311 (spreads load, keeps no secret)
        self._retries = Backoff(_FIRST_RETRY_S, _LAST_RETRY_S)

    @property
    def is_needed(self) -> bool:
        """Whether there is a certificate to look after."""
        return self._file is not None

    def state(self) -> Expiry:
        """Return how it stands with the certificate now."""
        return expiry_of(self._file, self._settings.box, self._clock.wall())

    def settle(self, settings: Settings) -> None:
        """Look after the certificate of these within a second. For any thread."""
        self._news.put(settings)

    def run(self) -> None:
        """Look after the certificate."""
        ends_mono = 0.0
        while not self._stop.is_told:
            if self._heeds_news() or self._clock.mono() >= ends_mono:
                self.run_once()
                ends_mono = self._clock.mono() + self._pause_s()
            self._stop.wait(min(_HEED_S, ends_mono - self._clock.mono()))

    def _heeds_news(self) -> bool:
        settings = self._news.get(0.0)
        if settings is not None:
            self._settle(settings)
        return settings is not None

    def _settle(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = tls_folder(settings.folder, settings.box, settings.state_dir)
        self._file = settings.broker.certificate_file
        self._service = _service_of(settings, self._folder, self._stop)
        self._retry_at_mono = self._word_at_mono = 0.0

    def run_once(self) -> None:
        """Renew what is due, and say what is late."""
        found = self._folder.certificate() if self._is_ours else None
        now_wall, now = self._clock.wall(), self._clock.mono()
        # A clock that stands before the certificate's begin is wrong, and no reason to renew.
        is_due = found is not None and now_wall >= renewal_wall(found, self._drawn)
        if is_due and self._service and now >= self._retry_at_mono:
            self._renew(self._service)
        self._say()

    @property
    def _is_ours(self) -> bool:
        """Whether the pair in use is the one that `enroll` made, which we may exchange."""
        return self._file == self._folder.pair

    def _renew(self, service: Service) -> None:
        """Go one try further; whatever is in the way is told, and tried again."""
        wait_s = self._retries.next_s()
        try:
            if not self._folder.following.exists():
                request = self._folder.ask()
                self._folder.put_together(service.renew(request.der, self._folder.pair))
            self._judge()
            if self._try_out():
                self._folder.install()
                self._retries.reset()
                wait_s = 0.0
                log.info("the certificate is renewed: %s", self._folder.pair)
            else:
                self._folder.set_aside()
                wait_s = _LAST_RETRY_S
        except EdgeAgentError as error:
            log.warning("the certificate is not renewed yet: %s", error.report())
        self._retry_at_mono = self._clock.mono() + wait_s

    def _judge(self) -> None:
        """Forget what is not good; it may lie there since a power cut, judged by nobody."""
        pair = self._folder.following
        try:
            found = read_certificates(pair)[0]
            judge_name_and_dates(found, self._settings.box, self._clock.wall())
            if authority := _authority(self._settings, self._folder):
                judge_pair(pair, authority)
        except EdgeAgentError:
            self._folder.drop_following()
            raise

    def _try_out(self) -> bool:
        """Tell whether the brokers let the new pair in. Raises EdgeAgentError while nobody knows."""
        is_proven, trouble = False, None
        for url in self._settings.broker.urls:
            new = self._knock(url, self._folder.following)
            if _is_through(new):
                is_proven = True
                continue
            trouble = next(step.trouble for step in new if step.trouble and not step.is_remark)
            # It may not be the new pair's doing: then the old one does not come through either.
            if new[-1].name != "reach" and _is_through(self._knock(url, self._folder.pair)):
                log.error(
                    "the broker refuses the new certificate, the old one stays: %s",
                    trouble.report(),
                )
                return False
        if trouble and not is_proven:
            trouble.add_note("the broker, for a try")
            raise trouble
        return is_proven

    def _knock(self, url: str, pair: Path) -> Sequence[Step]:
        settings = self._settings
        options = replace(
            settings.broker, url=url, other_urls=(), certificate_file=pair, key_file=pair
        )
        wall = self._clock.wall()
        visit = Visit(site=settings.site, box=settings.box, wall=wall, version=__version__)
        return try_broker(options, visit, self._stop)

    def _say(self) -> None:
        """Say what is wrong or late, once a day."""
        problem = self.state().problem
        if not problem or self._clock.mono() < self._word_at_mono:
            return
        self._word_at_mono = self._clock.mono() + _WORD_S
        hint = _AGAIN if self._service and self._is_ours else _BY_HAND
        log.warning("the certificate needs somebody: %s\n  next: %s", problem, hint)

    def _pause_s(self) -> float:
        found = self._folder.certificate() if self._is_ours else None
        life_s = found.ends_wall - found.begins_wall if found else _WORD_S
        return min(_MOST_LOOK_S, max(_LEAST_LOOK_S, life_s / 1000))


def _is_through(steps: Sequence[Step]) -> bool:
    """Tell whether the broker took a message; that nobody listens is another matter."""
    return any(step.name == "publish" and step.trouble is None for step in steps)


def _service_of(settings: Settings, folder: TlsFolder, stop: Stop) -> EstServer | None:
    url = settings.enrolment.url
    if not url:
        return None
    known = settings.enrolment.ca_file or settings.broker.ca_file
    ca_file = known or (folder.authority if folder.authority.exists() else None)
    return EstServer(url, ca_file, _PATIENCE_S, stop)


def _authority(settings: Settings, folder: TlsFolder) -> Path | None:
    return folder.authority if folder.authority.exists() else settings.broker.ca_file
