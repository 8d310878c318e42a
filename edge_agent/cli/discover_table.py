"""How `edge-agent discover` shows who answered: a table of 80 columns, or JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge_agent.cli.configured import Configured
from edge_agent.cli.console import Console
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import DEVICE_PATH, Address
from edge_agent.onvif.matches import Found
from edge_agent.onvif.presence import Presence, Status

SILENT = "no answer over HTTP"
BROKEN = "ONVIF, but broken"
_HEADER = ("NAME", "MAKER", "MODEL", "ADDRESS", "ONVIF", "STATUS", "KNOWN AS")
# Address and status are never cut while anything else can be.
_WHOLE = (3, 5)
# What a technician can go on with, the easiest first.
_BY_EASE = (
    Status.READY.value, Status.NEEDS_PASSWORD.value, BROKEN, Status.NO_ONVIF.value, SILENT,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What we know of one camera; `problem` says why its status is not better."""

    name: str = ""
    maker: str = ""
    model: str = ""
    address: Address
    # All hosts that answered in its name.
    hosts: tuple[str, ...] = ()
    endpoint: str = ""
    mac: str = ""
    status: str
    # The ids under which this box knows it; "" if it does not.
    configured: str
    clock_offset_s: float | None = None
    problem: str = ""

    @property
    def key(self) -> str:
        """What tells it from the other rows."""
        return self.endpoint or self.address.place

    @property
    def title(self) -> str:
        """Name, maker and model, each said once."""
        more = (word for word in (self.maker, self.model) if word not in self.name)
        return " ".join(filter(None, (self.name, *more)))

    @property
    def cells(self) -> tuple[str, ...]:
        """What a person sees of it."""
        return (
            self.name or "-",
            self.maker or "-",
            self.model or "-",
            self.address.place,
            _service(self),
            self.status,
            self.configured or "-",
        )


def row_of(
    outcome: Presence | EdgeAgentError, at: Address, found: Found | None, known: Configured
) -> Row:
    """Put together what a camera says of itself, how it answered, and what this box knows of it."""
    address = outcome.address if isinstance(outcome, Presence) else at
    endpoint = found.endpoint if found else ""
    row = Row(
        name=found.name if found else "",
        maker=found.maker if found else "",
        model=found.hardware if found else "",
        address=address,
        hosts=found.hosts if found else (address.host,),
        endpoint=endpoint,
        mac=found.mac if found else "",
        status=SILENT,
        configured=", ".join(known.ids_at(address, endpoint)),
    )
    if isinstance(outcome, EdgeAgentError):
        return replace(row, problem=outcome.what)
    return replace(
        row,
        maker=outcome.maker or row.maker,
        model=outcome.model or row.model,
        status=BROKEN if outcome.problem else outcome.status.value,
        problem=outcome.problem,
        clock_offset_s=outcome.clock_offset_s,
    )


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Return cameras before others, IPv4 before IPv6, and 10.0.0.9 before 10.0.0.10."""
    return sorted(rows, key=lambda row: (row.status == Status.NO_ONVIF.value, *_digits(row)))


def show(rows: Sequence[Row], console: Console) -> None:
    """Show the table, what is odd about it, and the next step."""
    console.table([_HEADER, *(row.cells for row in rows)], whole=_WHOLE)
    _show_oddities(rows, console)
    new = sorted((row for row in rows if not row.configured), key=_ease)
    if not new:
        console.next("all of them are configured:  edge-agent check")
    elif new[0].status == SILENT:
        place = new[0].address.place
        console.next(
            f"restart it, then ask it alone:  edge-agent discover --address {place}\n"
            f"  ({new[0].problem})"
        )
    elif new[0].status == BROKEN:
        console.next(
            f"restart it and update its firmware; or without ONVIF:  "
            f"edge-agent add rtsp://{new[0].address.host}/PATH\n"
            f"  ({new[0].problem})"
        )
    elif new[0].status == Status.NO_ONVIF.value:
        console.next(
            "switch ONVIF on in the camera's page or try another port; where it has none:  "
            f"edge-agent add rtsp://{new[0].address.host}/PATH"
        )
    else:
        console.next(f"edge-agent add {new[0].address.place}")


def as_json(row: Row) -> dict[str, object]:
    """Return the row for programs."""
    return {
        "name": row.name,
        "maker": row.maker,
        "model": row.model,
        "host": row.address.host,
        "port": row.address.port,
        "onvif_url": row.address.url,
        "hosts": list(row.hosts),
        "endpoint": row.endpoint,
        "mac": row.mac,
        "status": row.status,
        "configured": row.configured or None,
        "clock_offset_s": row.clock_offset_s,
        "problem": row.problem,
    }


def _ease(row: Row) -> int:
    return _BY_EASE.index(row.status)


def _show_oddities(rows: Sequence[Row], console: Console) -> None:
    """Name what looks like one camera and may be two."""
    for place, count in Counter(row.address.place for row in rows).items():
        if count > 1:
            console.note(
                "note",
                f"{count} cameras answer at {place}",
                "new cameras have one address from the factory: unplug all but one, and give "
                "that one another in its page",
            )
    for row in rows:
        ipv4 = [host for host in row.hosts if ":" not in host]
        if len(ipv4) > 1:
            console.note(
                "note",
                f"{' and '.join(ipv4)} answer in one camera's name",
                "right for a camera with cable and Wi-Fi; copies of one camera are added one by "
                f"one:  edge-agent add {ipv4[1]}",
            )


def _digits(row: Row) -> tuple[bool, tuple[int, ...], int]:
    host = row.address.host
    digits = tuple(int(part) for part in host.split(".") if part.isdecimal())
    return ":" in host, digits, row.address.port


def _service(row: Row) -> str:
    """Return where the device service is: "yes" is the usual path, which 80 columns cannot hold."""
    if row.status in {Status.NO_ONVIF.value, SILENT}:
        return "no" if row.status == Status.NO_ONVIF.value else "?"
    return "yes" if row.address.path == DEVICE_PATH else row.address.path
