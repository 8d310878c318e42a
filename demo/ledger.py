"""What the subscriber has received: alerts joined with their pictures, one visit per alert id.

An alert names its picture by SHA-256; the picture comes as a message of its own, before or after.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from edge_agent.contract import split


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One thumbnail message as it came."""

    jpeg: bytes
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One alert message, read: what the table and the page show."""

    alert_id: str
    revision: int
    state: str
    severity: str
    at: datetime
    camera: str
    rule: str
    zone: str
    label: str
    score: float
    lasted_s: float
    # Of the picture that goes with this report; empty where there is no new one.
    sha256: str


@dataclass(slots=True)
class Visit:
    """All we know of one visit: its newest report and its newest picture."""

    report: Report
    began_at: datetime
    reports: int = 0
    # A visit may send a better picture later; each report names the one that goes with it, or none.
    named: set[str] = field(default_factory=set)
    # Of every picture that came, whoever speaks of it.
    received: set[str] = field(default_factory=set)
    picture: Picture | None = None

    @property
    def verified(self) -> bool:
        """Whether the picture is, byte for byte, one that an alert of this visit speaks of."""
        return self.picture is not None and self.picture.sha256 in self.named


class Ledger:
    """Join alerts and pictures, whichever comes first."""

    def __init__(self) -> None:
        self.visits: dict[str, Visit] = {}
        self.reports = 0
        self.bytes_received = 0
        self._early: dict[str, Picture] = {}

    @property
    def verified(self) -> int:
        """How many pictures are, byte for byte, what an alert of their visit speaks of."""
        return sum(len(visit.named & visit.received) for visit in self.visits.values())

    def take_alert(self, body: bytes) -> Report:
        """Take an alert message; one that came late does not undo a newer one."""
        report = read_report(body)
        self.bytes_received += len(body)
        self.reports += 1
        visit = self.visits.setdefault(report.alert_id, Visit(report, report.at))
        visit.reports += 1
        if report.sha256:
            visit.named.add(report.sha256)
        if report.revision >= visit.report.revision:
            visit.report = report
        if early := self._early.pop(report.alert_id, None):
            self._keep(visit, early)
        return report

    def take_picture(self, alert_id: str, jpeg: bytes) -> Picture:
        """Take a thumbnail message."""
        picture = Picture(jpeg=jpeg, sha256=hashlib.sha256(jpeg).hexdigest())
        self.bytes_received += len(jpeg)
        if visit := self.visits.get(alert_id):
            self._keep(visit, picture)
        else:
            self._early[alert_id] = picture
        return picture

    def _keep(self, visit: Visit, picture: Picture) -> None:
        visit.received.add(picture.sha256)
        # A picture that nobody speaks of must not replace one that is proven.
        if not visit.verified or picture.sha256 in visit.named:
            visit.picture = picture


def read_report(body: bytes) -> Report:
    """Read an alert message; raises ValueError or KeyError where it is not one."""
    alert: dict[str, Any] = json.loads(split(body)[0])
    best = max(alert["objects"], key=lambda seen: float(seen["score"]), default={})
    return Report(
        alert_id=str(alert["id"]),
        revision=int(alert["revision"]),
        state=str(alert["state"]),
        severity=str(alert["severity"]),
        at=datetime.fromisoformat(alert["time"]),
        camera=str(alert["camera"]),
        rule=str(alert["rule"]),
        zone=str(alert["zone"]),
        label=str(best.get("label", "")),
        score=float(best.get("score", 0.0)),
        lasted_s=float((alert.get("visit") or {}).get("lasted_s", 0.0)),
        sha256=str((alert.get("thumb") or {}).get("sha256", "")),
    )
