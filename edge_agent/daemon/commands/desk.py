"""The commands thread: judges what comes from the center, has it done, and answers.

First it is on disk that a command was taken, then it is carried out: whatever is killed, replayed
or sent twice, nothing is done twice. Who cannot prove to be the center moves nothing here.
"""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from edge_agent.contract.body import split
from edge_agent.contract.command import (
    COMMAND,
    NO_ID,
    Command,
    Response,
    Result,
    read_command,
    write_response,
)
from edge_agent.contract.letter import open_letter
from edge_agent.contract.signature import Verdict
from edge_agent.daemon.commands.answer import Answer, Lasting, Verb, failed, refused, tried
from edge_agent.daemon.commands.courier import Courier
from edge_agent.daemon.commands.judge import judge_time
from edge_agent.daemon.commands.memory import Arrived, Memory, Outgoing, Remembered
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock, rfc3339
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.stop import Stop

log = logging.getLogger(__name__)

# Commands on the way from the publisher's thread; a person sends one a minute.
MOST_UNREAD = 64
# Between two looks at what is under way.
_ROUND_S = 0.5
# What waits for the broker's word on `accepted` may wait so long, before it goes on without.
_FAREWELL_S, _FAREWELL_ROUND_S = 3.0, 0.05
# As many at once, and then one every so often. Beyond that a command is passed over, and counted.
_BURST, _REFILL_S = 30, 2.0
# Of answers to those who are not the center: else whoever may write there makes us write, too.
_STRANGER_GAP_S = 60.0
# Of answers to what came again: whoever recorded a genuine command may send it for ever.
_AGAIN_GAP_S = 10.0
_TWO_LINES = "application/x-ndjson"
# What a receiver takes (contract/body.py), less the members around the data.
_MOST_DATA_BYTES = 60_000
_STRANGERS = {
    Verdict.UNREADABLE: "no command of this contract, or too large",
    Verdict.UNSIGNED: "not signed",
    Verdict.UNKNOWN_KEY: "signed by a key that this box does not know",
    Verdict.ALTERED: "altered on the way",
    Verdict.FOREIGN: "addressed to another box",
}


class Signer(Protocol):
    """Who signs for the box (alerts/seal.py)."""

    @property
    def kid(self) -> str:
        """Who signs now."""
        ...

    def sign(self, body: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Which box it is, whom it obeys, in what, and where its answers go."""

    site: str
    box: str
    keys: tuple[bytes, ...]
    allowed: tuple[str, ...]
    topic: str


@dataclass(frozen=True, slots=True)
class _Letter:
    payload: bytes
    correlation: bytes


class Desk:
    """Takes commands from any thread; `run` belongs to one."""

    def __init__(  # noqa: PLR0913 (what service.py hands over, by name)
        self,
        *,
        whose: Whose,
        verbs: Iterable[Verb],
        memory: Memory,
        signer: Signer,
        session: Callable[[], int | None],
        courier: Courier,
        start: str,
        clock: Clock,
        stop: Stop,
    ) -> None:
        """`start` names this start of the agent."""
        self._whose = whose
        self._verbs = {verb.name: verb for verb in verbs}
        self._memory = memory
        self._signer = signer
        self._session = session
        self._courier = courier
        self._start = start
        self._clock = clock
        self._stop = stop
        self._letters: Mailbox[_Letter] = Mailbox(MOST_UNREAD)
        # From whom, and what, it takes from now on, and what is to be done then.
        self._news: Mailbox[tuple[Whose, dict[str, Verb], Callable[[], None]]] = Mailbox()
        self._is_open = False
        self._refused = 0
        self._tokens, self._refilled_mono = float(_BURST), clock.mono()
        self._stranger_mono = clock.mono() - _STRANGER_GAP_S
        self._again_mono = clock.mono() - _AGAIN_GAP_S

    def take(self, payload: bytes, correlation: bytes = b"") -> None:
        """Leave what came from the center, or from whoever may write there; never waits."""
        self._letters.put(_Letter(payload, correlation))

    def go_on(
        self, whose: Whose, verbs: Iterable[Verb], then: Callable[[], None] = lambda: None
    ) -> None:
        """Take these commands from them from the next round on, and do `then` first; never waits."""
        self._news.put((whose, {verb.name: verb for verb in verbs}, then))

    @property
    def refused(self) -> int:
        """How many were refused or passed over since the start."""
        return self._refused + self._letters.dropped

    def run(self) -> None:
        """Work until told to stop. Where nothing can be remembered nothing is done, and it tries again."""
        try:
            while not self._stop.is_told:
                self.run_once()
        finally:
            self._memory.close()

    def run_once(self) -> None:
        """Wait for one command, for half a second at most, and see to what is under way."""
        try:
            if not self._is_open:
                self._open()
            if (news := self._news.get(0.0)) is not None:
                self._whose, self._verbs, then = news
                then()
            letter = self._letters.get(_ROUND_S)
            if letter is not None:
                self._judge(letter)
            self._conclude_all()
            self._courier.run_once()
        except EdgeAgentError as error:
            log.error("no commands are taken: %s", error.report())  # noqa: TRY400 (not a defect)
            self._stop.wait(_ROUND_S)

    def _open(self) -> None:
        self._memory.open(self._clock.wall())
        self._end_the_interrupted()
        # Before the next one, which may take the place of what they know their end by.
        self._conclude_all()
        self._is_open = True

    def _judge(self, letter: _Letter) -> None:
        whose = self._whose
        opened = open_letter(
            letter.payload, whose.keys, kind=COMMAND, site=whose.site, box=whose.box
        )
        if opened.verdict is not Verdict.GENUINE:
            self._turn_away(_STRANGERS[opened.verdict], letter.correlation)
            return
        command = read_command(opened.members)
        if command is None:
            self._turn_away(_STRANGERS[Verdict.UNREADABLE], letter.correlation)
        elif self._has_token():
            self._attend(command, letter)
        else:
            self._count("too many commands at once", command)

    def _attend(self, command: Command, letter: _Letter) -> None:
        body = split(letter.payload)[0]
        digest = sha256(body).hexdigest()
        known = self._memory.find(command.id)
        if known is not None:
            self._answer_again(known, digest, command)
            return
        why = judge_time(command, self._clock, self._session())
        if not why and self._memory.is_past(command):
            why = "it is older than what this box remembers"
        arrived = Arrived(
            id=command.id,
            sha256=digest,
            body=body,
            expires=command.expires,
            session=command.session,
            start=self._start,
            correlation=letter.correlation,
        )
        if not self._remember(arrived):
            self._count("too many commands in their time", command)
            return
        order = _Order(self, command, letter.correlation)
        if why or (why := self._forbids(command)):
            self._end(order, refused(why))
        else:
            self._carry_out(order)

    def _remember(self, arrived: Arrived) -> bool:
        now = self._clock.wall() if self._clock.state().is_synced else None
        return self._memory.take(arrived, now_wall=now, session=self._session())

    def _forbids(self, command: Command) -> str:
        if command.verb not in self._verbs:
            return f"this box knows no {command.verb}: {', '.join(sorted(self._verbs))}"
        if command.verb not in self._whose.allowed:
            return f"{command.verb} is not among the commands that this box takes from afar"
        return ""

    def _carry_out(self, order: "_Order") -> None:
        log.info("command %s from the center: %s", order.command.id, order.command.verb)
        answer = tried(lambda: self._verbs[order.command.verb].act(order))
        self._end(order, answer)
        if answer.then is None:
            return
        # First that it was accepted, then whatever may end us.
        self._wait_until_heard(order)
        final = tried(answer.then)
        if final is not None:
            self._end(order, final)

    def _wait_until_heard(self, order: "_Order") -> None:
        until = self._clock.mono() + _FAREWELL_S
        while not order.is_heard and self._clock.mono() < until:
            self._courier.run_once()
            if self._stop.wait(_FAREWELL_ROUND_S):
                return

    def _end(self, order: "_Order", answer: Answer) -> None:
        """Say and remember an answer; anything but `accepted` is the last one."""
        command, is_last = order.command, answer.result is not Result.ACCEPTED
        self.say(command, answer, order.correlation, is_last=is_last)
        if answer.result is Result.REFUSED:
            self._count(answer.words, command)
        elif answer.result is Result.FAILED:
            log.warning("command %s (%s) failed: %s", command.id, command.verb, answer.words)
        else:
            log.info("command %s (%s): %s", command.id, command.verb, answer.result)

    def say(self, command: Command, answer: Answer, correlation: bytes, *, is_last: bool) -> None:
        """Keep a response until the broker has it."""
        response = self._response(command.id, command.verb, answer)
        messages = [self._outgoing(response, correlation)]
        if answer.enclosure:
            messages.insert(0, _picture(answer.enclosure.topic, answer.enclosure.jpeg))
        self._memory.answer(command.id, response, messages, is_last=is_last)

    def is_heard(self, command: Command) -> bool:
        """Tell whether the broker has all that was said of it."""
        return self._memory.is_heard(command.id)

    def _conclude_all(self) -> None:
        for one in self._memory.open_ones():
            self._conclude(one)

    def _conclude(self, open_one: Remembered) -> None:
        """Ask how something under way has ended."""
        command = read_command(json.loads(open_one.body))
        assert command  # noqa: S101 (it was read when it was taken)
        verb = self._verbs.get(command.verb)
        order = _Order(
            self, command, open_one.correlation, is_of_an_earlier_start=self._is_earlier(open_one)
        )
        if not isinstance(verb, Lasting):
            return
        answer = tried(lambda: verb.conclude(order))
        if answer is not None:
            self._end(order, answer)

    def _end_the_interrupted(self) -> None:
        """Say of what was begun before the agent ended that nobody knows how far it came."""
        for one in self._memory.open_ones():
            command = read_command(json.loads(one.body))
            assert command  # noqa: S101 (as above)
            verb = self._verbs.get(command.verb)
            # Said to be accepted: the verb knows how it ended.
            if isinstance(verb, Lasting) and one.response:
                continue
            self._end(
                _Order(self, command, one.correlation),
                failed("the agent ended while it was at it; it was not tried again"),
            )

    def _is_earlier(self, one: Remembered) -> bool:
        return one.start != self._start

    def _answer_again(self, known: Remembered, digest: str, command: Command) -> None:
        """Send what was said before, of the very same command; of another one that it is refused."""
        if digest != known.sha256:
            answer = refused("another command had this id already")
            response = self._response(command.id, command.verb, answer)
            self._count(answer.words, command)
        elif known.response and self._clock.mono() - self._again_mono >= _AGAIN_GAP_S:
            self._again_mono = self._clock.mono()
            log.info("command %s came again: answered as before", command.id)
            response = known.response
        else:
            self._count("came again", command)
            return
        self._memory.send(command.id, self._outgoing(response, known.correlation))

    def _turn_away(self, why: str, correlation: bytes) -> None:
        """Count who is not the center; tell one a minute, with no word of what it said."""
        self._refused += 1
        log.warning("a command was refused: %s", why)
        now = self._clock.mono()
        if now - self._stranger_mono < _STRANGER_GAP_S:
            return
        self._stranger_mono = now
        response = self._response(NO_ID, "", refused(why))
        self._memory.send(NO_ID, self._outgoing(response, correlation))

    def _count(self, why: str, command: Command) -> None:
        self._refused += 1
        log.warning("command %s (%s) was refused: %s", command.id, command.verb, why)

    def _has_token(self) -> bool:
        now = self._clock.mono()
        self._tokens = min(_BURST, self._tokens + (now - self._refilled_mono) / _REFILL_S)
        self._refilled_mono = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _response(self, command_id: str, verb: str, answer: Answer) -> bytes:
        data, reason, result = answer.data, answer.words, answer.result
        if len(json.dumps(data, ensure_ascii=False).encode(errors="replace")) > _MOST_DATA_BYTES:
            data, result = {}, Result.FAILED
            reason = "the answer is too large for one message"
        response = Response(
            id=command_id,
            verb=verb,
            result=result,
            reason=reason,
            data=data,
            time=rfc3339(self._clock.wall()),
            site=self._whose.site,
            box=self._whose.box,
            kid=self._signer.kid,
        )
        return write_response(response, self._signer.sign)

    def _outgoing(self, response: bytes, correlation: bytes) -> Outgoing:
        return Outgoing(
            number=0,
            topic=self._whose.topic,
            content_type=_TWO_LINES,
            payload=response,
            correlation=correlation,
        )


class _Order:
    """One command on the desk (the Order of answer.py)."""

    def __init__(
        self,
        desk: Desk,
        command: Command,
        correlation: bytes,
        *,
        is_of_an_earlier_start: bool = False,
    ) -> None:
        self.command = command
        self.correlation = correlation
        self.is_of_an_earlier_start = is_of_an_earlier_start
        self._desk = desk

    @property
    def is_heard(self) -> bool:
        return self._desk.is_heard(self.command)

    def say(self, answer: Answer) -> None:
        self._desk.say(self.command, answer, self.correlation, is_last=False)


def _picture(topic: str, jpeg: bytes) -> Outgoing:
    return Outgoing(number=0, topic=topic, content_type="image/jpeg", payload=jpeg, correlation=b"")
