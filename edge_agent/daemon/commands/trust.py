"""What of a proposed configuration says whom this box obeys and trusts, and who hears its passwords.

A password goes only where the present configuration sends it: a center that may not see one could
else have the box send it to a broker, or a camera, of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.config.settings import CameraSettings, Settings

# The word in the allow-list that lets the center say so.
TRUST = "config_center"
_NOT_HERE = f"{TRUST} is not allowed here"
_ENCRYPTED = frozenset({"mqtts", "rtsps", "https"})


@dataclass(frozen=True, slots=True)
class _Way:
    """A password, and who is told it."""

    file: Path
    # A host; or a camera that is looked for by what it is.
    to: str
    is_encrypted: bool = False
    # Who vouches for the host; None: nobody, or the system's authorities.
    authority: Path | None = None

    def is_as_safe_as(self, known: "_Way") -> bool:
        if (self.file, self.to) != (known.file, known.to):
            return False
        is_same = (self.is_encrypted, self.authority) == (known.is_encrypted, known.authority)
        return is_same or not known.is_encrypted


def changes_of_trust(now: Settings, present: Settings, then: Settings, copy: Path) -> list[str]:
    """Return them, in words. `present` is what the files say that are to be replaced in the `copy`."""
    found = []
    if then.center != now.center:
        found.append(f"[center] is changed at the box: {_NOT_HERE}")
    if then.packs != now.packs:
        found.append(f"[models] signing_keys is changed at the box: {_NOT_HERE}")
    ca_file = then.enrolment.ca_file
    home = replace(then.enrolment, ca_file=ca_file and home_of(ca_file, copy, now.folder))
    if home != now.enrolment:
        found.append(f"[enrolment] is changed at the box: {_NOT_HERE}")
    known = _paths(now)
    new = sorted({home_of(path, copy, now.folder) for path in _paths(then)} - known)
    found += [
        f"{path} lies outside {now.folder}: {_NOT_HERE}"
        for path in new
        if not path.resolve().is_relative_to(now.folder.resolve())
    ]
    ways = {*_ways(now), *_ways(present)}
    told = {
        f"{way.file} would be sent to {way.to}, or less safely than now: {_NOT_HERE}"
        for way in _ways(then)
        if not any(way.is_as_safe_as(one) for one in ways)
    }
    return [*found, *sorted(told)]


def home_of(path: Path, copy: Path, folder: Path) -> Path:
    """Return where a path of the copy will be."""
    return folder / path.relative_to(copy) if path.is_relative_to(copy) else path


def _paths(settings: Settings) -> set[Path]:
    """Return every file that the settings name."""
    broker = settings.broker
    streams = [
        stream
        for camera in settings.cameras
        for stream in (camera.stream, camera.main_stream)
        if stream
    ]
    named = [broker.password_file, broker.ca_file, broker.certificate_file, broker.key_file]
    named += [settings.enrolment.ca_file, *(stream.password_file for stream in streams)]
    if "/" in settings.objects.model:
        named.append(Path(settings.objects.model))
    return {path for path in named if path is not None}


def _ways(settings: Settings) -> Iterator[_Way]:
    """Yield every password, and where it goes. A copy of the folder links to the same files."""
    broker = settings.broker
    ways = [way for camera in settings.cameras for way in _ways_of(camera)]
    if broker.password_file:
        urls = (broker.url, *broker.other_urls)
        ways += [_way(broker.password_file, url, broker.ca_file) for url in urls]
    for way in ways:
        authority = way.authority and way.authority.resolve()
        yield replace(way, file=way.file.resolve(), authority=authority)


def _ways_of(camera: CameraSettings) -> Iterator[_Way]:
    for stream in (camera.stream, camera.main_stream):
        if stream and stream.password_file:
            yield _way(stream.password_file, stream.url)
            if camera.onvif_url:
                yield _way(stream.password_file, camera.onvif_url)
            # A camera that moved is found again by these, and logged in at.
            for name in (camera.onvif_endpoint, camera.onvif_mac, camera.onvif_serial):
                if name:
                    yield _Way(stream.password_file, f"the camera {name}")


def _way(file: Path, url: str, authority: Path | None = None) -> _Way:
    parts = urlsplit(url)
    is_encrypted = parts.scheme.lower() in _ENCRYPTED
    return _Way(
        file, (parts.hostname or "").lower(), is_encrypted, authority if is_encrypted else None
    )
