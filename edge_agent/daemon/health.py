"""What the box tells the center of itself each minute: docs/reference/topics.md, "Health".

Telemetry, not evidence: QoS 0 and forgotten where nobody is there. Only the chain's head in it is
signed, so that a cut tail shows within a minute.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

from edge_agent.daemon.box import boot_id
from edge_agent.daemon.status import AgentStatus, CameraStatus
from edge_agent.domain.place import Place
from edge_agent.domain.update import Phase, Update
from edge_agent.errors import EdgeAgentError
from edge_agent.mqtt.message import Message
from edge_agent.mqtt.topics import Topics
from edge_agent.runtime.clock import Clock, rfc3339

EVERY_S = 60.0
# A broker that was away for longer need not pass it on any more.
_EXPIRY_S = 180
_VERSION = 1
# Problems of one message; a box with more is seen to be ill all the same.
_MOST_PROBLEMS = 20
_LONGEST_PROBLEM = 200
# From this share of a camera's pictures on it is a problem that looks come late; fewer say nothing.
_LATE_SHARE, _FEWEST_PICTURES = 0.01, 100
# What a camera is in the words of the status message.
_STATES = {True: "streaming", False: "no picture"}
_REFUSED = "refused"


class Health:
    """Writes the health message of one run of the agent."""

    def __init__(
        self,
        clock: Clock,
        state_dir: Path,
        head: Callable[[], str],
        session: Callable[[], int],
        place: Place | None = None,
    ) -> None:
        """`place` is where the box stands: one that never alerted is on the map all the same."""
        self._clock = clock
        self._state_dir = state_dir
        self._head = head
        self._session = session
        self.place = place
        self._told_mono = -EVERY_S
        # Before any camera is watched: what has an earlier time is of an earlier run.
        self._began_mono = clock.mono()
        # By camera: pictures analysed by the last message, and those of them with late looks.
        self._analysed: dict[str, tuple[int, int]] = {}

    @property
    def is_due(self) -> bool:
        """Whether a minute has gone by."""
        return self._clock.mono() - self._told_mono >= EVERY_S

    def message(self, status: AgentStatus) -> Message:
        """Return the message, and count the next minute from now."""
        self._told_mono = self._clock.mono()
        payload = json.dumps(self.told(status), ensure_ascii=False, separators=(",", ":")).encode()
        return Message(
            topic=Topics(status.site, status.box).health,
            payload=payload,
            content_type="application/json",
            qos=0,
            expiry_s=_EXPIRY_S,
        )

    def told(self, status: AgentStatus) -> dict[str, object]:
        """Return what the message says."""
        return {
            "v": _VERSION,
            "type": "health",
            "time": rfc3339(self._clock.wall()),
            "site": status.site,
            "box": status.box,
            "session": self._session(),
            "place": self.place and self.place.told(),
            **self._about_box(status),
            "cameras": {one.id: _about_camera(one) for one in status.cameras},
            "spool": {
                "waiting": status.spool.waiting,
                "size_bytes": status.spool.size_bytes,
                "parked": status.spool.parked,
                "dropped_thumbnails": status.spool.dropped_thumbnails,
                "dropped_alerts": status.spool.dropped_alerts,
            },
            "broker": {
                "url": status.broker.url,
                "sent": status.broker.sent,
                "confirm": status.broker.confirm,
                "unconfirmed": status.broker.unconfirmed,
                "lost_connections": status.broker.lost_connections,
                "takeovers": status.broker.takeovers,
            },
            "refused": {
                "receipts": status.broker.refused_receipts,
                "commands": status.refused_commands,
            },
            "update": status.update and _about_update(status.update),
            "model_update": status.model_update and _about_update(status.model_update),
            "problems": [*problems(status), *self._late_looks(status)][:_MOST_PROBLEMS],
            **self._told_head(),
        }

    def _late_looks(self, status: AgentStatus) -> list[str]:
        """Return a line for each camera where too many looks came late since the last message."""
        before = self._analysed
        self._analysed = {one.id: (one.analysed_frames, one.late_frames) for one in status.cameras}
        found = []
        for name, now in self._analysed.items():
            pictures, late = (
                new - old for new, old in zip(now, before.get(name, now), strict=True)
            )
            if pictures >= _FEWEST_PICTURES and late > _LATE_SHARE * pictures:
                what = "pictures since the last message something waited too long for a look"
                found.append(f"{name}: in {late} {what}")
        return found

    def _about_box(self, status: AgentStatus) -> dict[str, object]:
        clock = self._clock.state()
        return {
            "version": status.version,
            "model": status.model,
            "boot": boot_id(),
            "mono_ms": round(self._clock.mono() * 1000),
            "began_mono_ms": round(self._began_mono * 1000),
            "started": rfc3339(status.started_wall),
            "starts": status.starts.told(),
            "clock": {"synced": clock.is_synced, "error_ms": clock.error_ms},
            "rss_bytes": status.rss_bytes,
            "certificate_expires": None
            if status.certificate_ends_wall is None
            else rfc3339(status.certificate_ends_wall),
            "disk_free_bytes": _free_bytes(self._state_dir),
        }

    def _told_head(self) -> dict[str, str]:
        try:
            head = self._head()
        except EdgeAgentError:
            return {}  # the disk refuses; the problems say so
        return {"head": head} if head else {}


def problems(status: AgentStatus) -> list[str]:
    """Return what somebody should see to, a line each."""
    found = [f"{one.id}: {text}" for one in status.cameras for text in _troubles(one)]
    found += [each for each in _standing(status) if each]
    found += status.switched_off
    found += [status.trial] if status.trial else []
    found += [line] if (line := update_problem(status.update)) else []
    spool, broker = status.spool, status.broker
    for count, what in (
        (spool.dropped_alerts, "alerts were dropped for room"),
        (spool.dropped_thumbnails, "pictures were dropped"),
        (spool.parked, "alerts were refused by the broker"),
        (broker.takeovers, "times somebody came under this box's name: a copied certificate?"),
        (broker.refused_receipts, "receipts were not believed"),
        (status.refused_commands, "commands were refused"),
    ):
        if count:
            found.append(f"{count} {what}")
    if broker.problem:
        found.append(f"broker: {broker.problem}")
    return [one[:_LONGEST_PROBLEM] for one in found[:_MOST_PROBLEMS]]


def _standing(status: AgentStatus) -> tuple[str, ...]:
    return status.model_problem, status.certificate_problem, status.files_problem


def update_problem(update: Update | None) -> str:
    """Return what is to be said of a new version that did not do; "" where that is nothing."""
    if update is None or update.phase in {Phase.WATCHED, Phase.KEPT}:
        return ""
    return f"new version {update.new}, {update.phase}: {update.why}"


def _about_update(update: Update) -> dict[str, object]:
    return {
        "state": update.phase.value,
        "old": update.old,
        "new": update.new,
        "why": update.why[:_LONGEST_PROBLEM],
        "since": rfc3339(update.since_wall),
    }


def _troubles(camera: CameraStatus) -> list[str]:
    found = [camera.problem] if camera.problem else []
    if camera.hung_s:
        found.append(f"its analysis has hung for {camera.hung_s:.0f} s")
    if camera.changing_s and camera.is_streaming:
        found.append(f"its picture has been changing everywhere for {camera.changing_s:.0f} s")
    if camera.says:
        found.append(f"reports of itself: {camera.says}")
    return found


def _about_camera(camera: CameraStatus) -> dict[str, object]:
    is_refused = camera.problem.startswith(_REFUSED)
    return {
        "state": _REFUSED if is_refused else _STATES[camera.is_streaming],
        "fps": round(camera.stream_fps, 1),
        "analysed_fps": round(camera.analysed_fps, 1),
        "dropped_frames": camera.dropped_frames,
        "broken_frames": camera.broken_frames,
        "connections": camera.connections,
        "alerts": camera.alerts,
        "says": camera.says,
        "hung_s": round(camera.hung_s, 1),
        "changing_s": round(camera.changing_s, 1),
        "changed_s": round(camera.changed_s, 1),
        "refused_looks": camera.refused_looks,
        "late_frames": camera.late_frames,
    }


def _free_bytes(folder: Path) -> int | None:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize
