"""What one camera's events come to: whether something moves, and what is wrong with the camera.

Cameras are poor witnesses. Some never say when it is over, some say on and off ten times a
minute, and each says at the beginning how things stand, which is no news unless we knew better.
"""

from dataclasses import dataclass

from edge_agent.domain.sighting import State
from edge_agent.domain.trouble import Trouble, TroubleKind
from edge_agent.onvif.events import WAKING, CameraEvent, EventKind, Operation

# Seconds after which an "on" without "off" is over, where the camera has never said "off".
_EXPIRY_S = {
    EventKind.MOTION: 30.0,
    EventKind.DIGITAL_INPUT: 30.0,
    EventKind.TAMPER: 600.0,
    EventKind.VIDEO_LOSS: 600.0,
}
# The same for cameras that do say "off": one may have been lost over a reconnection.
_LONG_EXPIRY_S = {
    EventKind.MOTION: 600.0,
    EventKind.DIGITAL_INPUT: 600.0,
    EventKind.TAMPER: 86_400.0,
    EventKind.VIDEO_LOSS: 86_400.0,
}
# Motion that never ends is a tree or a defect: after this long it wakes nobody any more.
LONGEST_MOTION_S = 600.0
# A trouble that is back within this time was never over.
STEADY_S = 30.0
# An event without on and off (a line was crossed) counts for this long.
_PULSE_S = 4.0
# Different topics, sources and rules remembered; a camera with more is making them up.
_MOST_KEYS = 64


@dataclass(slots=True)
class _Active:
    """Something that is on, since when, until when at most, and whether we saw it begin."""

    kind: EventKind
    since_mono: float
    until_mono: float
    is_news: bool


@dataclass(slots=True)
class _Open:
    """A trouble that was told and is not over."""

    number: int
    since_mono: float
    last_mono: float


class CameraWord:
    """Takes events in order and judges them; all times are the box's monotonic seconds."""

    def __init__(self) -> None:
        self._active: dict[str, _Active] = {}
        self._open: dict[TroubleKind, _Open] = {}
        # What the camera called the moment of its latest word, by kind.
        self._camera_wall: dict[EventKind, float | None] = {}
        self._says_off: set[EventKind] = set()
        # Troubles that were said to be off, by key, the latest last: one that is on after a gap
        # went on in it.
        self._off: dict[str, None] = {}
        # Changes that no `judge` has returned yet.
        self._changes: list[Trouble] = []
        self._count = 0

    def take(self, event: CameraEvent, now: float) -> None:
        """Take in one event, and judge: what goes on and off between two `judge` is told, too."""
        if event.kind is EventKind.OTHER:
            return
        self._camera_wall[event.kind] = event.camera_wall
        if event.operation is Operation.DELETED or event.is_active is False:
            self._switch_off(event)
        elif event.is_active or event.kind in WAKING:
            self._switch_on(event, now)
        self._changes += self._judge_all(now)

    def is_waking(self, now: float) -> bool:
        """Return whether the camera reports something that deserves every frame."""
        return any(
            each.kind in WAKING
            and each.is_news
            and now < each.until_mono
            and now - each.since_mono < LONGEST_MOTION_S
            for each in self._active.values()
        )

    def standing(self, now: float) -> str:
        """Return what the camera says is wrong with it now, told or not, in words; usually ""."""
        kinds = {each.kind.value for each in self._active.values() if now < each.until_mono}
        return ", ".join(sorted(kinds & {*TroubleKind}))

    def judge(self, now: float) -> list[Trouble]:
        """Return the troubles that began or ended by now, since the last call."""
        changes, self._changes = self._changes, []
        return [*changes, *self._judge_all(now)]

    def finish(self, now: float) -> list[Trouble]:
        """End what is open: nobody listens any more."""
        changes, self._changes = self._changes, []
        return [*changes, *(self._end(kind, now) for kind in list(self._open))]

    def _switch_off(self, event: CameraEvent) -> None:
        if event.operation is Operation.CHANGED:
            self._says_off.add(event.kind)
        self._active.pop(event.key, None)
        self._off.pop(event.key, None)
        if event.operation is Operation.DELETED or event.kind in WAKING:
            return
        if len(self._off) >= _MOST_KEYS:
            self._off.pop(next(iter(self._off)))
        self._off[event.key] = None

    def _switch_on(self, event: CameraEvent, now: float) -> None:
        before = self._active.pop(event.key, None)
        was_off = event.key in self._off
        self._off.pop(event.key, None)
        is_news = (
            event.operation is not Operation.INITIALIZED
            or was_off
            or (before is not None and before.is_news)
        )
        if len(self._active) >= _MOST_KEYS:
            self._active.pop(next(iter(self._active)))
        self._active[event.key] = _Active(
            kind=event.kind,
            since_mono=before.since_mono if before and before.is_news else now,
            until_mono=now + self._patience_s(event),
            is_news=is_news,
        )

    def _patience_s(self, event: CameraEvent) -> float:
        if event.is_active is None:
            return _PULSE_S
        longer = event.kind in self._says_off
        return (_LONG_EXPIRY_S if longer else _EXPIRY_S)[event.kind]

    def _judge_all(self, now: float) -> list[Trouble]:
        self._active = {key: each for key, each in self._active.items() if now < each.until_mono}
        return [change for kind in TroubleKind if (change := self._judge(kind, now)) is not None]

    def _judge(self, kind: TroubleKind, now: float) -> Trouble | None:
        told, event_kind = self._open.get(kind), EventKind(kind.value)
        active = [each for each in self._active.values() if each.kind is event_kind]
        if told is None:
            is_new = any(each.is_news for each in active)
            return self._begin(kind, now) if is_new else None
        if active:
            # Also where it only stands so: after a reconnection it is still the same trouble.
            told.last_mono = now
            return None
        return self._end(kind, now) if now - told.last_mono >= STEADY_S else None

    def _begin(self, kind: TroubleKind, now: float) -> Trouble:
        self._count += 1
        told = self._open[kind] = _Open(self._count, now, now)
        return self._trouble(kind, State.NEW, told, now)

    def _end(self, kind: TroubleKind, now: float) -> Trouble:
        return self._trouble(kind, State.END, self._open.pop(kind), now)

    def _trouble(self, kind: TroubleKind, state: State, told: _Open, now: float) -> Trouble:
        return Trouble(
            kind=kind,
            state=state,
            number=told.number,
            camera_wall=self._camera_wall.get(EventKind(kind.value)),
            lasted_s=told.last_mono - told.since_mono,
            ago_s=now - told.last_mono,
        )
