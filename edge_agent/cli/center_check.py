"""`edge-agent center check` and `key`: before the center runs."""

import argparse
import importlib
import socket
from dataclasses import replace

from edge_agent.center import extra
from edge_agent.center.broker import try_broker
from edge_agent.center.database import open_database
from edge_agent.center.key import load_key, make_key
from edge_agent.center.operators import read_operators
from edge_agent.center.registry import read_boxes
from edge_agent.center.retention.options import terms
from edge_agent.center.settings import CenterSettings, load_center
from edge_agent.center.web.address import read_listen
from edge_agent.center.web.local_time import find_zone
from edge_agent.cli.console import Console
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.stop import Stop

# How it begins where the list of boxes is empty.
_NOBODY = "no box"
# A name that nobody else has: the running center must not be thrown out.
_TRIAL = "edge-agent-center-check"


def key(args: argparse.Namespace, console: Console) -> int:
    """Make the key where there is none, and print the line for the boxes."""
    settings = load_center(args.config, may_lack="")
    made = (
        load_key(settings.key_file) if settings.key_file.exists() else make_key(settings.key_file)
    )
    console.ok("key", f"{made.kid} signs receipts, from {settings.key_file}")
    console.next("every box needs this line: edge-agent setup asks for it there", "key")
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
        "page": _check_page,
    }
    console.line_up(parts)
    failed = 0
    for name, part in parts.items():
        try:
            what = part(settings)
            if what.startswith(_NOBODY):
                console.note(
                    name, what, "at each box: edge-agent key show; a line each into that file"
                )
            else:
                console.ok(name, what)
        except EdgeAgentError as failure:
            console.failure(name, failure)
            failed += 1
    return 1 if failed else 0


def _check_key(settings: CenterSettings) -> str:
    return f"{load_key(settings.key_file).kid} signs receipts"


def _check_boxes(settings: CenterSettings) -> str:
    count = len(read_boxes(settings.boxes_file))
    believed = {0: f"{_NOBODY} is believed yet", 1: "1 box is believed"}
    return f"{believed.get(count, f'{count} boxes are believed')}, by {settings.boxes_file}"


def _check_page(settings: CenterSettings) -> str:
    web = settings.web
    if not web.listen:
        return "none is wanted here"
    with extra.needed():
        importlib.import_module("edge_agent.center.web.server")
    host, port = read_listen(web)
    find_zone(web.time_zone)
    count = len(read_operators(web.operators_file).hashes) if web.operators_file else 0
    who = f"{count} may change things" if web.operators_file else "read-only"
    agencies = f", {len(settings.webhooks)} webhooks" if settings.webhooks else ""
    is_one = web.operators_file and web.url and not web.trusted_proxy
    # Behind a web server all ask from its address.
    guessed = "; without trusted_proxy a guesser keeps everybody of that name out" if is_one else ""
    return f"http://{host}:{port}, {who}{agencies}{guessed}"


def _check_database(settings: CenterSettings) -> str:
    database = open_database(*settings.database)
    try:
        told = database.read(lambda transaction: transaction.row("SELECT count(*) FROM alerts"))
    finally:
        database.close()
    kept = terms(settings.store)
    return f"can be used; it has {told[0] if told else 0} alerts, {kept}"


def _check_broker(settings: CenterSettings) -> str:
    options = replace(settings.broker, client_id=_TRIAL, group=_TRIAL, session_s=0)
    is_plain = options.url.lower().startswith("mqtt://")
    manner = ", not encrypted (insecure = true)" if is_plain else ""
    awake, wake = socket.socketpair()
    with awake, wake:
        broker, is_5 = try_broker(options, Stop(), awake)
        broker.close(is_polite=True)
    if is_5:
        return f"{options.url} lets us hear all boxes{manner}"
    return f"{options.url} lets us hear all boxes, in MQTT 3.1.1: run one center only{manner}"
