"""The camera's clock: told first, because a password that comes at a wrong time is refused.

It is set only where somebody said so, and never from a box that does not know the time itself.
"""

import argparse
import re
from dataclasses import dataclass

from edge_agent.cli.login import Talk
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.line import Line
from edge_agent.onvif.presence import Presence
from edge_agent.onvif.set_clock import ClockSetting, set_clock
from edge_agent.runtime.clock import Clock

# More than this and its pictures cannot be matched with anybody else's; strict firmwares refuse
# passwords that are as old.
WORST_DRIFT_S = 5.0
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
# Host names and IP addresses; what else a camera makes of it is its own business.
_SERVER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}")


@dataclass(frozen=True, slots=True)
class ClockSource:
    """Where the camera is to have its time from: this box, now; or NTP."""

    is_this_box: bool
    # "" leaves the choice to the camera.
    ntp_server: str = ""


def read_source(text: str) -> ClockSource:
    """Return what `--set-clock` says; argparse tells the technician where it cannot be."""
    if text in {"now", "ntp"}:
        return ClockSource(is_this_box=text == "now")
    kind, _, server = text.partition(":")
    if kind != "ntp" or not _SERVER.fullmatch(server):
        raise argparse.ArgumentTypeError(f'"{text}" must be now, ntp or ntp:SERVER')
    return ClockSource(is_this_box=False, ntp_server=server)


def tell_clock(presence: Presence, label: str, clock: Clock, talk: Talk) -> None:
    """Say that the camera was reached, and by how much its clock is wrong."""
    console, place, drift_s = talk.console, presence.address.place, presence.clock_offset_s
    if drift_s is None:
        console.ok(label, f"reached {place} (it does not tell the time)")
    elif abs(drift_s) <= WORST_DRIFT_S:
        console.ok(label, f"reached {place} (clock right)")
    else:
        console.ok(label, f"reached {place}")
        how = "have it set with --set-clock now (or ntp), or set it in the camera's page"
        unsure = "this box's own clock is not synchronised: set that first (timedatectl)"
        console.note(
            label,
            f"its clock is {drift_words(drift_s)} this box's",
            how if clock.state().is_synced else unsure,
        )


def settle_clock(
    line: Line,
    presence: Presence,
    wanted: ClockSource | None,
    clock: Clock,
    talk: Talk,
    label: str,
) -> None:
    """Set the camera's clock where that was asked for, or where a person says yes to it.

    What the camera refuses is said and stops nothing. Raise PasswordRefusedError only.
    """
    console, is_synced = talk.console, clock.state().is_synced
    if wanted is None:
        drift_s = presence.clock_offset_s
        if drift_s is None or abs(drift_s) <= WORST_DRIFT_S or not is_synced:
            return
        if not talk.agrees("set the camera's clock to this box's time?"):
            return
        wanted = ClockSource(is_this_box=True)
    if wanted.is_this_box and not is_synced:
        console.note(
            label,
            "its clock was not set: this box's own is not synchronised",
            "see `timedatectl`; or let the camera ask a server:  --set-clock ntp:SERVER",
        )
        return
    try:
        done = set_clock(line, clock, ntp_server=wanted.ntp_server, is_manual=wanted.is_this_box)
    except EdgeAgentError as failure:
        console.note(label, failure.what, failure.hint)
    else:
        _tell_setting(done, wanted, label, talk)


def _tell_setting(done: ClockSetting, wanted: ClockSource, label: str, talk: Talk) -> None:
    console = talk.console
    if not done.is_wrong:
        now = "it does not tell its time" if done.offset_s is None else "its clock is right"
        console.ok(label, f"clock set to {done.source}; {now}")
        return
    patience = "" if wanted.is_this_box else "NTP may need a minute:  edge-agent check; else "
    console.note(
        label,
        f"clock set to {done.source}, but it is still {drift_words(done.offset_s or 0)} this box's",
        f"{patience}set it in the camera's page",
    )


def drift_words(drift_s: float) -> str:
    """Return `3 min behind` or `2 h ahead of`."""
    size_s = abs(drift_s)
    for unit_s, unit in ((_DAY_S, "days"), (_HOUR_S, "h"), (_MINUTE_S, "min"), (1, "s")):
        if size_s >= 2 * unit_s or unit_s == 1:
            return f"{size_s / unit_s:.0f} {unit} {'behind' if drift_s < 0 else 'ahead of'}"
    raise AssertionError("seconds are the last resort")
