"""How a box is, from what it last said and how long ago that was."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.center.told import Place, read_object, texts_of
from edge_agent.center.web.archive import BoxRow

# Who has more than these has a table of its own on the box: `edge-agent status`.
_MOST_NAMED = 8
_LONGEST_WORD = 32
# Of what it runs: part, name, version, hash; a box tells 4 KiB of them.
_COLUMNS, _MOST_PARTS = 4, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxStatus:
    """One box, ready to show."""

    site: str
    box: str
    # online, stopped (by a person), offline, silent, unknown; "dark" on the map only.
    status: str
    place: Place
    version: str
    seen_wall: float | None
    cameras: int
    # Who shows no picture, and what they say.
    dark: tuple[str, ...]
    problems: tuple[str, ...]
    # How often its agent was started, how many of these after an end that was not in order, and how
    # the last such end was; None and "" where it does not say.
    starts: int | None
    unclean: int
    last_unclean: str
    # What it runs: part, name and version of each.
    software: tuple[tuple[str, ...], ...]
    head_seq: int
    whole_upto: int
    alarms: int


def judge(row: BoxRow, *, now_wall: float, silent_s: float, alarms: int) -> BoxStatus:
    """Return how a box is."""
    health, status = read_object(row.health_json), read_object(row.status_json)
    cameras = _cameras(health) or _cameras(status)
    dark = [name for name, state in cameras.items() if state != "streaming"]
    starts = _inside(health, "starts") or _inside(status, "starts")
    return BoxStatus(
        site=row.site,
        box=row.box,
        status=_status(row, now_wall, silent_s),
        place=row.place,
        version=row.version,
        seen_wall=row.seen_wall,
        cameras=len(cameras),
        dark=tuple(sorted(dark)[:_MOST_NAMED]),
        problems=texts_of(health.get("problems"))[:_MOST_NAMED],
        starts=_count(starts.get("count")),
        unclean=_count(starts.get("unclean")) or 0,
        last_unclean=_word(_inside(starts, "last_unclean").get("end")),
        software=_software(status.get("software")),
        head_seq=row.head_seq,
        whole_upto=row.whole_upto,
        alarms=alarms,
    )


def _status(row: BoxRow, now_wall: float, silent_s: float) -> str:
    if row.seen_wall is None:
        return "unknown"
    # A will is no word of the box; silence says more than what it said before.
    if row.state and row.state != "online":
        return "stopped" if row.state == "stopped" else "offline"
    return "silent" if now_wall - row.seen_wall > silent_s else "online"


def _software(told: object) -> tuple[tuple[str, ...], ...]:
    parts = told.get("parts") if isinstance(told, dict) else None
    if not isinstance(parts, list):
        return ()
    rows = [
        texts_of(one)[:_COLUMNS]
        for one in parts[:_MOST_PARTS]
        if isinstance(one, list) and all(isinstance(word, str) for word in one)
    ]
    return tuple(rows)


def _inside(told: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = told.get(name)
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _word(value: object) -> str:
    return value[:_LONGEST_WORD] if isinstance(value, str) else ""


def _cameras(told: Mapping[str, object]) -> dict[str, str]:
    """Return the state of each camera: a health message has a table of each, a status a word."""
    cameras = told.get("cameras")
    if not isinstance(cameras, dict):
        return {}
    states = {
        name: one.get("state") if isinstance(one, dict) else one for name, one in cameras.items()
    }
    return {str(name): str(state) for name, state in states.items()}
