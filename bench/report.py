"""From measurements to the page that people read."""

from collections.abc import Callable, Sequence

from bench.contenders import EVENT_GAP_S, PATIENCE_S, Motion
from bench.live import Live, Measured
from bench.machine import Machine, shared_words
from bench.tables import ratio, spread, table

_MIB = 2**20
Figure = Callable[[Measured], float]


def write(live: Live, machine: Machine, model: str, seconds: int) -> str:
    """Return the page of the live bench as Markdown."""
    return f"""# Live: our daemon beside motion and plain OpenCV

{machine.words()}
Our object model: {model}. Written by `make bench`; how and why: `../README.md`.
{shared_words(machine.load)}
All contenders of a row group read the same camera (vtest, 768x576, 10 frames/s, H.264 at 1 Mbit/s,
a key frame every 2 s, RTSP over TCP on loopback) at the same time, {seconds} s a run, start-up left
out. Each cell: median (least-most) of the runs. "/ motion": its median beside motion's.
{_absent(live)}
## Nothing happens (the empty street under sensor noise)

{_costs(live, "idle")}
## A busy street

{_costs(live, "busy")}
## From the first frame with somebody in it to the alert

{_delays(live)}"""


def _absent(live: Live) -> str:
    lines = [f"- {who} is absent: {why}" for who, why in live.absent.items()]
    return "\n" + "\n".join(lines) + "\n" if lines else ""


def _costs(live: Live, scene: str) -> str:
    heading = (
        "contender",
        "CPU s per video s",
        "/ motion",
        "peak RSS, MiB",
        "/ motion",
        "frames/s sent to it",
        "alerts a run",
        "load",
    )
    return table(heading, [_cost_row(live, scene, who) for who in _names(live)])


def _cost_row(live: Live, scene: str, who: str) -> tuple[str, ...]:
    mine, peers = _of(live, scene, who), _of(live, scene, Motion.name)
    alerts = [one.alerts for one in mine if one.alerts is not None]
    return (
        who,
        spread([_cpu(one) for one in mine], 4),
        ratio([_cpu(one) for one in mine], [_cpu(one) for one in peers]),
        spread([_rss(one) for one in mine], 0),
        ratio([_rss(one) for one in mine], [_rss(one) for one in peers]),
        spread([one.frames_per_second for one in mine], 1),
        spread(alerts, 0),
        spread([one.load for one in mine], 1),
    )


def _delays(live: Live) -> str:
    heading = ("contender", "delay, s", "/ motion", "of which patience, s", "visits told", "alerts")
    rows = []
    for who in _names(live):
        measured = _of(live, "visits", who)
        if any(one.alerts is not None for one in measured):
            rows.append(_delay_row(live, who, measured))
    return table(heading, rows) + (
        f"""
The frame is counted as sent when its last byte left for that contender. Our alert counts when a
subscriber on another process has it, thumbnail drawn, stored on disk and sent; motion's when its
`on_event_start` runs. We wait on purpose: the rule reports a *visit*, a person for
{PATIENCE_S:g} s in the zone; motion reports that pixels changed, one event until {EVENT_GAP_S} s
of quiet. Visits begin at different places between two key frames.
"""
    )


def _delay_row(live: Live, who: str, measured: Sequence[Measured]) -> tuple[str, ...]:
    all_delays = [delay for one in measured for delay in one.delays_s]
    told = [delay for delay in all_delays if delay is not None]
    peers = [d for one in _of(live, "visits", Motion.name) for d in one.delays_s if d is not None]
    waited = [waited_s for one in measured for waited_s in one.waited_s]
    return (
        who,
        spread(told, 2),
        ratio(told, peers),
        spread(waited, 2),
        f"{len(told)} of {len(all_delays)}",
        str(sum(one.alerts or 0 for one in measured)),
    )


def _names(live: Live) -> list[str]:
    return list(dict.fromkeys(one.contender for one in live.runs))


def _of(live: Live, scene: str, who: str) -> list[Measured]:
    return [one for one in live.runs if (one.scene, one.contender) == (scene, who)]


def _cpu(one: Measured) -> float:
    return one.cpu_s / one.video_s


def _rss(one: Measured) -> float:
    return one.peak_rss_bytes / _MIB
