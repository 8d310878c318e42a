"""The page of `make demo`: one file, its pictures inside, nothing fetched from anywhere."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.ledger import Ledger, Visit

_TEMPLATE = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
_CARD = Template(Path(__file__).with_name("card.html").read_text(encoding="utf-8"))
_SAID = {"new": "in the zone", "update": "still there", "end": "left"}


def write(ledger: Ledger, path: Path) -> None:
    """Write the page whole: somebody may be looking at the old one."""
    visits = sorted(ledger.visits.values(), key=lambda visit: visit.began_at, reverse=True)
    text = _TEMPLATE.substitute(
        visits=len(visits),
        visits_word="visit" if len(visits) == 1 else "visits",
        alerts=ledger.reports,
        verified=ledger.verified,
        kilobytes=f"{ledger.bytes_received / 1000:,.0f}",
        cards="\n".join(map(_card, visits)) or '<p class="none">No alert yet.</p>',
        span=_span(visits),
    )
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.rename(path)


def _card(visit: Visit) -> str:
    report = visit.report
    # Everything that came over the network is text until proven otherwise.
    said = {
        "state": report.state,
        "state_said": _SAID.get(report.state, report.state),
        "severity": report.severity,
        "label": report.label.replace("_", " "),
        "camera": report.camera,
        "zone": report.zone,
        "rule": report.rule,
        "time": visit.began_at.astimezone().strftime("%H:%M:%S"),
        "iso": visit.began_at.isoformat(),
        "lasted": f"{report.lasted_s:.0f} s",
        "percent": f"{report.score * 100:.0f}",
        "reports": str(visit.reports),
        "id": report.alert_id,
    }
    return _CARD.substitute(
        {name: escape(value) for name, value in said.items()},
        picture=_picture(visit),
        proof=_proof(visit),
    )


def _picture(visit: Visit) -> str:
    if visit.picture is None:
        return '<div class="missing">no picture came</div>'
    data = base64.b64encode(visit.picture.jpeg).decode("ascii")
    alt = escape(f"{visit.report.label} in zone {visit.report.zone}, seen by {visit.report.camera}")
    return f'<img src="data:image/jpeg;base64,{data}" alt="{alt}">'


def _proof(visit: Visit) -> str:
    if visit.picture is None:
        return '<span class="unproven">no picture</span>'
    size = f"{len(visit.picture.jpeg) / 1000:.1f} kB"
    if not visit.verified:
        return f'<span class="unproven">✗ not the picture of this alert · {size}</span>'
    return (
        f'<span class="proven">✓ verified</span> <code>{visit.picture.sha256[:12]}</code> · {size}'
    )


def _span(visits: list[Visit]) -> str:
    if not visits:
        return "waiting for the first alert"
    first, last = visits[-1].began_at.astimezone(), visits[0].report.at.astimezone()
    return f"{first:%d %B %Y, %H:%M:%S} to {last:%H:%M:%S}"
