"""What another configuration changes: what can be done while cameras are watched, and what cannot."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from edge_agent.config.settings import CameraSettings, Settings

# Read once, when the agent starts: who it is, where its memory lies, and what the networks get.
_AT_THE_START = ("site", "box", "state_dir")
_TABLES_AT_THE_START = ("objects", "spool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """From what runs to what the files say now."""

    # What runs from now on: the files, but for what only a start can change.
    settings: Settings
    # Ids of cameras. Whose stream or ONVIF is another is connected to anew; of the others only what
    # is watched for may have changed.
    added: tuple[str, ...]
    removed: tuple[str, ...]
    rewired: tuple[str, ...]
    changed: tuple[str, ...]
    # Whether the broker is to be called anew.
    is_broker_other: bool
    # Members of agent.toml that count from the next start on.
    waits: tuple[str, ...]

    def told(self) -> str:
        """Return it in words, for the journal."""
        cameras = (
            ("added", self.added),
            ("removed", self.removed),
            ("connected anew", self.rewired),
            ("changed", self.changed),
        )
        parts = [f"{what}: {', '.join(names)}" for what, names in cameras if names]
        parts += ["the broker is called anew"] if self.is_broker_other else []
        return "; ".join(parts) or "no camera and no broker is another"


def difference(
    now: Settings, files: Settings, found: Callable[[str], CameraSettings | None]
) -> Difference:
    """Compare; `found` returns where a camera was found last, which its file may say or not."""
    before = {camera.id: camera for camera in now.cameras}
    after = {camera.id: camera for camera in files.cameras}
    both = [camera_id for camera_id in after if camera_id in before]
    rewired = [one for one in both if _is_rewired(before[one], after[one], found(one))]
    return Difference(
        settings=_runnable(now, files),
        added=tuple(one for one in after if one not in before),
        removed=tuple(one for one in before if one not in after),
        rewired=tuple(rewired),
        changed=tuple(
            one for one in both if one not in rewired and _is_changed(before[one], after[one])
        ),
        is_broker_other=_way(now) != _way(files),
        waits=tuple(_waits(now, files)),
    )


def _runnable(now: Settings, files: Settings) -> Settings:
    return replace(
        files,
        site=now.site,
        box=now.box,
        state_dir=now.state_dir,
        objects=now.objects,
        spool=now.spool,
    )


def _is_rewired(
    before: CameraSettings, after: CameraSettings, found: CameraSettings | None
) -> bool:
    return _wires(after) not in [_wires(before), _wires(found or before)]


def _wires(camera: CameraSettings) -> tuple[object, ...]:
    return camera.stream, camera.onvif_url, camera.onvif_source, camera.onvif_events


def _is_changed(before: CameraSettings, after: CameraSettings) -> bool:
    """Tell whether anything else is another; where it is found is not ours to tell."""
    wired = replace(
        after,
        stream=before.stream,
        main_stream=before.main_stream,
        onvif_url=before.onvif_url,
    )
    return wired != before


def _way(settings: Settings) -> tuple[object, ...]:
    return settings.broker, settings.confirm, settings.center.keys


def _waits(now: Settings, files: Settings) -> list[str]:
    waits = [name for name in _AT_THE_START if getattr(now, name) != getattr(files, name)]
    for table in _TABLES_AT_THE_START:
        before, after = getattr(now, table), getattr(files, table)
        waits += [
            f"[{table}] {one.name}"
            for one in fields(before)
            if getattr(before, one.name) != getattr(after, one.name)
        ]
    return waits
