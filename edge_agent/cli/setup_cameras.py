"""The cameras that answer on this network, numbered, for whoever types a number instead of an address."""

import argparse
import io
import json
from pathlib import Path

from edge_agent.cli import discover
from edge_agent.cli.console import Console
from edge_agent.errors import EdgeAgentError

_HEADING = ("", "NAME", "MAKER", "ADDRESS", "STATUS")


def found_cameras(folder: Path, console: Console) -> list[str]:
    """Ask the network, show who is not known yet, and return where they are, in that order."""
    parser = argparse.ArgumentParser()
    discover.set_up(parser)
    args = parser.parse_args(["--json"], argparse.Namespace(config=folder))
    answer = io.StringIO()
    console.plain("  $ edge-agent discover")
    console.flush()
    try:
        discover.run(args, Console(answer, is_terminal=False))
    except EdgeAgentError:
        return []
    rows = [row for row in json.loads(answer.getvalue()) if not row["configured"]]
    places = [f"{row['host']}:{row['port']}" for row in rows]
    lines = [
        (str(number), row["name"], row["maker"], place, row["status"])
        for number, (row, place) in enumerate(zip(rows, places, strict=True), 1)
    ]
    if lines:
        console.table([_HEADING, *lines], whole=(0, 3))
    return places
