"""What one file of `cameras.d/` says: where the pictures come from, and what to watch for."""

import re
from pathlib import Path

from edge_agent.config.checks import WORD_RULE, is_word, read_name
from edge_agent.config.outline import read_outline
from edge_agent.config.place import read_agencies, read_place
from edge_agent.config.rule_kinds import KINDS
from edge_agent.config.settings import CameraSettings
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.zone import Zone
from edge_agent.inference.options import MotionOptions
from edge_agent.onvif.options import Events
from edge_agent.rules.options import PEOPLE, IntrusionOptions
from edge_agent.runtime.usage import did_you_mean
from edge_agent.toml.reader import Table
from edge_agent.toml.values import read_password, read_url
from edge_agent.video.options import StreamOptions

# Fits into a line of `status`, and with the rule's kind before it into a rule's name.
LONGEST_ZONE_NAME = 40
_LONGEST_NAME = 64
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
# The network is never quite sure.
_MOST_SCORE = 0.99
# Stands in for an outline that is wrong; such a camera is refused anyway.
_WHOLE_PICTURE = Polygon((Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 1)))


def read_camera(table: Table, folder: Path, camera_id: str) -> CameraSettings:
    """Return one camera's settings; what is wrong goes to the table's problems."""
    if not is_word(camera_id):
        table.refuse("", f'the file name "{camera_id}" cannot be a camera\'s id', WORD_RULE)
    zones = _read_outlines(table.tables("zones"))
    onvif = table.table("onvif")
    return CameraSettings(
        id=camera_id,
        name=read_name(table, "name", camera_id, _LONGEST_NAME),
        stream=_read_stream(table.table("stream"), folder),
        main_stream=_read_stream(table.table("main_stream"), folder)
        if table.has("main_stream")
        else None,
        motion=_read_motion(table.table("motion")),
        zones=tuple(zones.values()),
        rules=_read_rules(table.tables("rules"), zones),
        masks=tuple(_read_outlines(table.tables("masks"), are_masks=True).values()),
        onvif_url=_read_onvif_url(onvif),
        onvif_endpoint=onvif.text("endpoint", ""),
        onvif_mac=_read_mac(onvif),
        onvif_serial=onvif.text("serial", ""),
        onvif_source=onvif.text("source", ""),
        onvif_events=onvif.choice("events", Events.AUTO),
        place=read_place(table),
    )


def _read_stream(table: Table, folder: Path) -> StreamOptions:
    url = read_url(table, "url", ("rtsp", "rtsps"), "rtsp://192.168.1.64:554/stream2")
    default = StreamOptions(url=url)
    password_file, password = read_password(table, folder)
    username = table.text("username", default.username)
    if password_file is not None and not username:
        table.refuse("password_file", "has no username beside it", 'add username = "…"')
    return StreamOptions(
        url=url,
        username=username,
        password=password,
        password_file=password_file,
        open_s=table.seconds("open_s", default.open_s),
        read_s=table.seconds("read_s", default.read_s),
        idle=table.choice("idle", default.idle),
    )


def _read_motion(table: Table) -> MotionOptions:
    default = MotionOptions()
    return MotionOptions(
        least_score=table.number("least_score", default.least_score, most=_MOST_SCORE)
    )


def _read_onvif_url(table: Table) -> str:
    if not table.has("url"):
        return ""
    return read_url(table, "url", ("http", "https"), "http://192.168.1.64/onvif/device_service")


def _read_mac(table: Table) -> str:
    mac = table.text("mac", "").lower()
    if mac and not _MAC.fullmatch(mac):
        hint = 'write it like mac = "bc:ad:28:aa:0d:40", or delete the line'
        table.refuse("mac", f'"{mac}" is not a hardware address', hint)
    return mac


def _read_outlines(tables: list[Table], *, are_masks: bool = False) -> dict[str, Zone]:
    """Return the good ones by name. One whose outline is wrong keeps its name for the rules."""
    zones: dict[str, Zone] = {}
    for table in tables:
        name = table.need("name", 'write name = "walkway"')
        if name:
            read_name(table, "name", "", LONGEST_ZONE_NAME)
        if name in zones:
            twice = (
                f'there are two masks "{name}"' if are_masks else f'there are two zones "{name}"'
            )
            table.refuse("name", twice, "rename or delete one")
        corners, wrong = read_outline(table.raw("outline"))
        if wrong:
            table.refuse("outline", wrong)
        zones[name] = Zone(name, Polygon(corners) if corners else _WHOLE_PICTURE)
    return zones


def _read_rules(tables: list[Table], zones: dict[str, Zone]) -> tuple[IntrusionOptions, ...]:
    rules: dict[str, IntrusionOptions] = {}
    for table in tables:
        kind = table.need("kind", f'write kind = "{next(iter(KINDS))}"')
        if kind and kind not in KINDS:
            table.refuse("kind", f'there is no rule "{kind}"', did_you_mean(kind, KINDS))
        rule = _read_rule(table, zones, kind if kind in KINDS else next(iter(KINDS)))
        if rule.name in rules:
            hint = 'give one of them another: name = "…"'
            table.refuse("name", f'there are two rules "{rule.name}"', hint)
        rules[rule.name] = rule
    return tuple(rules.values())


def _read_rule(table: Table, zones: dict[str, Zone], kind: str) -> IntrusionOptions:
    zone = _read_zone_of_rule(table, zones)
    labels = table.choices("labels", PEOPLE)
    default = KINDS[kind].usual(f"{kind}-{zone.name}", zone, labels)
    return KINDS[kind](
        name=read_name(table, "name", default.name, _LONGEST_NAME),
        zone=zone,
        labels=labels,
        severity=table.choice("severity", default.severity),
        patience_s=table.seconds("patience_s", default.patience_s),
        absence_s=table.seconds("absence_s", default.absence_s),
        update_s=table.seconds("update_s", default.update_s),
        agencies=read_agencies(table),
    )


def _read_zone_of_rule(table: Table, zones: dict[str, Zone]) -> Zone:
    name = table.need("zone", 'name the zone: zone = "…"')
    if name and name not in zones:
        hint = did_you_mean(name, zones) if zones else "this camera has no [[zones]] yet"
        table.refuse("zone", f'there is no zone "{name}"', hint)
    return zones.get(name, Zone(name, _WHOLE_PICTURE))
