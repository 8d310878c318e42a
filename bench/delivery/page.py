"""The page of the delivery bench, from its figures."""

from __future__ import annotations

from typing import Any

from bench.delivery.bandwidth import HEADER_BYTES
from bench.delivery.fleet import AWAY_S
from bench.machine import Machine, shared_words
from bench.tables import table

_MIB = 2**20
_MB = 1e6


def write(figures: dict[str, Any], machine: Machine) -> str:
    """Return what was measured so far as Markdown."""
    parts = [_WRITERS[name](figures[name]) for name in _WRITERS if name in figures]
    return f"""# Delivery: what becomes of an alert, whatever happens on its way

{machine.words()}
Written by `python -m bench.run --only delivery`; how, and which test holds what:
[../README.md](../README.md#delivery) and [0018](../../docs/design/0018-delivery-proof.md). All on loopback.
{shared_words(machine.load)}
{"".join(parts)}"""


def _kills(section: dict[str, Any]) -> str:
    rows = [
        [one["who"], *(str(one[name]) for name in ("kills", "promised", "lost", "repeated", "visible_twice", "out_of_order")), _whole(one["chain"])]
        for one in section["rows"]
    ]  # fmt: skip
    heading = ("contender", "kills", "promised", "lost", "sent again", "seen twice", "out of order", "chain")  # fmt: skip
    return f"""## Killed with -9 on a line that goes up and down

A hundred alerts a second; killed 0 to 450 ms after the first of each life; the line is up for 0.1 to
0.8 s and then down as long (reset, or half open one time in three). Lost: promised, not in the
center's database. Load {section["load"]}.

{table(heading, rows)}
"""


def _power(section: dict[str, Any]) -> str:
    rows = [
        [one["synchronous"], *(str(one[name]) for name in ("cuts", "promised", "lost", "losing", "damaged")), str(len(one["stuck"])), str(one["forked"])]
        for one in section["rows"]
    ]  # fmt: skip
    heading = ("synchronous", "cuts", "promised", "lost", "cuts that lost", "files damaged", "starts that failed", "numbers used twice")  # fmt: skip
    return f"""## Power cuts

One life of a box (first start, alerts, deliveries, a refusal, receipts, three restarts, two new keys) under
strace. At each cut the disk has what was synced, and of each later write all, nothing or some of its
sectors. FULL is what we ship. Promised: over all cuts. Load {section["load"]}.

{table(heading, rows)}
"""


def _brokers(section: dict[str, Any]) -> str:
    rows = [
        [one["broker"], one["trusts"], *(str(one[name]) for name in ("kills", "promised", "lost", "repeated", "visible_twice")), _whole(one["chain"])]
        for one in section["rows"]
    ]  # fmt: skip
    heading = ("mosquitto", "the box trusts the", "kills", "promised", "lost", "sent again", "seen twice", "chain")  # fmt: skip
    return f"""## The broker is killed, the center away for a part of the time

Our agent both times; only whose word lets an alert leave the disk differs. Load {section["load"]}.

{table(heading, rows)}
"""


def _week(section: dict[str, Any]) -> str:
    [one] = section["rows"]
    names = ("alerts", "arrived", "with_picture", "dropped_pictures", "dropped_alerts", "told_dropped", "high", "high_with_picture", "visible_twice")  # fmt: skip
    heading = ("alerts in seven days", "arrived", "with picture", "pictures given up", "alerts given up", "of these told by signed records", "grave ones", "of these with picture", "seen twice")  # fmt: skip
    return f"""## Seven days without a line

A spool of 64 MB ({one["spool_bytes"] / _MIB:.1f} MiB used), an alert a minute with a picture of 12 KB,
one in eight grave. The week is the clock's; drained in {one["drain_s"]:.0f} s. Chain: {_whole(one["chain"])}.
Load {section["load"]}.

{table(heading, [[str(one[name]) for name in names]])}
"""


def _fleet(section: dict[str, Any]) -> str:
    [one] = section["rows"]
    each = (one["broker_rss_connected"] - one["broker_rss_empty"]) / max(1, one["connected"])
    heading = ("alerts/s offered", "sent", "arrived", "p50 ms", "p99 ms", "broker, cores")
    rows = [
        [str(r["offered"]), str(r["sent"]), str(r["arrived"]), f"{r['p50_ms']:.1f}", f"{r['p99_ms']:.1f}", f"{r['broker_cpu']:.2f}"]
        for r in one["rates"]
    ]  # fmt: skip
    storms = [
        [s["policy"], str(s["tries"]), str(_busiest(s)), str(s["timed_out"]), _seconds(s["half_s"]), _seconds(s["enough_s"]), str(s["back"])]
        for s in one["storms"]
    ]  # fmt: skip
    storm_heading = ("waits", "tries", "in the busiest second with the broker there", "given up after 15 s", "half back, s", "99 % back, s", "back at the end")  # fmt: skip
    return f"""## A fleet on one mosquitto with TLS

{one["connected"]} of {one["boxes"]} lean boxes: real CONNECT, will, birth, subscription and alert bytes
({one["alert_bytes"]} each, signed), TLS 1.3 with a P-256 server certificate, no client certificates, one
process on one thread. Connected in {one["connect_s"]:.1f} s, {one["connects_a_second"]:.0f} a second, 50 at
once, the broker using {one["connect_broker_cpu"]:.2f} cores. The broker's resident memory:
{one["broker_rss_empty"] / _MIB:.1f} MiB empty, {one["broker_rss_connected"] / _MIB:.1f} MiB with all
({each / 1024:.1f} KiB a box, birth retained), {one["broker_rss_after"] / _MIB:.1f} MiB after the alerts.
What bounded it: {one["open_files"]} open files a process, and the cores that broker, boxes and
others share; the broker was never the limit at the rates below. Load {section["load"]}.

{table(heading, rows)}
Delay: from the box's send to the center's receipt of it, in the same process.

### The storm after the broker was killed and came back 12 s later

{table(storm_heading, storms)}
Seconds count from the broker's start. Only the waits differ: both give a connection up after 15 s, which is
our rule; paho would wait longer. Both on the same two cores, where the boxes' own TLS is most of
the work. Without jitter all come at the same moment, most of them in vain; with it the last ones sit in a
wait of up to 64 s, which is its price: nothing is lost meanwhile, for alerts wait on the disk.

![How the fleet comes back](delivery-storm.png)

"""


def _busiest(storm: dict[str, Any]) -> int:
    """Return the most tries in one second after the broker's start."""
    seconds: dict[int, int] = {}
    for tenth, number in storm["tries_by_tenth"].items():
        seconds[int(tenth) // 10] = seconds.get(int(tenth) // 10, 0) + number
    return max(number for second, number in seconds.items() if second >= AWAY_S)


def _bandwidth(section: dict[str, Any]) -> str:
    heading = ("scene", "alerts in it", "to the center, MB/day", "from the center, MB/day", "its stream, MB/day", "stream / both")  # fmt: skip
    rows = [
        [d["scene"], str(d["alerts"]), f"{d['to_center'] / _MB:.1f}", f"{d['from_center'] / _MB:.1f}", f"{d['stream'] / _MB:.0f}", f"{d['stream'] / (d['to_center'] + d['from_center']):.0f}"]
        for d in section["rows"]
    ]  # fmt: skip
    idle, busy = section["rows"]
    alert = (busy["to_center"] + busy["from_center"] - idle["to_center"] - idle["from_center"]) / busy["alerts_a_day"]  # fmt: skip
    quiet = idle["to_center"] + idle["from_center"]
    days = [
        [str(count), f"{(quiet + count * alert) / _MB:.1f}", f"{idle['stream'] / (quiet + count * alert):.0f}"]
        for count in (0, 50, 200, 1000)
    ]  # fmt: skip
    return f"""## Bytes on the mobile link

The real agent, receipts, health each minute, TLS; what went through a counting proxy in
{idle["seconds"]:.0f} s times 86,400 over that, with {HEADER_BYTES} bytes of IP and TCP a segment. The stream is the
camera's own sub stream of 1 Mbit/s, as it would go to a center that watches. `busy` is a minute of a
street where somebody stands or walks all the time, told after 0.4 s: the most there is. Load {section["load"]}.

{table(heading, rows)}
An alert with its picture, its updates and its receipts cost {alert / 1000:.1f} KB each. From that, days as sites have them:

{table(("alerts a day", "MB/day", "stream / alerts"), days)}
"""


_WRITERS = {
    "kills": _kills,
    "power": _power,
    "brokers": _brokers,
    "week": _week,
    "fleet": _fleet,
    "bandwidth": _bandwidth,
}


def _whole(chain: dict[str, Any] | None) -> str:
    if chain is None:
        return "none"
    gaps = sum(one["last"] - one["first"] + 1 for one in (*chain["missing"], *chain["cut"]))
    if gaps:
        return f"shows {gaps} missing"
    wrong = ("forked", "retired", "restarts", "refused", "unknown_keys")
    return "broken" if any(chain[name] for name in wrong) else "whole"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
