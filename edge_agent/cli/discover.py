"""`edge-agent discover`: which cameras are on this network, and what each of them needs next."""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass

from edge_agent.cli.configured import Configured, configured_cameras
from edge_agent.cli.console import Console
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import DEVICE_PATH, Address
from edge_agent.onvif.discovery import LISTEN_S, PORT, ask_everybody
from edge_agent.onvif.interfaces import Interface, list_interfaces
from edge_agent.onvif.locate import locate
from edge_agent.onvif.matches import Found
from edge_agent.onvif.presence import Presence, Status, look
from edge_agent.runtime.clock import Clock, SystemClock

# It answered a moment ago over UDP; a street of dead ones must not take minutes.
_LOOK_S = 3.0
# Cameras spread their answers over half a second (WS-Discovery); a minute is a typing error.
_LONGEST_LISTEN_S = 60.0
_SILENT = "no answer over HTTP"
_HEADER = ("NAME", "MODEL", "ADDRESS", "ONVIF", "STATUS", "KNOWN AS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What we know of one camera; `problem` says why its status is not better."""

    name: str
    model: str
    address: Address
    endpoint: str
    status: str
    # The id under which this box knows it; "" if it does not.
    configured: str
    clock_offset_s: float | None = None
    problem: str = ""


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--address", metavar="HOST[:PORT]", help="ask one address, where multicast does not reach"
    )
    parser.add_argument(
        "--listen",
        metavar="SECONDS",
        type=_listen_s,
        default=LISTEN_S,
        help=f"how long to wait for answers (default {LISTEN_S:g})",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list instead of a table")


def run(args: argparse.Namespace, console: Console, *, discovery_port: int = PORT) -> int:
    """Ask, show who answered, and say what to do next; 1 if nobody did."""
    clock = SystemClock()
    known = configured_cameras(args.config)
    if args.address:
        rows = [_ask_address(args.address, known, clock, discovery_port)]
    else:
        console.progress("asking the network for cameras …")
        rows = _ask_network(args.listen, known, clock, discovery_port)
    if args.json:
        console.plain(json.dumps([_as_json(row) for row in rows], indent=2))
    elif rows:
        _show(rows, console)
    if not rows:
        raise _nobody(list_interfaces(), args.listen)
    return 0 if any(row.status != Status.NO_ONVIF.value for row in rows) else 1


def _listen_s(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_LISTEN_S:
        raise argparse.ArgumentTypeError(
            f'"{text}" must be seconds above 0, at most {_LONGEST_LISTEN_S:g}'
        )
    return seconds


def _ask_address(text: str, known: Configured, clock: Clock, discovery_port: int) -> Row:
    address, found = locate(text, discovery_port=discovery_port)
    return _row(look(address, clock), found, known)


def _ask_network(
    listen_s: float, known: Configured, clock: Clock, discovery_port: int
) -> list[Row]:
    rows = []
    for found in ask_everybody(list_interfaces(), listen_s=listen_s, port=discovery_port):
        try:
            rows.append(_row(look(found.address, clock, deadline_s=_LOOK_S), found, known))
        except EdgeAgentError as silence:
            rows.append(_silent_row(found, known, silence))
    return sorted(rows, key=lambda row: _in_order(row.address))


def _row(presence: Presence, found: Found | None, known: Configured) -> Row:
    endpoint = found.endpoint if found else ""
    model = f"{presence.maker} {presence.model}".strip()
    return Row(
        name=found.name if found else "",
        model=model or (found.hardware if found else ""),
        address=presence.address,
        endpoint=endpoint,
        status=presence.status.value,
        configured=", ".join(known.ids_at(presence.address, endpoint)),
        clock_offset_s=presence.clock_offset_s,
    )


def _silent_row(found: Found, known: Configured, silence: EdgeAgentError) -> Row:
    return Row(
        name=found.name,
        model=found.hardware,
        address=found.address,
        endpoint=found.endpoint,
        status=_SILENT,
        configured=", ".join(known.ids_at(found.address, found.endpoint)),
        problem=silence.what,
    )


def _in_order(address: Address) -> tuple[tuple[int, ...], int]:
    """Sort 10.0.0.9 before 10.0.0.10."""
    digits = tuple(int(part) for part in address.host.split(".") if part.isdecimal())
    return digits, address.port


def _show(rows: list[Row], console: Console) -> None:
    console.table(
        [
            _HEADER,
            *(
                (
                    row.name or "-",
                    row.model or "-",
                    row.address.place,
                    _service(row),
                    row.status,
                    row.configured or "-",
                )
                for row in rows
            ),
        ]
    )
    new = [row for row in rows if not row.configured]
    if not new:
        console.next("all of them are configured:  edge-agent check")
    elif new[0].status == Status.NO_ONVIF.value:
        console.next(
            "switch ONVIF on in the camera's page or try another port; where it has none:  "
            f"edge-agent add rtsp://{new[0].address.host}/PATH"
        )
    else:
        console.next(f"edge-agent add {new[0].address.place}")


def _service(row: Row) -> str:
    """Return where the device service is: "yes" is the usual path, which 80 columns cannot hold."""
    if row.status == Status.NO_ONVIF.value:
        return "no"
    return "yes" if row.address.path == DEVICE_PATH else row.address.path


def _as_json(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "model": row.model,
        "host": row.address.host,
        "port": row.address.port,
        "onvif_url": row.address.url,
        "endpoint": row.endpoint,
        "status": row.status,
        "configured": row.configured or None,
        "clock_offset_s": row.clock_offset_s,
        "problem": row.problem,
    }


def _nobody(interfaces: Iterable[Interface], listen_s: float) -> EdgeAgentError:
    cards = ", ".join(f"{card.name} ({card.address})" for card in interfaces)
    return EdgeAgentError(
        f"no camera answered within {listen_s:g} s; asked by multicast, UDP port {PORT}, "
        f"on {cards or 'no network card at all'}",
        hint="check power and cables, and that box and cameras are in one subnet (ip address);\n"
        f"  let answers from UDP port {PORT} through the firewall; switch ONVIF discovery on in "
        "the camera;\n"
        "  or ask one address:  edge-agent discover --address 192.168.1.64",
    )
