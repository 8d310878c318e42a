"""The pages that change something: logging in and out, and the next step of an alert."""

from http import HTTPStatus

from flask import Blueprint, abort, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from edge_agent.center.closing import close_alarm, is_reason
from edge_agent.center.handling import NEXT_STEPS, Wish, change_handling
from edge_agent.center.retention import holds
from edge_agent.center.retention.holds import HOLD, RELEASE, change_hold
from edge_agent.center.web.dossier import open_dossier
from edge_agent.center.web.pages import is_late, show_alarms
from edge_agent.center.web.show import page_of, show

blueprint = Blueprint("changes", __name__)
Answer = str | AnyResponse | tuple[str, int]


@blueprint.route("/login", methods=["GET", "POST"])
def log_in() -> Answer:
    """Ask for name and password, and let in."""
    guard = page_of().guard
    if not guard.is_changing_possible:
        abort(HTTPStatus.NOT_FOUND)
    back = _inside(request.values.get("back", "/"))
    if request.method == "GET":
        return show("login.html", back=back, wrong="")
    name, password = request.form.get("name", ""), request.form.get("password", "")
    if not guard.is_ours():
        return show("login.html", back=back, wrong="refused.expired"), HTTPStatus.FORBIDDEN
    if guard.is_waiting(name):
        return show("login.html", back=back, wrong="too_often"), HTTPStatus.TOO_MANY_REQUESTS
    if not guard.log_in(name, password):
        return show("login.html", back=back, wrong="wrong_password"), HTTPStatus.FORBIDDEN
    return redirect(back, HTTPStatus.SEE_OTHER)


@blueprint.post("/logout")
def log_out() -> Answer:
    """Forget who it was."""
    if not page_of().guard.is_ours():
        abort(HTTPStatus.FORBIDDEN)
    session.clear()
    return redirect("/", HTTPStatus.SEE_OTHER)


@blueprint.post("/alert/<site>/<box>/<alert_id>")
def handle(site: str, box: str, alert_id: str) -> Answer:
    """Take the next step with an alert, or tell why not."""
    page = page_of()
    who = page.guard.who() if page.guard.is_changing_possible else ""
    if not who:
        abort(HTTPStatus.FORBIDDEN)
    if not page.guard.is_ours():
        return _again(site, box, alert_id, "expired", HTTPStatus.FORBIDDEN)
    wish = Wish(
        site=site,
        box=box,
        alert_id=alert_id,
        was=request.form.get("was", ""),
        becomes=request.form.get("becomes", ""),
        by_whom=who,
        note=" ".join(request.form.get("note", "").split()),
    )
    outcome = change_handling(page.database, wish, page.clock.wall())
    if outcome.result == "unknown":
        abort(HTTPStatus.NOT_FOUND)
    if outcome.result != "done":
        return _again(site, box, alert_id, outcome.result, HTTPStatus.CONFLICT)
    return redirect(request.path, HTTPStatus.SEE_OTHER)


@blueprint.post("/alert/<site>/<box>/<alert_id>/hold")
def hold(site: str, box: str, alert_id: str) -> Answer:
    """Keep an alert beyond its term, or no more."""
    page = page_of()
    who = page.guard.who() if page.guard.is_changing_possible else ""
    act, why = request.form.get("act", ""), " ".join(request.form.get("why", "").split())
    if not who or act not in {HOLD, RELEASE}:
        abort(HTTPStatus.FORBIDDEN)
    if not page.guard.is_ours():
        return _again(site, box, alert_id, "expired", HTTPStatus.FORBIDDEN)
    if not is_reason(why):
        return _again(site, box, alert_id, "no_reason", HTTPStatus.BAD_REQUEST)
    wish = holds.Wish(site=site, box=box, alert_id=alert_id, act=act, by_whom=who, why=why)
    result = change_hold(page.database, wish, page.clock.wall())
    if result == "unknown":
        abort(HTTPStatus.NOT_FOUND)
    if result != "done":
        return _again(site, box, alert_id, result, HTTPStatus.CONFLICT)
    where = url_for("pages.alert", site=site, box=box, alert_id=alert_id)
    return redirect(where, HTTPStatus.SEE_OTHER)


@blueprint.post("/alarms/<int:number>")
def close(number: int) -> Answer:
    """Close an alarm, or tell why not."""
    page = page_of()
    who = page.guard.who() if page.guard.is_changing_possible else ""
    if not who:
        abort(HTTPStatus.FORBIDDEN)
    if not page.guard.is_ours():
        return show_alarms("refused.expired"), HTTPStatus.FORBIDDEN
    why = " ".join(request.form.get("why", "").split())
    if not is_reason(why):
        return show_alarms("refused.no_reason"), HTTPStatus.BAD_REQUEST
    now = page.clock.wall()
    outcome = close_alarm(page.database, number, by_whom=who, why=why, now_wall=now)
    if outcome.result == "unknown":
        abort(HTTPStatus.NOT_FOUND)
    if outcome.result != "done":
        return show_alarms("refused.over"), HTTPStatus.CONFLICT
    return redirect("/alarms", HTTPStatus.SEE_OTHER)


def _again(site: str, box: str, alert_id: str, why: str, code: int) -> Answer:
    """Show the alert as it is now, and why nothing was changed."""
    dossier = open_dossier(page_of().archive, site, box, alert_id)
    if dossier is None:
        abort(HTTPStatus.NOT_FOUND)
    steps = NEXT_STEPS.get(dossier.card.handling, ())
    facts = {"dossier": dossier, "card": dossier.card, "steps": steps, "is_late": is_late}
    return show("alert.html", **facts, refused=f"refused.{why}"), code


def _inside(path: str) -> str:
    """Return a path of this page; nobody is sent elsewhere by a link."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_ours and path.isprintable() else "/"
