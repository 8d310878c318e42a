"""The page's application: its parts put together, and what every answer carries."""

import logging
from datetime import timedelta
from http import HTTPStatus

from flask import Flask, Response, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from edge_agent.center.web import changes, pages
from edge_agent.center.web.address import is_known
from edge_agent.center.web.show import Page, page_of, remember_language, show
from edge_agent.errors import EdgeAgentError

log = logging.getLogger(__name__)

# Scripts, styles and pictures of our own, and nothing else from anywhere; no frame around us.
_POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{what}-src 'self'" for what in ("script", "style", "img", "connect")),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# A shift.
_SESSION = timedelta(hours=12)
# Our forms are a name, a password and a note.
MOST_BODY_BYTES = 65_536
# Whoever has not logged in sees these.
_OPEN = {"static", "changes.log_in"}


def make_app(page: Page) -> Flask:
    """Return the application. Raises EdgeAgentError where the file of operators cannot be used."""
    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.extensions["edge-agent"] = page
    operators = page.guard.operators()
    app.config.update(
        SECRET_KEY=operators.session_secret.reveal() if operators else None,
        SESSION_COOKIE_NAME="edge-agent-center",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=page.options.url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=_SESSION,
        MAX_CONTENT_LENGTH=MOST_BODY_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=0,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(changes.blueprint)
    app.before_request(_let_in)
    app.after_request(_finish)
    app.register_error_handler(HTTPException, _refuse)
    app.register_error_handler(EdgeAgentError, _complain)
    return app


def _let_in() -> AnyResponse | tuple[str, int] | None:
    page = page_of()
    if not is_known(request.host, page.options):
        # No page of ours: whoever asks so may be a page of somebody else's.
        return "this is not the host you mean\n", HTTPStatus.MISDIRECTED_REQUEST
    if page.options.login_to_read and request.endpoint not in _OPEN and not page.guard.who():
        return redirect("/login")
    return None


def _finish(response: Response) -> Response:
    response.headers.update(_HEADERS)
    # People are in it; a picture never changes and says so itself.
    response.headers.setdefault("Cache-Control", "no-store")
    remember_language(response.set_cookie)
    return response


def _complain(failure: EdgeAgentError) -> tuple[str, int]:
    """Show that the database is away; whoever looks after the center reads why."""
    if page_of().guard.is_worth_telling(failure.what):
        log.warning("the page cannot answer: %s", failure.what)
    busy = HTTPStatus.SERVICE_UNAVAILABLE
    return show("refused.html", what="busy", code=int(busy), who=""), busy


def _refuse(error: HTTPException) -> tuple[str, int]:
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    what = "not_found" if code == HTTPStatus.NOT_FOUND else "refused"
    return show("refused.html", what=what, code=code), code
