"""From a finding to the bytes that are kept, sent and one day shown in court.

The message is encoded here, once. `seal` adds its place in the chain to these bytes and signs them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edge_agent.alerts.album import Picture
from edge_agent.alerts.identity import Identities
from edge_agent.domain.alert import Alert
from edge_agent.domain.frame import Frame
from edge_agent.domain.place import Place
from edge_agent.domain.sighting import Finding, Severity, State, Track
from edge_agent.domain.trouble import Trouble
from edge_agent.runtime.clock import ClockState, rfc3339

# The version of the message; receivers ignore members they do not know (docs/reference/alert.md).
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who speaks: put into every alert as it is."""

    site: str
    box: str
    camera: str
    # Changes at every boot of the box, so that a clock that was wrong can be corrected afterwards.
    boot: str
    model_name: str
    model_version: str
    model_sha256: str
    # Where the camera stands; None: nobody has said.
    place: Place | None = None
    # Whom alerts concern, by the name of the rule; what is not in here concerns `agencies`.
    agencies: tuple[str, ...] = ()
    agencies_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Composer:
    """Writes one camera's alerts."""

    def __init__(
        self,
        origin: Origin,
        identities: Identities,
        clock_state: Callable[[], ClockState],
        mono: Callable[[], float],
        camera_offset_s: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._origin = origin
        self._identities = identities
        self._clock_state = clock_state
        self._mono = mono
        self._camera_offset_s = camera_offset_s
        self._sent_pictures: dict[str, str] = {}
        # By visit, as first told: the camera's clock and ours may drift apart meanwhile.
        self._began: dict[str, str] = {}

    def speak_for(self, origin: Origin) -> None:
        """Put this into every alert from now on; visits keep their names."""
        self._origin = origin

    def compose(self, finding: Finding, frame: Frame, picture: Picture | None) -> Alert:
        """Return the alert; a picture that this visit has already sent is not sent again."""
        is_last = finding.state is State.END
        name, revision = self._identities.next(finding.rule, finding.visit, is_last=is_last)
        if picture is not None and self._sent_pictures.get(name) == picture.sha256:
            picture = None
        if is_last:
            self._sent_pictures.pop(name, None)
        elif picture is not None:
            self._sent_pictures[name] = picture.sha256
        began = rfc3339(frame.received_wall - (frame.taken_at - finding.began_at))
        began = self._began.pop(name, began) if is_last else self._began.setdefault(name, began)
        told = _Told(
            finding.kind,
            finding.rule,
            finding.zone,
            finding.state,
            finding.severity,
            self._origin.agencies_of.get(finding.rule, self._origin.agencies),
        )
        body = self._body(told, frame.received_wall) | {
            "camera_time": _camera_time(frame.camera_wall, frame),
            "objects": [_object(finding.track)],
            "visit": {"began": began, "lasted_s": round(finding.lasted_s, 2)},
            "thumb": picture and _about(picture, frame),
        }
        return self._alert(body, name, revision, picture)

    def compose_trouble(
        self, trouble: Trouble, now_wall: float, frame: Frame | None, picture: Picture | None
    ) -> Alert:
        """Return the alert for what the camera itself says; it may have shown no picture yet."""
        is_last = trouble.state is State.END
        name, revision = self._identities.next(
            # No rule of the site is called like that.
            f"camera says: {trouble.kind}",
            trouble.number,
            is_last=is_last,
        )
        began = rfc3339(now_wall - trouble.ago_s - trouble.lasted_s)
        began = self._began.pop(name, began) if is_last else self._began.setdefault(name, began)
        told = _Told(
            trouble.kind,
            trouble.kind,
            "",
            trouble.state,
            trouble.severity,
            self._origin.agencies,
        )
        body = self._body(told, now_wall) | {
            "camera_time": _camera_time(trouble.camera_wall, frame),
            "visit": {"began": began, "lasted_s": round(trouble.lasted_s, 2)},
            "thumb": picture and frame and _about(picture, frame),
        }
        return self._alert(body, name, revision, picture)

    def _alert(
        self, body: dict[str, object], name: str, revision: int, picture: Picture | None
    ) -> Alert:
        named = body | {"id": name, "revision": revision}
        return Alert(
            id=name,
            revision=revision,
            camera=self._origin.camera,
            severity=Severity(str(body["severity"])),
            body=json.dumps(named, ensure_ascii=False, separators=(",", ":")).encode(),
            thumbnail=picture.jpeg if picture else b"",
        )

    def _body(self, told: "_Told", time_wall: float) -> dict[str, object]:
        """Return every member, those that depend on what was seen still empty."""
        origin = self._origin
        return {
            "specversion": "1.0",
            "source": f"/{origin.site}/{origin.box}/{origin.camera}",
            "v": VERSION,
            "type": told.kind,
            "state": told.state,
            "severity": told.severity,
            "time": rfc3339(time_wall),
            "camera_time": None,
            "clock": self._clock(),
            "site": origin.site,
            "box": origin.box,
            "camera": origin.camera,
            "rule": told.rule,
            "zone": told.zone,
            "place": origin.place and origin.place.told(),
            "agencies": list(told.agencies),
            "model": {
                "name": origin.model_name,
                "version": origin.model_version,
                "sha256": origin.model_sha256,
            },
            "objects": [],
            "visit": None,
            "thumb": None,
        }

    def _clock(self) -> dict[str, object]:
        state, offset_s = self._clock_state(), self._camera_offset_s()
        return {
            "synced": state.is_synced,
            "error_ms": state.error_ms,
            "boot": self._origin.boot,
            "mono_ms": round(self._mono() * 1000),
            "camera_offset_s": None if offset_s is None else round(offset_s, 1),
        }


@dataclass(frozen=True, slots=True)
class _Told:
    """What every alert says of its rule, whoever noticed."""

    kind: str
    rule: str
    zone: str
    state: State
    severity: Severity
    agencies: tuple[str, ...]


def _camera_time(camera_wall: float | None, frame: Frame | None) -> dict[str, object]:
    return {
        "utc": None if camera_wall is None else rfc3339(camera_wall),
        "stream_s": None if frame is None else round(frame.taken_at, 3),
    }


def _object(track: Track) -> dict[str, object]:
    box = track.box.clipped()
    return {
        "label": track.label,
        "score": round(track.score, 3),
        "box": [round(v, 4) for v in (box.left, box.top, box.right, box.bottom)],
        "track": track.id,
    }


def _about(picture: Picture, frame: Frame) -> dict[str, object]:
    return {
        "taken": rfc3339(frame.received_wall - (frame.taken_at - picture.taken_at)),
        "sha256": picture.sha256,
        "bytes": len(picture.jpeg),
        "type": "image/jpeg",
        "width_px": picture.width_px,
        "height_px": picture.height_px,
    }
