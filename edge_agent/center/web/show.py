"""What the templates are given beside their facts: language, times, links, and who is logged in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import cast
from urllib.parse import urlencode

from flask import Flask, current_app, render_template, request

from edge_agent import __version__
from edge_agent.center.alarm_texts import say as say_alarm
from edge_agent.center.closing import MOST_WHY
from edge_agent.center.database import Database
from edge_agent.center.web.archive import Alarm, Archive
from edge_agent.center.web.guard import Guard
from edge_agent.center.web.local_time import Moment, from_text, from_wall
from edge_agent.center.web.options import WebOptions
from edge_agent.center.web.problem_texts import tell_problem
from edge_agent.center.web.texts import LANGUAGES, say
from edge_agent.runtime.clock import Clock

_COOKIE = "language"
_YEAR_S = 31_536_000


@dataclass(frozen=True, slots=True)
class Page:
    """What every page needs. One for the whole server; all of it may be used by many threads."""

    options: WebOptions
    zone: tzinfo
    silent_s: float
    clock: Clock
    archive: Archive
    guard: Guard
    database: Database


def page_of(app: Flask | None = None) -> Page:
    """Return what the present server's pages need."""
    return cast("Page", (app or current_app).extensions["edge-agent"])


def language() -> str:
    """Return what this browser wants: what was just chosen, what it chose once, or the center's."""
    page = page_of()
    for wanted in (request.args.get("lang"), request.cookies.get(_COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    return page.options.language


def show(template: str, **facts: object) -> str:
    """Return a page, in the language of whoever asks."""
    chosen = language()
    page = page_of()

    def t(key: str) -> str:
        return say(key, chosen)

    def at_wall(wall: float) -> Moment:
        return from_wall(wall, page.zone, chosen)

    def at_time(told: str) -> Moment:
        return from_text(told, page.zone, chosen)

    common: dict[str, object] = {
        "t": t,
        "at_wall": at_wall,
        "at_time": at_time,
        "alarm_text": lambda alarm: _alarm_text(alarm, chosen, at_time),
        # 2,1 in Indonesian.
        "number": lambda told: str(told).replace(".", "," if chosen == "id" else "."),
        "problem_text": lambda problem: tell_problem(problem, chosen),
        "lang": chosen,
        "other": _other_language(chosen),
        "most_why": MOST_WHY,
        "can_change": page.guard.is_changing_possible,
        "token": page.guard.token,
        "product": f"edge-agent {__version__}",
    }
    # Where the file of operators cannot be read there is a page that says so.
    if "who" not in facts:
        common["who"] = page.guard.who() if page.guard.is_changing_possible else ""
    return render_template(template, **common, **facts)


def _alarm_text(alarm: Alarm, language: str, at_time: Callable[[str], Moment]) -> str:
    """Return what it says; one of an earlier center says it in English."""

    def moment(time: str) -> str:
        told = at_time(time)
        return " ".join(part for part in (told.clock, told.zone, told.date) if part)

    return say_alarm(alarm.said, language, moment) or alarm.text


def remember_language(set_cookie: Callable[..., None]) -> None:
    """Let the browser keep a language that was just chosen."""
    if request.args.get("lang") in LANGUAGES:
        set_cookie(_COOKIE, request.args["lang"], max_age=_YEAR_S, samesite="Lax", httponly=True)


def query(told: Mapping[str, object]) -> str:
    """Return the part of an address after its path."""
    return f"?{urlencode(told)}" if told else ""


def _other_language(chosen: str) -> tuple[str, str]:
    """Return the other language, and this page's address in it."""
    other = next(one for one in LANGUAGES if one != chosen)
    # A form that was sent is not sent again: its page is asked for.
    told = {**request.args.to_dict(), "lang": other}
    path = request.path if request.method == "GET" else "/"
    return other, f"{path}{query(told)}"
