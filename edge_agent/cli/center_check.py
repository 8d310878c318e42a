"""`edge-agent center check` and `key`: before the center runs."""

import argparse
import socket
from dataclasses import replace

from edge_agent.center.broker import MQTT_3, MQTT_5, open_broker
from edge_agent.center.database import open_database
from edge_agent.center.key import load_key, make_key
from edge_agent.center.registry import read_boxes
from edge_agent.center.settings import BrokerOptions, CenterSettings, load_center
from edge_agent.cli.console import Console
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.stop import Stop
from edge_agent.wire.answers import NO_ANSWER, UNSUPPORTED_PROTOCOL, LinkLostError
from edge_agent.wire.dial import address

# A name that nobody else has: the running center must not be thrown out.
_TRIAL = "edge-agent-center-check"


def key(args: argparse.Namespace, console: Console) -> int:
    """Make the key where there is none, and print the line for the boxes."""
    settings = load_center(args.config)
    made = (
        load_key(settings.key_file) if settings.key_file.exists() else make_key(settings.key_file)
    )
    console.ok("key", f"{made.kid} signs receipts, from {settings.key_file}")
    console.next("write these two lines into agent.toml of every box", "key")
    console.plain("[center]")
    console.plain(f'keys = ["{made.public_base64}"]')
    return 0


def check(args: argparse.Namespace, console: Console) -> int:
    """Try everything once; 1 where something is wrong."""
    settings = load_center(args.config)
    parts = {
        "key": _check_key,
        "boxes": _check_boxes,
        "database": _check_database,
        "broker": _check_broker,
    }
    console.line_up(parts)
    failed = 0
    for name, part in parts.items():
        try:
            console.ok(name, part(settings))
        except EdgeAgentError as failure:
            console.failure(name, failure)
            failed += 1
    return 1 if failed else 0


def _check_key(settings: CenterSettings) -> str:
    return f"{load_key(settings.key_file).kid} signs receipts"


def _check_boxes(settings: CenterSettings) -> str:
    return f"{len(read_boxes(settings.boxes_file))} boxes are believed, by {settings.boxes_file}"


def _check_database(settings: CenterSettings) -> str:
    database = open_database(settings.database)
    try:
        told = database.read(lambda transaction: transaction.row("SELECT count(*) FROM alerts"))
    finally:
        database.close()
    return f"can be used; it has {told[0] if told else 0} alerts"


def _check_broker(settings: CenterSettings) -> str:
    options = replace(settings.broker, client_id=_TRIAL, group=_TRIAL, session_s=0)
    is_plain = options.url.lower().startswith("mqtt://")
    manner = ", not encrypted (insecure = true)" if is_plain else ""
    try:
        _try_once(options, is_5=True)
    except LinkLostError as loss:
        if loss.code not in {NO_ANSWER, UNSUPPORTED_PROTOCOL}:
            raise
        _try_once(options, is_5=False)
        return f"{options.url} lets us hear all boxes, in MQTT 3.1.1: run one center only{manner}"
    return f"{options.url} lets us hear all boxes{manner}"


def _try_once(options: BrokerOptions, *, is_5: bool) -> None:
    awake, wake = socket.socketpair()
    with awake, wake:
        to = address(options, options.url)
        open_broker(to, options, MQTT_5 if is_5 else MQTT_3, Stop(), awake).close(is_polite=True)
