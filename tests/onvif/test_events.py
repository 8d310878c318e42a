"""Notifications as makers write them; rebuilt from public parsers and issues, none is a recording."""

from __future__ import annotations

import random
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.envelope import parse
from edge_agent.onvif.events import (
    CameraEvent,
    EventKind,
    Operation,
    condensed,
    read_events,
    read_time,
)

_OPEN = (
    '<tev:PullMessagesResponse xmlns:tev="http://www.onvif.org/ver10/events/wsdl" '
    'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tt="http://www.onvif.org/ver10/schema">'
)
_WHEN = "2026-11-18T11:15:17Z"


def notification(
    topic: str,
    data: dict[str, str],
    source: dict[str, str] | None = None,
    operation: str | None = "Changed",
    utc: str = _WHEN,
) -> str:
    def items(values: dict[str, str]) -> str:
        return "".join(
            f"<tt:SimpleItem Name={quoteattr(name)} Value={quoteattr(value)}/>"
            for name, value in values.items()
        )

    said = f'PropertyOperation="{operation}"' if operation else ""
    return (
        f"<wsnt:NotificationMessage><wsnt:Topic>{topic}</wsnt:Topic><wsnt:Message>"
        f'<tt:Message UtcTime="{utc}" {said}><tt:Source>{items(source or {})}</tt:Source>'
        f"<tt:Data>{items(data)}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>"
    )


def read(*notifications: str) -> tuple[CameraEvent, ...]:
    text = f"{_OPEN}{''.join(notifications)}</tev:PullMessagesResponse>"
    return read_events(ET.fromstring(text))  # noqa: S314 (our own words)


@pytest.mark.parametrize(
    ("topic", "item", "kind"),
    [
        # ONVIF's own set.
        ("tns1:VideoSource/MotionAlarm", "State", EventKind.MOTION),
        ("tns1:RuleEngine/CellMotionDetector/Motion", "IsMotion", EventKind.MOTION),
        ("tns1:RuleEngine/MotionRegionDetector/Motion", "State", EventKind.MOTION),
        ("tns1:RuleEngine/FieldDetector/ObjectsInside", "IsInside", EventKind.MOTION),
        ("tns1:VideoAnalytics/MotionDetection", "State", EventKind.MOTION),
        ("tns1:VideoSource/GlobalSceneChange/ImagingService", "State", EventKind.TAMPER),
        ("tns1:VideoSource/GlobalSceneChange/AnalyticsService", "State", EventKind.TAMPER),
        ("tns1:RuleEngine/TamperDetector/Tamper", "IsTamper", EventKind.TAMPER),
        ("tns1:VideoSource/SignalLoss", "State", EventKind.VIDEO_LOSS),
        ("tns1:Device/Trigger/DigitalInput", "LogicalState", EventKind.DIGITAL_INPUT),
        ("tns1:VideoSource/ImageTooDark/ImagingService", "State", EventKind.OTHER),
        ("tns1:VideoSource/ImageTooBlurry/AnalyticsService", "State", EventKind.OTHER),
        ("tns1:Device/Trigger/Relay", "LogicalState", EventKind.OTHER),
        ("tns1:AudioAnalytics/Audio/DetectedSound", "IsSoundDetected", EventKind.OTHER),
        ("tns1:Monitoring/ProcessorUsage", "Value", EventKind.OTHER),
        # Hikvision.
        ("tns1:UserAlarm/VideoLost", "State", EventKind.VIDEO_LOSS),
        ("tns1:VideoAnalytics/tnshik:MaskAlarm", "State", EventKind.TAMPER),
        ("tns1:Device/Trigger/tnshik:AlarmIn", "State", EventKind.DIGITAL_INPUT),
        # Reolink.
        ("tns1:RuleEngine/MyRuleDetector/PeopleDetect", "State", EventKind.MOTION),
        ("tns1:RuleEngine/MyRuleDetector/VehicleDetect", "State", EventKind.MOTION),
        # Tapo.
        ("tns1:RuleEngine/PeopleDetector/People", "IsPeople", EventKind.MOTION),
        ("tns1:RuleEngine/CellMotionDetector/Tamper", "IsTamper", EventKind.TAMPER),
        ("tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent", "IsPeople", EventKind.MOTION),
        ("tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent", "IsTamper", EventKind.TAMPER),
        # Axis.
        ("tns1:VideoSource/tnsaxis:Tampering", "tampering", EventKind.TAMPER),
        ("tns1:RuleEngine/tnsaxis:VMD3/vmd3_video_1", "active", EventKind.MOTION),
        ("tns1:Device/tnsaxis:IO/Port", "state", EventKind.DIGITAL_INPUT),
        # Xiongmai.
        ("tns1:UserAlarm/IVA/HumanShapeDetect", "State", EventKind.MOTION),
    ],
)
def test_a_topic_is_known_by_every_maker_s_name(topic: str, item: str, kind: EventKind) -> None:
    (event,) = read(notification(topic, {item: "true"}))

    assert (event.kind, event.is_active) == (kind, True)


@pytest.mark.parametrize(
    ("word", "is_active"),
    [
        ("true", True), ("1", True), ("True", True), (" active", True),
        ("false", False), ("0", False), ("inactive", False), ("maybe", None), ("", None),
    ],
)  # fmt: skip
def test_on_and_off_are_said_in_several_words(word: str, *, is_active: bool | None) -> None:
    (event,) = read(notification("tns1:VideoSource/MotionAlarm", {"State": word}))

    assert event.is_active is is_active


def test_an_axis_that_says_tampering_in_a_number_is_understood() -> None:
    (event,) = read(notification("tns1:VideoSource/tnsaxis:Tampering", {"tampering": "1"}))

    assert (event.kind, event.is_active) == (EventKind.TAMPER, True)


def test_a_number_that_is_no_state_does_not_switch_anything() -> None:
    (event,) = read(notification("tns1:RuleEngine/LineDetector/Crossed", {"ObjectId": "1"}))

    assert (event.kind, event.is_active) == (EventKind.MOTION, None)


def test_an_event_says_which_source_and_when() -> None:
    source = {
        "VideoSourceConfigurationToken": "vsconf",
        "VideoAnalyticsConfigurationToken": "v",
        "Rule": "MyMotion",
    }

    (event,) = read(
        notification("tns1:RuleEngine/CellMotionDetector/Motion", {"IsMotion": "1"}, source)
    )

    assert event.source == "vsconf"
    assert event.camera_wall == 1_795_000_517.0
    assert "mymotion" in event.key.lower()


def test_two_rules_of_one_camera_go_on_and_off_apart() -> None:
    topic = "tns1:RuleEngine/FieldDetector/ObjectsInside"
    events = read(*(notification(topic, {"IsInside": "true"}, {"Rule": r}) for r in ("a", "b")))

    assert events[0].key != events[1].key


@pytest.mark.parametrize(
    ("word", "operation"),
    [
        ("Initialized", Operation.INITIALIZED),
        ("Changed", Operation.CHANGED),
        ("Deleted", Operation.DELETED),
        ("initialized", Operation.INITIALIZED),
        (None, Operation.CHANGED),
        ("Nonsense", Operation.CHANGED),
    ],
)
def test_a_state_and_news_are_told_apart(word: str | None, operation: Operation) -> None:
    (event,) = read(notification("tns1:VideoSource/MotionAlarm", {"State": "true"}, operation=word))

    assert event.operation is operation


def test_what_is_no_notification_is_left_out() -> None:
    empty = "<wsnt:NotificationMessage/>"
    without_words = (
        "<wsnt:NotificationMessage><wsnt:Topic>tns1:A</wsnt:Topic></wsnt:NotificationMessage>"
    )

    assert read(empty, without_words, notification("tns1:VideoSource/SignalLoss", {})) != ()
    assert len(read(empty, without_words)) == 0


def test_motion_that_is_said_again_and_again_is_handed_over_once() -> None:
    lens, rule = {"Source": "000"}, {"Source": "000", "Rule": "door"}
    motion = "tns1:VideoSource/MotionAlarm"
    flood = [notification(motion, {"State": word}, lens) for word in ("true", "false")] * 100
    tamper = notification("tns1:VideoSource/tnsaxis:Tampering", {"tampering": "1"}, lens)

    kept = condensed(read(tamper, notification(motion, {"State": "true"}, rule), *flood, tamper))

    assert [(event.kind, event.is_active) for event in kept] == [
        (EventKind.TAMPER, True),
        (EventKind.MOTION, True),
        (EventKind.MOTION, True),
        (EventKind.MOTION, False),
        (EventKind.TAMPER, True),
    ]


def test_motion_keeps_its_latest_word_last() -> None:
    words = ["true", "false", "true"]

    kept = condensed(
        read(*(notification("tns1:VideoSource/MotionAlarm", {"State": word}) for word in words))
    )

    assert [event.is_active for event in kept] == [False, True]


@pytest.mark.parametrize(
    "text",
    ["0000-00-00T00:00:00Z", "", "soon", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"],
)
def test_a_time_that_is_none_is_unknown(text: str) -> None:
    assert read_time(text) is None


@pytest.mark.parametrize(
    "text", ["2026-11-18T11:15:17Z", "2026-11-18T18:15:17+07:00", "2026-11-18T11:15:17"]
)
def test_a_time_counts_by_its_zone(text: str) -> None:
    assert read_time(text) == 1_795_000_517.0


def _spoilt(content: bytes, source: random.Random) -> bytes:
    spoilt = bytearray(content)
    for _ in range(source.randint(1, 6)):
        place = source.randrange(len(spoilt))
        match source.randrange(4):
            case 0:
                spoilt[place] = source.randrange(256)
            case 1:
                del spoilt[place : place + source.randint(1, 40)]
            case 2:
                spoilt[place:place] = spoilt[place : place + source.randint(1, 40)]
            case _:
                spoilt[place:place] = source.choice(
                    [b"<", b">", b"&", b'"', b"1e999", b"\xff", b"0"]
                )
        spoilt = spoilt or bytearray(content)
    return bytes(spoilt)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_becomes_of_a_reply_it_is_read_or_refused(seed: int) -> None:
    whole = (
        f"{_OPEN}<tev:CurrentTime>{_WHEN}</tev:CurrentTime>"
        + notification("tns1:VideoSource/MotionAlarm", {"State": "true"}, {"Source": "000"})
        + notification(
            "tns1:RuleEngine/CellMotionDetector/Motion", {"IsMotion": "0"}, {"Rule": "a"}
        )
        + "</tev:PullMessagesResponse>"
    ).encode()
    source = random.Random(seed)
    read_count = 0

    for _ in range(500):
        try:
            events = read_events(parse(_spoilt(whole, source)))
        except EdgeAgentError:
            continue
        read_count += 1
        assert all(len(event.key) <= 160 for event in events)

    assert read_count > 10
