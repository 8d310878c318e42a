"""`edge-agent discover`: which cameras are on this network, and what each of them needs next."""

import argparse
import ipaddress
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edge_agent.cli.configured import configured_cameras
from edge_agent.cli.console import Console
from edge_agent.cli.discover_table import Row, as_json, in_order, row_of, show
from edge_agent.cli.discover_watch import Watch
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.crowd import look_at_all
from edge_agent.onvif.discovery import LISTEN_S, PORT, ask_everybody
from edge_agent.onvif.interfaces import Interface, list_interfaces
from edge_agent.onvif.locate import locate
from edge_agent.onvif.matches import Found
from edge_agent.onvif.presence import Status, look
from edge_agent.onvif.sweep import PORTS, Network, list_hosts, open_ports, own_subnet
from edge_agent.runtime.clock import Clock, SystemClock
from edge_agent.runtime.stop import Stop

# It answered a moment ago over UDP or TCP.
_LOOK_S = 3.0
# A camera may wait half a second with its answer (WS-Discovery), and one was measured at 0.4 s; a
# minute is a typing error.
_SHORTEST_LISTEN_S = 1.0
_LONGEST_LISTEN_S = 60.0
_LARGEST_PORT = 65535
# More than the cameras of the world use.
_MOST_PORTS = 16
_BAR_WIDTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """Whom to ask, how long, and where: one address, or everybody and these hosts."""

    address: str
    listen_s: float
    subnets: tuple[Network, ...]
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    discovery_port: int


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--address",
        metavar="HOST[:PORT]",
        help="ask one address, where multicast does not reach",
    )
    where.add_argument(
        "--subnet",
        metavar="CIDR",
        type=_subnet,
        action="append",
        default=[],
        help="ask each address of it as well, for example 192.168.1.0/24; may be repeated",
    )
    parser.add_argument(
        "--ports",
        metavar="PORT[,PORT]",
        type=_ports,
        help=f"TCP ports to try with --subnet (default {','.join(map(str, PORTS))})",
    )
    parser.add_argument("--force", action="store_true", help="sweep more than 1024 addresses")
    parser.add_argument(
        "--listen",
        metavar="SECONDS",
        type=_listen_s,
        default=LISTEN_S,
        help=f"how long to wait for answers (default {LISTEN_S:g})",
    )
    parser.add_argument(
        "--watch", action="store_true", help="go on, and tell who comes, changes and goes"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(wrong_usage=parser.error)


def run(
    args: argparse.Namespace,
    console: Console,
    *,
    discovery_port: int = PORT,
    stop: Stop | None = None,
) -> int:
    """Ask, show who answered, and say what to do next; 1 if nobody did."""
    _check_usage(args)
    asking = _Asking(
        address=args.address or "",
        listen_s=args.listen,
        subnets=tuple(args.subnet),
        hosts=list_hosts(args.subnet, is_forced=args.force),
        ports=tuple(args.ports or PORTS),
        discovery_port=discovery_port,
    )
    clock = SystemClock()

    def ask() -> list[Row]:
        return in_order(_ask(asking, args, clock, console))

    _tell_closed(args, console)
    if args.watch:
        return _watch(ask, Watch(console, clock, args.json), stop or Stop(), asking)
    try:
        rows = ask()
    except EdgeAgentError:
        if args.json:
            console.plain("[]")
        raise
    if args.json:
        console.plain(json.dumps([as_json(row) for row in rows], indent=2))
    elif rows:
        show(rows, console)
    if not rows:
        raise _nobody(list_interfaces(), asking)
    return 0 if any(row.status != Status.NO_ONVIF.value for row in rows) else 1


def _check_usage(args: argparse.Namespace) -> None:
    if args.address is not None and not args.address.strip():
        args.wrong_usage("--address is empty")
    if (args.ports or args.force) and not args.subnet:
        args.wrong_usage("--ports and --force are for --subnet")


def _tell_closed(args: argparse.Namespace, console: Console) -> None:
    closed = configured_cameras(args.config).closed
    if closed and not args.json:
        what = f"{closed} cannot be read: what is in there looks new"
        console.note("config", what, "run this with sudo")


def _watch(ask: Callable[[], list[Row]], watch: Watch, stop: Stop, asking: _Asking) -> int:
    watch.go_round(ask, stop)
    if not watch.has_found:
        raise _nobody(list_interfaces(), asking)
    return 0


def _ask(asking: _Asking, args: argparse.Namespace, clock: Clock, console: Console) -> list[Row]:
    # Read anew in each round of a watch: somebody may be adding cameras meanwhile.
    known = configured_cameras(args.config)
    if asking.address:
        address, found = locate(asking.address, discovery_port=asking.discovery_port)
        return [row_of(look(address, clock), address, found, known)]
    console.progress("asking the network for cameras …")
    answered = ask_everybody(
        list_interfaces(),
        hosts=asking.hosts,
        listen_s=asking.listen_s,
        port=asking.discovery_port,
        tell=_bar(console, "asking the network") if asking.hosts else _say_nothing,
    )
    devices: list[tuple[Found | None, tuple[Address, ...]]] = [
        (found, found.addresses) for found in answered
    ]
    devices += [(None, places) for places in _knock(asking, answered, console)]
    outcomes = look_at_all(
        [places for _, places in devices],
        clock,
        deadline_s=_LOOK_S,
        tell=_bar(console, "looking at who is there"),
    )
    console.clear_progress()
    pairs = zip(devices, outcomes, strict=True)
    return [row_of(outcome, places[0], found, known) for (found, places), outcome in pairs]


def _knock(
    asking: _Asking, answered: Iterable[Found], console: Console
) -> list[tuple[Address, ...]]:
    """Return where something listens on the hosts that were silent so far."""
    heard = {host for found in answered for host in found.hosts}
    silent = [host for host in asking.hosts if host not in heard]
    opened = open_ports(silent, asking.ports, tell=_bar(console, "knocking at TCP ports"))
    return [tuple(Address(host, port) for port in ports) for host, ports in opened.items()]


def _bar(console: Console, text: str) -> Callable[[int, int], None]:
    """Return what shows how far it is, each per cent once."""
    shown = -1

    def tell(done: int, of: int) -> None:
        nonlocal shown
        percent = 100 * done // of
        if percent != shown:
            shown = percent
            full = "#" * (_BAR_WIDTH * done // of)
            console.progress(f"{text} [{full:<{_BAR_WIDTH}}] {percent} % of {of}")

    return tell


def _say_nothing(_done: int, _of: int) -> None:
    """Tell nobody."""


def _listen_s(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not _SHORTEST_LISTEN_S <= seconds <= _LONGEST_LISTEN_S:
        raise argparse.ArgumentTypeError(
            f'"{text}" must be {_SHORTEST_LISTEN_S:g} to {_LONGEST_LISTEN_S:g} seconds'
        )
    return seconds


def _subnet(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f'"{text}" is no subnet; write it like 192.168.1.0/24'
        ) from error


def _ports(text: str) -> tuple[int, ...]:
    words = text.split(",")
    ports = tuple(dict.fromkeys(int(word) for word in words if word.isascii() and word.isdecimal()))
    is_right = len(ports) == len(words) <= _MOST_PORTS and min(ports) > 0
    if not is_right or max(ports) > _LARGEST_PORT:
        raise argparse.ArgumentTypeError(
            f'"{text}" must be up to {_MOST_PORTS} different ports, like 80,8000'
        )
    return ports


def _nobody(interfaces: tuple[Interface, ...], asking: _Asking) -> EdgeAgentError:
    addresses: dict[str, list[str]] = {}
    for card in interfaces:
        addresses.setdefault(card.name, []).append(card.address)
    cards = ", ".join(f"{name} ({', '.join(its)})" for name, its in addresses.items())
    by_one = f", and one by one in {', '.join(map(str, asking.subnets))}" if asking.subnets else ""
    sweep = "" if asking.subnets else f" --subnet {own_subnet(interfaces)}"
    return EdgeAgentError(
        f"no camera answered within {asking.listen_s:g} s; asked by multicast, UDP port {PORT}, "
        f"on {cards or 'no network card at all'}{by_one}",
        hint="check power and cables, and that box and cameras are in one subnet (ip address);\n"
        f"  let answers from UDP port {PORT} through the firewall; switch ONVIF discovery on in "
        "the camera;\n"
        f"  or ask each address:  edge-agent discover{sweep or ' --address 192.168.1.64'}",
    )
