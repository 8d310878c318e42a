"""What the center asks of a box, and what the box answers. Both are letters: two lines, signed.

A command is for one box, for a while, once. Whatever cannot be read in exactly one way is none.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from edge_agent.contract.letter import write_letter

COMMAND = "command"
RESPONSE = "response"
VERSION = 1
# Of a response to something that nobody can be sure to have sent.
NO_ID = "00000000-0000-0000-0000-000000000000"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_VERB = re.compile(r"[a-z][a-z_]{0,31}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
_KEY_ID = re.compile(r"[0-9a-f]{16}")
_MOST_SESSION = 2**63 - 1


class Result(StrEnum):
    """What became of a command."""

    DONE = "done"
    # Under way: another response with the same id follows.
    ACCEPTED = "accepted"
    # Not tried: not allowed, not for this box, too late, or not understood.
    REFUSED = "refused"
    # Tried in vain; nothing has changed, or it was put back.
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command. Both times are Unix seconds; `session` is the box's start it is meant for."""

    id: str
    verb: str
    args: Mapping[str, object] = field(default_factory=dict)
    time: float
    expires: float
    site: str
    box: str
    session: int | None = None
    kid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a box says of one command; `time` as it stands in the message."""

    id: str
    verb: str
    result: Result
    reason: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    time: str
    site: str
    box: str
    kid: str


def write_command(command: Command, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the payload for `…/down/cmd`; `sign` returns the 64 bytes for a body."""
    return write_letter(
        {
            "v": VERSION,
            "type": COMMAND,
            "id": command.id,
            "verb": command.verb,
            "args": dict(command.args),
            "time": _written(command.time),
            "expires": _written(command.expires),
            "site": command.site,
            "box": command.box,
            "session": command.session,
            "kid": command.kid,
        },
        sign,
    )


def read_command(members: Mapping[str, object]) -> Command | None:
    """Return what the members of a genuine letter ask for; None where it is no command of ours."""
    try:
        return Command(
            id=_like(_ID, members["id"]),
            verb=_like(_VERB, members["verb"]),
            args=_members(members["args"]),
            time=read_time(members["time"]),
            expires=read_time(members["expires"]),
            site=_text(members["site"]),
            box=_text(members["box"]),
            session=_session(members.get("session")),
            kid=_like(_KEY_ID, members["kid"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def write_response(response: Response, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the payload for `…/up/res`."""
    return write_letter(
        {
            "v": VERSION,
            "type": RESPONSE,
            "id": response.id,
            "verb": response.verb,
            "result": response.result,
            "reason": response.reason,
            "data": dict(response.data),
            "time": response.time,
            "site": response.site,
            "box": response.box,
            "kid": response.kid,
        },
        sign,
    )


def read_response(members: Mapping[str, object]) -> Response | None:
    """Return what the members of a genuine letter answer; None where it is no response of ours."""
    try:
        return Response(
            id=_like(_ID, members["id"]),
            verb=_text(members["verb"]),
            result=Result(_text(members["result"])),
            reason=_text(members["reason"]),
            data=_members(members["data"]),
            time=_text(members["time"]),
            site=_text(members["site"]),
            box=_text(members["box"]),
            kid=_like(_KEY_ID, members["kid"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def read_time(told: object) -> float:
    """Return Unix seconds of an RFC 3339 time in UTC. Raises ValueError, TypeError."""
    return datetime.fromisoformat(_like(_TIME, told)).timestamp()


def _written(wall: float) -> str:
    moment = datetime.fromtimestamp(wall, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _members(told: object) -> Mapping[str, object]:
    """Return an object that can be written again as it was: no infinity, no half of a character."""
    if not isinstance(told, dict):
        raise TypeError(told)
    json.dumps(told, ensure_ascii=False, allow_nan=False).encode()
    return told


def _session(told: object) -> int | None:
    if told is None:
        return None
    if not isinstance(told, int) or isinstance(told, bool) or not 0 <= told <= _MOST_SESSION:
        raise ValueError(told)
    return told


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError(told)
    told.encode()
    return told


def _like(pattern: re.Pattern[str], told: object) -> str:
    text = _text(told)
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text
