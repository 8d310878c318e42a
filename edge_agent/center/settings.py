"""What `center.toml` says: the broker, the database, the boxes it believes, and the center's key."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from edge_agent.center.retention.options import StoreOptions, read_store
from edge_agent.center.web.options import WebOptions, read_web
from edge_agent.center.webhooks.options import WebhookOptions, read_webhooks
from edge_agent.runtime.secret import Secret
from edge_agent.toml.opening import open_table
from edge_agent.toml.problems import BadConfiguration, Problem
from edge_agent.toml.reader import Table
from edge_agent.toml.values import read_file, read_password, read_place, read_url, says_missing

FILE = "center.toml"
POSTGRES = "postgresql://"
# A box says how it is every 60 s; three of these may go astray.
SILENT_S = 180.0
_FIRST_STEP = "copy docs/examples/center.toml there and set database and the url of the broker"
# MQTT 5, sections 3.1.2.10 and 3.1.2.11.2: two and four bytes.
_TWO_BYTES = 65_535
_FOUR_BYTES = 4_294_967_295
# A level of a topic, and a client id of MQTT 3.1.1.
_LONGEST_NAME = 23
_NAME_RULE = "use 1 to 23 letters, digits, - and _"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """Where boxes send to: `mqtts://host[:8883]`, or `mqtt://host[:1883]` with `insecure = true`."""

    url: str
    username: str = ""
    password: Secret = field(default=Secret(""))
    password_file: Path | None = None
    # The authority that signed the broker's certificate; None: the system's list.
    ca_file: Path | None = None
    # The center's own certificate and key, where the broker asks for one.
    certificate_file: Path | None = None
    key_file: Path | None = None
    # Plain MQTT shows every alert to whoever shares the network. Meant for a loopback and a lab.
    insecure: bool = False
    # A dead link is noticed after twice this (measured with paho 2.2).
    keepalive_s: int = 30
    # Each instance needs a name of its own: two of one name throw each other out.
    client_id: str = "center"
    # Instances of one group share the messages; each of two groups gets all of them.
    group: str = "center"
    # How long the broker keeps for an instance that is away. What it has kept for one that does
    # not return is lost there: boxes that wait for receipts send it again. 0: for a trial, nothing.
    session_s: int = 3600
    # Messages that the broker may send before the first of them is stored: one transaction.
    in_flight: int = 200


class DatabasePlace(NamedTuple):
    """What `open_database` is called with: `postgresql://…` or SQLite's file, and a password."""

    where: str
    # PostgreSQL's. It does not stand in the address, which is shown and logged.
    password: Secret = Secret("")


@dataclass(frozen=True, slots=True, kw_only=True)
class CenterSettings:
    """One file, checked and frozen."""

    folder: Path
    broker: BrokerOptions
    database: DatabasePlace
    boxes_file: Path
    key_file: Path
    silent_s: float = SILENT_S
    store: StoreOptions = field(default=StoreOptions())
    web: WebOptions = field(default=WebOptions())
    webhooks: tuple[WebhookOptions, ...] = ()


def load_center(folder: Path, may_lack: str | None = None) -> CenterSettings:
    """Return the settings of a folder. Raises BadConfiguration with all problems.

    What begins with `may_lack` may name a credential that is not there, as while the service does not
    run: of a command that calls no broker "broker.", of one that needs no secret at all "".
    """
    folder = folder.absolute()
    table, problems = open_table(folder / FILE, _FIRST_STEP)
    if table is None:
        raise BadConfiguration(problems.found)
    settings = _read(table, folder)
    table.close()
    found = [one for one in problems.found if not _may_be_missing(one, may_lack)]
    if found:
        raise BadConfiguration(found)
    return settings


def _may_be_missing(problem: Problem, may_lack: str | None) -> bool:
    is_spared = may_lack is not None and problem.where.startswith(may_lack)
    return is_spared and says_missing(problem.what)


def _read(table: Table, folder: Path) -> CenterSettings:
    # Made by `edge-agent center key` and by a person, perhaps later: they need not be there yet.
    return CenterSettings(
        folder=folder,
        broker=_read_broker(table.table("broker"), folder),
        database=_read_database(table, folder),
        boxes_file=table.table("boxes").path("file", folder) or folder / "boxes",
        key_file=read_place(table.table("key"), "file", folder) or folder / "center.pem",
        silent_s=table.seconds("silent_s", SILENT_S),
        store=read_store(table.table("store")),
        web=read_web(table.table("web"), folder),
        webhooks=read_webhooks(table, folder),
    )


def _read_database(table: Table, folder: Path) -> DatabasePlace:
    file, password = read_password(table, folder, "database_password_file")
    where = table.need("database", 'write database = "center.db", or "postgresql://host/name"')
    if not where or not where.startswith(("postgresql:", "postgres:")):
        if file is not None and where:
            table.refuse("database_password_file", "is for PostgreSQL alone", "delete the line")
        return DatabasePlace(str(folder / where) if where else "")
    parts = urlsplit(where)
    if not where.startswith(POSTGRES) or not parts.path.strip("/"):
        table.refuse("database", "is not an address", f"write it like {POSTGRES}host/name")
    elif parts.password is not None:
        hint = "take it out; name a file that holds it: database_password_file"
        table.refuse("database", "has a password in it", hint)
    return DatabasePlace(where, password)


def _read_broker(table: Table, folder: Path) -> BrokerOptions:
    url = read_url(table, "url", ("mqtts", "mqtt"), "mqtts://alerts.example:8883")
    default = BrokerOptions(url=url)
    password_file, password = read_password(table, folder)
    broker = BrokerOptions(
        url=url,
        username=table.text("username", default.username),
        password=password,
        password_file=password_file,
        ca_file=read_file(table, "ca_file", folder),
        certificate_file=read_file(table, "certificate_file", folder),
        key_file=read_file(table, "key_file", folder, is_private=True),
        insecure=table.flag("insecure", default=default.insecure),
        keepalive_s=table.whole("keepalive_s", default.keepalive_s, least=5, most=_TWO_BYTES),
        client_id=_read_name(table, "client_id", default.client_id),
        group=_read_name(table, "group", default.group),
        session_s=table.whole("session_s", default.session_s, least=1, most=_FOUR_BYTES),
        in_flight=table.whole("in_flight", default.in_flight, least=1, most=_TWO_BYTES),
    )
    _check_broker(table, broker)
    return broker


def _check_broker(table: Table, broker: BrokerOptions) -> None:
    if broker.url.lower().startswith("mqtt://") and not broker.insecure:
        hint = "use mqtts://, or set insecure = true under [broker] for a network of your own"
        table.refuse("url", "mqtt:// shows every alert to the network", hint)
    if (broker.certificate_file is None) != (broker.key_file is None):
        missing = "key_file" if broker.key_file is None else "certificate_file"
        table.refuse("", f"has no {missing}", "certificate_file and key_file go together")
    if broker.password_file is not None and not broker.username:
        table.refuse("password_file", "has no username beside it", 'add username = "…"')


def _read_name(table: Table, key: str, default: str) -> str:
    name = table.text(key, default)
    is_good = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    if not is_good or len(name) > _LONGEST_NAME:
        table.refuse(key, f'"{name}" cannot be used at the broker', _NAME_RULE)
    return name
