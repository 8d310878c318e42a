"""What `agent.toml` says: who this box is, where alerts go, and how hard it may work."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.alerts.options import MirrorOptions
from edge_agent.certificates.options import EnrolmentOptions
from edge_agent.config.checks import check_state_dir, read_word
from edge_agent.config.place import read_agencies, read_place
from edge_agent.domain.place import Place
from edge_agent.inference.options import ObjectOptions
from edge_agent.mqtt.options import BrokerOptions, CenterOptions, Confirm
from edge_agent.packs.options import PackOptions
from edge_agent.packs.signature import KEY_RULE, read_key
from edge_agent.spool.options import SpoolOptions
from edge_agent.toml.reader import Table
from edge_agent.toml.values import read_file, read_password, read_url, read_urls
from edge_agent.tracking.options import ObservationOptions

# Where Debian keeps what services remember.
STATE_DIR = Path("/var/lib/edge-agent")
_SCHEMES = ("mqtts", "mqtt")
_URL_EXAMPLE = "mqtts://alerts.example:8883"
CENTER_KEY_RULE = "write it as `edge-agent center key` prints it at the center"
# MQTT 5, sections 3.1.2.10 and 3.3.2.2: two bytes each.
_TWO_BYTES = 65_535
# More threads than that on the boxes we know only wait for each other.
MOST_THREADS = 64
# No camera we know sends more, and no rule needs more.
_MOST_FRAMES_PER_SECOND = 30.0
_MOST_CROPS = 64
# No box we know can do a tenth of it.
_MOST_LOOKS = 10_000
# A terabyte; beyond it somebody thought of kilobytes.
_MOST_SPOOL_MB = 1_000_000
# Less has no room for the log and the reserve.
_LEAST_SPOOL_MB = 8
# Shorter ones fill a mobile link; longer ones are old before they are told.
_SHORTEST_PERIOD_S, _LONGEST_PERIOD_S = 60, 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The common part of the settings."""

    site: str
    box: str
    state_dir: Path
    broker: BrokerOptions
    spool: SpoolOptions
    objects: ObjectOptions
    packs: PackOptions
    enrolment: EnrolmentOptions
    observations: ObservationOptions
    mirrors: MirrorOptions
    place: Place | None
    agencies: tuple[str, ...]
    center: CenterOptions


def read_site(table: Table, folder: Path) -> Site:
    """Return the common settings; what is wrong goes to the table's problems."""
    state_dir = table.path("state_dir", folder) or STATE_DIR
    check_state_dir(table, state_dir)
    center = _read_center(table.table("center"))
    return Site(
        site=read_word(table, "site", "palembang"),
        box=read_word(table, "box", "plaju-01"),
        state_dir=state_dir,
        broker=_read_broker(table.table("broker"), folder, center),
        spool=_read_spool(table.table("spool")),
        objects=_read_objects(table.table("objects"), folder),
        observations=_read_observations(table.table("observations")),
        mirrors=_read_mirrors(table.table("mirrors")),
        place=read_place(table),
        agencies=read_agencies(table) or (),
        packs=PackOptions(signing_keys=_read_keys(table.table("models"), "signing_keys", KEY_RULE)),
        center=center,
        enrolment=_read_enrolment(table.table("enrolment"), folder),
    )


def _read_center(table: Table) -> CenterOptions:
    default = CenterOptions().commands
    # An empty list is a wish, too: nothing is taken from afar.
    is_none = table.raw("commands") == []
    return CenterOptions(
        keys=_read_keys(table, "keys", CENTER_KEY_RULE),
        commands=frozenset() if is_none else table.choices("commands", default),
    )


def _read_broker(table: Table, folder: Path, center: CenterOptions) -> BrokerOptions:
    url = read_url(table, "url", _SCHEMES, _URL_EXAMPLE)
    default = BrokerOptions(url=url)
    password_file, password = read_password(table, folder)
    broker = BrokerOptions(
        url=url,
        other_urls=read_urls(table, "other_urls", _SCHEMES, _URL_EXAMPLE),
        confirm=table.choice("confirm", Confirm.BROKER) if table.has("confirm") else None,
        username=table.text("username", default.username),
        password=password,
        password_file=password_file,
        ca_file=read_file(table, "ca_file", folder),
        certificate_file=read_file(table, "certificate_file", folder),
        key_file=read_file(table, "key_file", folder, is_private=True),
        insecure=table.flag("insecure", default=default.insecure),
        keepalive_s=table.whole("keepalive_s", default.keepalive_s, least=5, most=_TWO_BYTES),
        acknowledge_s=table.seconds("acknowledge_s", default.acknowledge_s),
        in_flight=table.whole("in_flight", default.in_flight, least=1, most=_TWO_BYTES),
    )
    for key, one in (("url", url), *(("other_urls", one) for one in broker.other_urls)):
        _check_url(table, key, one, insecure=broker.insecure)
    _check_broker(table, broker)
    if broker.confirm is Confirm.RECEIPT and not center.keys:
        hint = 'write keys = ["…"] under [center], as `edge-agent center key` prints it'
        table.refuse("confirm", "waits for a center whose key this box does not know", hint)
    return broker


def _check_url(table: Table, key: str, url: str, *, insecure: bool) -> None:
    if url.lower().startswith("mqtt://") and not insecure:
        hint = "use mqtts://, or set insecure = true under [broker] for a network of your own"
        table.refuse(key, "mqtt:// shows every alert to the network", hint)
    if urlsplit(url.partition("://")[2]).path.partition("/")[2]:
        table.refuse(key, "has a path after the host", f"write it like {_URL_EXAMPLE}")


def _check_broker(table: Table, broker: BrokerOptions) -> None:
    if (broker.certificate_file is None) != (broker.key_file is None):
        missing = "key_file" if broker.key_file is None else "certificate_file"
        table.refuse("", f"has no {missing}", "certificate_file and key_file go together")
    if broker.password_file is not None and not broker.username:
        table.refuse("password_file", "has no username beside it", 'add username = "…"')


def _read_enrolment(table: Table, folder: Path) -> EnrolmentOptions:
    is_wanted = table.has("url") or table.has("ca_file")
    return EnrolmentOptions(
        url=read_url(table, "url", ("https",), "https://center.example/.well-known/est")
        if is_wanted
        else "",
        ca_file=read_file(table, "ca_file", folder),
    )


def _read_spool(table: Table) -> SpoolOptions:
    default = SpoolOptions()
    return SpoolOptions(
        size_mb=table.whole("size_mb", default.size_mb, least=_LEAST_SPOOL_MB, most=_MOST_SPOOL_MB)
    )


def _read_objects(table: Table, folder: Path) -> ObjectOptions:
    default = ObjectOptions()
    model = table.text("model", default.model)
    return ObjectOptions(
        # A name stays a name; a path is one wherever we are started.
        model=str(folder / model) if "/" in model else model,
        threads=table.whole("threads", default.threads, least=0, most=MOST_THREADS),
        crops_per_frame=table.whole(
            "crops_per_frame", default.crops_per_frame, least=1, most=_MOST_CROPS
        ),
        looks_per_second=table.whole(
            "looks_per_second", default.looks_per_second, least=0, most=_MOST_LOOKS
        ),
        frames_per_second=table.number(
            "frames_per_second", default.frames_per_second, most=_MOST_FRAMES_PER_SECOND
        ),
    )


def _read_mirrors(table: Table) -> MirrorOptions:
    default = MirrorOptions()
    return MirrorOptions(
        onvif=table.flag("onvif", default=default.onvif),
        home_assistant=table.flag("home_assistant", default=default.home_assistant),
    )


def _read_observations(table: Table) -> ObservationOptions:
    default = ObservationOptions().every_s
    every_s = table.whole("every_s", default, least=0, most=_LONGEST_PERIOD_S)
    if 0 < every_s < _SHORTEST_PERIOD_S:
        what = f"must be 0 or {_SHORTEST_PERIOD_S} to {_LONGEST_PERIOD_S}, not {every_s}"
        table.refuse("every_s", what)
    return ObservationOptions(every_s=every_s)


def _read_keys(table: Table, option: str, rule: str) -> tuple[str, ...]:
    keys = table.raw(option)
    if keys is None:
        return ()
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        table.refuse(option, "needs a list of texts in quotes", rule)
        return ()
    for key in keys:
        if read_key(key) is None:
            table.refuse(option, f'"{key}" is no public key', rule)
    return tuple(keys)
