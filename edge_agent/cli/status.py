"""Ask the running agent how it is."""

import argparse
import json
from dataclasses import asdict

from edge_agent.cli.console import Console
from edge_agent.cli.folder import RESTART
from edge_agent.config.load import load_settings
from edge_agent.daemon.health import update_problem
from edge_agent.daemon.status import (
    FOR_A_START,
    AgentStatus,
    BrokerStatus,
    CameraStatus,
    ask_status,
)
from edge_agent.domain.update import Phase

_PARKED = "have the broker's access rules allow our topics; the journal says why it refused each"
_LOOK = "look at its picture: covered, turned away, sprayed, or its cable out?"
_SET_CLOCK = "set it in the camera's page, best to NTP; alerts carry the difference"
_BUSY = 'set its motion detection to less, or write `events = "off"` below [onvif] in its file'
_UNHEARD = "see that the center listens: its subscription, and the broker's access rules"
_COPIED = "find the second box with this box's name, or a copy of its certificate: tell the center"
_RECEIPTS = "compare keys under [center] with `edge-agent center key`; the journal says why"
# What "sent" means, by who has to confirm it.
_DELIVERED = {"broker": "sent", "receipt": "sent and confirmed by the center"}
_CHOOSE = "go on with this one, or choose again: edge-agent model list"
_HANGS = "restart it, which systemd does by itself:  systemctl restart edge-agent"
_NEW_VERSION = "the center knows; how it stands:  sudo edge-agent-updates status"
_RENEW = "see the journal why; by hand: edge-agent enroll --again"
_UNCLEAN = "see how:  journalctl -u edge-agent;  after a power cut nothing is to be done"
_FILES = "see what is wrong:  edge-agent check;  then:  sudo systemctl reload edge-agent"
_LOOKS = "raise looks_per_second or crops_per_frame in agent.toml, or tame what moves there"
# What `add` names, too: strict cameras refuse passwords that are so old.
_WORST_DRIFT_S = 5.0
# How a state without events begins, and how it is told in a column.
_WITHOUT_EVENTS = ("trying", "given up")
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def set_up(parser: argparse.ArgumentParser) -> None:
    """Say which options there are."""
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the status; 0 when every camera streams and the broker takes all alerts, else 1."""
    status = ask_status(load_settings(args.config).state_dir)
    if args.json:
        console.plain(json.dumps(asdict(status), indent=2))
    else:
        _show(status, console)
    return 0 if _is_well(status) else 1


def _is_well(status: AgentStatus) -> bool:
    is_heard = status.broker.is_connected and not status.broker.problem
    return is_heard and not status.spool.parked and all(map(_is_watched, status.cameras))


def _is_watched(camera: CameraStatus) -> bool:
    return camera.is_streaming and not camera.hung_s


def _show(status: AgentStatus, console: Console) -> None:
    up = _age(status.now_wall - status.started_wall)
    memory_mb = status.rss_bytes / 1e6
    console.plain(
        f"{status.site}/{status.box}: edge-agent {status.version}, model {status.model}, "
        f"up {up}, {memory_mb:.0f} MB"
    )
    console.line_up(camera.id for camera in status.cameras)
    if status.model_problem:
        console.note("model", status.model_problem, _CHOOSE)
    if status.model_update and status.model_update.phase is Phase.WATCHED:
        console.note("model", f"{status.model_update.new} is new, and has to prove itself")
    _show_starts(status, console)
    if status.files_problem:
        is_for_a_start = status.files_problem.startswith(FOR_A_START)
        console.note("files", status.files_problem, RESTART if is_for_a_start else _FILES)
    for one in (*status.switched_off, *filter(None, [status.trial])):
        console.note("center", one)
    if text := update_problem(status.update):
        console.note("version", text, _NEW_VERSION)
    if status.cameras:
        heading = ("camera", "stream", "fps", "analysed", "looks", "alerts", "last alert", "events")
        console.table([heading, *(_row(camera, status.now_wall) for camera in status.cameras)])
    for camera in status.cameras:
        _show_camera(camera, console)
    _show_delivery(status, console)


def _show_starts(status: AgentStatus, console: Console) -> None:
    """Say how the run before ended, where it did not end in order."""
    starts = status.starts
    if starts.last_end and starts.last_end == starts.last_unclean:
        console.note(
            "agent",
            f"the run before did not end in order: {starts.last_end};"
            f" {starts.unclean} of {starts.count} starts came after such an end",
            _UNCLEAN,
        )


def _show_camera(camera: CameraStatus, console: Console) -> None:
    _show_word(camera, console)
    if camera.late_frames:
        console.note(
            camera.id,
            f"{camera.refused_looks} looks were put off, in {camera.late_frames} frames too long",
            _LOOKS,
        )
    if camera.changing_s and camera.is_streaming:
        console.note(
            camera.id,
            f"its picture has been changing everywhere for {_age(camera.changing_s)}:"
            " it is hard to tell what moves",
            f"edge-agent zone show {camera.id}   shows it: a lamp that flickers, its day/night mode?",
        )
    if camera.rules == 0:
        hint = f"edge-agent zone add {camera.id} NAME X,Y X,Y X,Y --alert-on person"
        console.note(camera.id, "watched by no rule: there can be no alert", hint)
    if camera.moved:
        console.note(camera.id, camera.moved)
    if camera.hung_s:
        console.bad(
            camera.id,
            f"its analysis has hung for {_age(camera.hung_s)}: nobody watches it",
            _HANGS,
        )
    if camera.problem:
        console.bad(camera.id, camera.problem)


def _show_word(camera: CameraStatus, console: Console) -> None:
    """Show what is good to know of a camera's ONVIF; none of it makes the box unwell."""
    state, _, why = camera.events.partition(": ")
    if why and state in _WITHOUT_EVENTS:
        console.note(camera.id, f"no events from it: {why}")
    if camera.dropped_events:
        console.note(camera.id, f"too many events at once: {camera.dropped_events} are lost", _BUSY)
    if camera.says:
        console.note(camera.id, f"reports of itself: {camera.says}", _LOOK)
    drift_s = camera.clock_offset_s or 0.0
    if abs(drift_s) > _WORST_DRIFT_S:
        drift = f"{_age(abs(drift_s))} {'behind' if drift_s < 0 else 'ahead of'}"
        console.note(camera.id, f"its clock is {drift} this box's", _SET_CLOCK)


def _row(camera: CameraStatus, now_wall: float) -> tuple[str, ...]:
    stream = f"{camera.codec} {camera.width_px}x{camera.height_px}"
    last = camera.last_alert_wall
    return (
        camera.id,
        stream if camera.is_streaming else "no picture",
        # What was measured before it went dark says nothing now.
        f"{camera.stream_fps:.1f}" if camera.is_streaming else "-",
        f"{camera.analysed_fps:.1f}" if camera.is_streaming else "-",
        f"{camera.looks_per_second:.1f}",
        str(camera.alerts),
        "-" if last is None else f"{_age(now_wall - last)} ago",
        _events(camera),
    )


def _events(camera: CameraStatus) -> str:
    state = camera.events.partition(":")[0]
    return f"{state}, {camera.event_count}" if camera.event_count else state or "-"


def _show_delivery(status: AgentStatus, console: Console) -> None:
    _show_certificate(status, console)
    spool, broker = status.spool, status.broker
    kept = f"{spool.waiting} alerts wait, {spool.size_bytes / 1e6:.1f} MB"
    lost = spool.dropped_alerts + spool.dropped_thumbnails + spool.parked
    if lost:
        console.bad(
            "spool",
            f"{kept}; dropped for room: {spool.dropped_alerts} alerts and "
            f"{spool.dropped_thumbnails} pictures; refused by the broker: {spool.parked}",
            _PARKED if spool.parked else "",
        )
    else:
        console.ok("spool", kept)
    if broker.is_connected and broker.problem:
        console.bad("broker", f"{broker.url} connected, but {broker.problem}", _UNHEARD)
    elif broker.is_connected:
        console.ok("broker", f"{broker.url} connected, {_sent(broker)}")
    else:
        console.bad("broker", f"{broker.url} not connected: {broker.problem or 'not tried yet'}")
    if broker.takeovers:
        console.bad(
            "broker", f"somebody came under this box's name {broker.takeovers} times", _COPIED
        )
    if broker.refused_receipts:
        console.note("broker", f"{broker.refused_receipts} receipts were not believed", _RECEIPTS)


def _show_certificate(status: AgentStatus, console: Console) -> None:
    if status.certificate_problem:
        console.note("tls", status.certificate_problem, _RENEW)
    elif status.certificate_ends_wall is not None:
        left = _age(status.certificate_ends_wall - status.now_wall)
        console.ok("tls", f"this box's certificate is good for {left}")


def _sent(broker: BrokerStatus) -> str:
    if not broker.unconfirmed:
        return f"{broker.sent} {_DELIVERED[broker.confirm]}"
    return f"{broker.sent} {_DELIVERED[broker.confirm]}, {broker.unconfirmed} not yet confirmed"


def _age(seconds: float) -> str:
    """Return a time span in its largest unit."""
    for unit_s, letter in ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if seconds >= unit_s:
            return f"{seconds / unit_s:.0f} {letter}"
    return f"{max(0.0, seconds):.0f} s"
