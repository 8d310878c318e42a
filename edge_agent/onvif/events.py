"""What a camera reports of itself, in ONVIF's words and in those of its maker. Pure.

Source: ONVIF Core section "Event handling", the topic set `tns1`. Makers' spellings are facts seen
in public parsers and issues (Hikvision, Reolink, Tapo, Axis); no recording was at hand.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from xml.etree.ElementTree import Element

from edge_agent.onvif.envelope import first_text, shown

# The year 4147: what datetime can write again, in every zone.
_LATEST_WALL = 2.0**36
# No topic or token in use comes near.
_LONGEST = 160


class EventKind(StrEnum):
    """What an event is about, as far as we care."""

    MOTION = "motion"
    TAMPER = "tamper"
    VIDEO_LOSS = "video_loss"
    DIGITAL_INPUT = "digital_input"
    OTHER = "other"


# What deserves every frame while it lasts.
WAKING = frozenset({EventKind.MOTION, EventKind.DIGITAL_INPUT})


class Operation(StrEnum):
    """Whether an event is a state that was there before we asked, or news."""

    INITIALIZED = "Initialized"
    CHANGED = "Changed"
    DELETED = "Deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraEvent:
    """One notification."""

    kind: EventKind
    # The video source or input it is about, as the camera spells it; "" where it does not say.
    source: str
    # Tells apart what goes on and off by itself: topic, source and rule.
    key: str
    # None: it has no on and off, or none that we understand.
    is_active: bool | None
    operation: Operation
    # When it was, by the camera's clock, Unix seconds; None where it does not say.
    camera_wall: float | None


# Topic without prefixes, in small letters; the first that fits counts.
_TOPICS: tuple[tuple[re.Pattern[str], EventKind], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        # Tapo: CellMotionDetector/Tamper. Hikvision: VideoAnalytics/MaskAlarm. Axis: Tampering.
        (r"globalscenechange|tamper|maskalarm", EventKind.TAMPER),
        # Hikvision: UserAlarm/VideoLost. ONVIF: VideoSource/SignalLoss.
        (r"signalloss|video_?los[st]", EventKind.VIDEO_LOSS),
        # Hikvision: Device/Trigger/AlarmIn. Axis: Device/IO/Port, Device/IO/VirtualInput.
        (r"trigger/(?:digitalinput|alarmin)|device/io/(?:port|virtualinput)", EventKind.DIGITAL_INPUT),
        # What the picture's light is like changes each evening: ImageTooDark and its brothers, which
        # live below VideoSource, tell a technician nothing that needs doing.
        (r"imagetoo|audio|relay", EventKind.OTHER),
        # Rules of any maker about what moves: Reolink's MyRuleDetector/PeopleDetect, Tapo's
        # PeopleDetector/People and TPSmartEvent, Axis' VMD, field and line detectors.
        (r"motion|ruleengine/\w*detect|tpsmartevent|humanshape|/vmd", EventKind.MOTION),
    )
)  # fmt: skip
_SOURCES = (
    "videosourceconfigurationtoken", "videosourcetoken", "videosource", "source",
    "videosourceconfiguration", "inputtoken",
)  # fmt: skip
_ON = frozenset({"true", "1", "active", "on", "yes"})
_OFF = frozenset({"false", "0", "inactive", "off", "no"})
# Items of other names may be counts or ids; there only a plain true or false is believed.
_STATES = re.compile(r"state|logicalstate|value|active|alarm|motion|tamper(?:ing)?|is[a-z]+")


def read_events(answer: Element) -> tuple[CameraEvent, ...]:
    """Return the notifications in a PullMessagesResponse, in order; what is none is left out."""
    notifications = answer.iterfind("{*}NotificationMessage")
    return tuple(event for each in notifications if (event := _read_event(each)) is not None)


def condensed(events: Sequence[CameraEvent]) -> tuple[CameraEvent, ...]:
    """Return the events without those that another one repeats: motion and inputs, by key and word.

    The latest stays. So cameras that say without end that something moves do not push out of a
    mailbox what they say of themselves.
    """
    kept: dict[Hashable, CameraEvent] = {}
    for number, event in enumerate(events):
        word = (event.key, event.is_active, event.operation) if event.kind in WAKING else number
        # What is said again is said later.
        kept.pop(word, None)
        kept[word] = event
    return tuple(kept.values())


def read_time(text: str) -> float | None:
    """Return an xs:dateTime as Unix seconds, UTC where it names no zone; None if it is none.

    Hikvision writes 0000-00-00T00:00:00Z where it does not know.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < _LATEST_WALL else None


def _read_event(notification: Element) -> CameraEvent | None:
    topic = _plain_topic(first_text(notification, "{*}Topic"))
    message = notification.find("{*}Message/{*}Message")
    if not topic or message is None:
        return None
    sources, data = _items(message, "Source"), _items(message, "Data")
    kind = _kind(topic)
    if kind is EventKind.MOTION and "istamper" in data:
        # Tapo: TPSmartEvent says by its item what it is.
        kind = EventKind.TAMPER
    told = ";".join(f"{name}={value}" for name, value in sorted(sources.items()))
    return CameraEvent(
        kind=kind,
        source=next((sources[name] for name in _SOURCES if name in sources), ""),
        key=f"{topic};{told}"[:_LONGEST],
        is_active=_is_active(data),
        operation=_operation(message.get("PropertyOperation", "")),
        camera_wall=read_time(message.get("UtcTime", "")),
    )


def _plain_topic(topic: str) -> str:
    """`tns1:VideoAnalytics/tnshik:MaskAlarm` as `videoanalytics/maskalarm`."""
    return re.sub(r"[\w.-]+:", "", topic[:_LONGEST]).strip("/.").lower()


def _kind(topic: str) -> EventKind:
    return next((kind for words, kind in _TOPICS if words.search(topic)), EventKind.OTHER)


def _items(message: Element, part: str) -> dict[str, str]:
    """Return the simple items of Source or Data, names in small letters."""
    items = message.iterfind(f"{{*}}{part}/{{*}}SimpleItem")
    return {
        shown(item.get("Name", ""))[:_LONGEST].lower(): shown(item.get("Value", ""))[:_LONGEST]
        for item in items
    }


def _operation(word: str) -> Operation:
    try:
        return Operation(word.strip().capitalize())
    except ValueError:
        # Optional in ONVIF, and left out by cameras that only ever send news.
        return Operation.CHANGED


def _is_active(data: dict[str, str]) -> bool | None:
    words = {name: value.lower() for name, value in data.items()}
    named = [word for name, word in words.items() if _STATES.fullmatch(name)]
    others = [word for word in words.values() if word in {"true", "false"}]
    for word in named + others:
        if word in _ON:
            return True
        if word in _OFF:
            return False
    return None
