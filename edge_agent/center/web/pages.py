"""The pages that only show: the list, one alert with its proof, boxes, alarms, pictures."""

import logging
from collections.abc import Iterator
from http import HTTPStatus

from flask import Blueprint, Response, abort, jsonify, make_response, redirect, request
from waitress.channel import ClientDisconnected
from werkzeug.wrappers import Response as AnyResponse

from edge_agent.center.export import Wanted, alarm_lines, csv_lines, json_lines, step_lines
from edge_agent.center.handling import NEXT_STEPS
from edge_agent.center.post import Box
from edge_agent.center.sheet import PLAIN, for_excel
from edge_agent.center.web.archive import (
    BOXES_A_PAGE,
    COUNT_MOST,
    MOST_ALARMS,
    PAGE,
    Card,
    Filter,
    Mark,
)
from edge_agent.center.web.box_status import BoxStatus, judge
from edge_agent.center.web.city_map import TALL, Spot, draw
from edge_agent.center.web.dossier import open_dossier
from edge_agent.center.web.local_time import to_wall
from edge_agent.center.web.show import language, page_of, query, show
from edge_agent.errors import EdgeAgentError

log = logging.getLogger(__name__)
blueprint = Blueprint("pages", __name__)

# What comes later than this after it happened was kept by a box without a link.
_LATE_S = 60.0
_JPEG = b"\xff\xd8\xff"
# Of what one poll may ask; the numbers of the database are far below.
_MOST_CHANGE = 2**62


@blueprint.get("/")
def alerts() -> str:
    """Show the newest alerts."""
    page, wanted = page_of(), _wanted()
    before = _before()
    # Asked first: what changes in between is brought twice, not lost.
    change = page.archive.change()
    cards = page.archive.newest(wanted, before)
    told = wanted.told()
    older = {**told, "before": _written(cards[PAGE - 1])} if len(cards) > PAGE else None
    return show(
        "alerts.html",
        cards=cards[:PAGE],
        is_late=is_late,
        wanted=wanted,
        choices=page.archive.choices(),
        counts=_counts(),
        change=change,
        live=query({**told, "lang": language()}),
        older=query(older) if older else "",
        is_newest=before is None,
        is_filtered=bool(told),
        first=query(told),
        most=PAGE,
        export=told,
    )


@blueprint.get("/changes")
def changes() -> Response:
    """Tell what changed after a number: the cards as they are now, ready to be put in place.

    Polled, not pushed: an open stream would hold one of the server's few threads for each screen,
    and several centers on one database would have to poll it anyway. One indexed question.
    """
    page = page_of()
    after = min(request.args.get("after", 0, type=int), _MOST_CHANGE)
    change, keys, cards = page.archive.changed(after, _wanted())
    shown = {card.key: card for card in cards}
    return jsonify(
        change=change,
        cards=[{"key": key, "html": _card(shown[key]) if key in shown else ""} for key in keys],
        counts=show("counts.html", counts=_counts()),
    )


@blueprint.get("/alert/<site>/<box>/<alert_id>")
def alert(site: str, box: str, alert_id: str) -> str:
    """Show one alert: its revisions, its pictures, what people did, and its proof."""
    dossier = open_dossier(page_of().archive, site, box, alert_id)
    if dossier is None:
        abort(HTTPStatus.NOT_FOUND)
    steps = NEXT_STEPS.get(dossier.card.handling, ())
    return show("alert.html", dossier=dossier, card=dossier.card, steps=steps, is_late=is_late)


@blueprint.get("/picture/<site>/<box>/<alert_id>/<sha256>.jpg")
def picture(site: str, box: str, alert_id: str, sha256: str) -> Response:
    """Show a picture, if it is one: a box sends what it likes."""
    content = page_of().archive.picture(site, box, alert_id, sha256)
    if content is None or not content.startswith(_JPEG):
        abort(HTTPStatus.NOT_FOUND)
    response = make_response(content)
    response.headers["Content-Type"] = "image/jpeg"
    # Its name is its hash. In the browser of who looked, nowhere between.
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return response


@blueprint.get("/message/<site>/<box>/<int:seq>")
def message(site: str, box: str, seq: int) -> Response:
    """Give a signed message as it came: two lines, for whoever checks it elsewhere."""
    found = page_of().archive.message(site, box, min(seq, _MOST_CHANGE))
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    response = make_response(found.payload)
    response.headers["Content-Type"] = "application/octet-stream"
    response.headers["Content-Disposition"] = f'attachment; filename="message-{seq}.txt"'
    return response


@blueprint.get("/export/<kind>")
def export(kind: str) -> Response:
    """Give what is stored, as `edge-agent center export` does: it may be long, so it is streamed."""
    chosen = _wanted()
    wanted = Wanted(**{name: getattr(chosen, name) for name in Filter.__slots__})
    page = page_of()
    if kind == "messages.jsonl":
        lines = json_lines(page.database, wanted)
    elif kind in _TABLES:
        sheet = for_excel(page.zone) if request.args.get("for") == "excel" else PLAIN
        lines = _TABLES[kind](page.database, wanted, sheet)
    else:
        abort(HTTPStatus.NOT_FOUND)
    manner = "csv" if kind in _TABLES else "plain"
    response = Response(_stream(lines), content_type=f"text/{manner}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{kind}"'
    return response


_TABLES = {"alerts.csv": csv_lines, "alarms.csv": alarm_lines, "handling.csv": step_lines}


def _stream(lines: Iterator[str]) -> Iterator[bytes]:
    """Give the lines; where the database goes away, break off as a lost connection does.

    The answer has begun, as a good one: ended in order, what is missing would not show.
    """
    try:
        for line in lines:
            yield f"{line}\n".encode()
    except EdgeAgentError as failure:
        log.warning("an export from the page broke off: %s", failure.what)
        raise ClientDisconnected from failure


@blueprint.get("/boxes")
def boxes() -> str:
    """Show every box, on the map and as a list."""
    page = page_of()
    after = (request.args.get("site", ""), request.args.get("box", ""))
    rows = page.archive.boxes(after)
    ends = [Box(row.site, row.box) for row in (rows[:1] + rows[-1:])]
    alarms = page.archive.open_alarms(*ends) if ends else {}
    now = page.clock.wall()
    statuses = [
        judge(
            row,
            now_wall=now,
            silent_s=page.silent_s,
            alarms=alarms.get((row.site, row.box), 0),
        )
        for row in rows[:BOXES_A_PAGE]
    ]
    spots = _spots(statuses)
    last = statuses[-1] if len(rows) > BOXES_A_PAGE else None
    return show(
        "boxes.html",
        boxes=statuses,
        aside=page.archive.set_aside(),
        maps=[one for one in (draw(spots), draw(spots, TALL)) if one],
        more=query({"site": last.site, "box": last.box}) if last else "",
    )


@blueprint.get("/alarms")
def alarms() -> str:
    """Show what is wrong, and what was."""
    return show_alarms()


def show_alarms(refused: str = "") -> str:
    """Show them, and why nothing was changed."""
    archive = page_of().archive
    now, over = archive.alarms(is_open=True), archive.alarms(is_open=False)
    aside = sum(archive.set_aside().values())
    return show(
        "alarms.html",
        now=now,
        over=over,
        aside=aside,
        refused=refused,
        most=MOST_ALARMS if len(now) == MOST_ALARMS else 0,
    )


@blueprint.get("/favicon.ico")
def icon() -> AnyResponse:
    """Give browsers that ask for it the icon."""
    return redirect("/static/icon.svg")


def _wanted() -> Filter:
    named = {name: request.args.get(name, "")[:200] for name in Filter.__slots__}
    return Filter(**named)


def _before() -> Mark | None:
    """Return which alert the page before ended with; what is none asks for the first page."""
    try:
        wall, site, box, alert_id = request.args.get("before", "").split("/", 3)
        return float(wall), site, box, alert_id
    except ValueError:
        return None


def _written(last: Card) -> str:
    # Names of sites and boxes are levels of a topic: no slash is in them.
    return "/".join(map(str, last.mark))


def _card(card: Card) -> str:
    return show("card.html", card=card, is_late=is_late)


def is_late(card: Card) -> bool:
    """Tell whether it came long after it happened: its box had no link."""
    happened = to_wall(card.told.time)
    return happened is not None and card.received_wall - happened > _LATE_S


def _counts() -> dict[str, str]:
    page = page_of()
    counted = page.archive.counts(page.clock.wall() - page.silent_s)
    return {
        name: str(count) if count < COUNT_MOST else f"{COUNT_MOST - 1}+"
        for name, count in counted.items()
    }


def _spots(statuses: list[BoxStatus]) -> list[Spot]:
    return [
        Spot(
            latitude=one.place.latitude,
            longitude=one.place.longitude,
            name=one.place.name or one.box,
            status="dark" if one.status == "online" and one.dark else one.status,
            link=f"#{one.site}/{one.box}",
        )
        for one in statuses
        if one.place.latitude is not None and one.place.longitude is not None
    ]
