"""Open the files of a site and return frozen settings, or every reason why not."""

import tomllib
from pathlib import Path

from edge_agent.config.camera import read_camera
from edge_agent.config.settings import CameraSettings, RefusedCamera, Settings
from edge_agent.config.site import Site, read_site
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.usage import did_you_mean
from edge_agent.toml.opening import open_table, parse_table
from edge_agent.toml.problems import BadConfiguration, Problems
from edge_agent.toml.reader import Table

AGENT_FILE = "agent.toml"
CAMERAS_FOLDER = "cameras.d"
# Files that come with the certificate: naming them first is no mistake.
_MADE_BY_ENROLLING = {"broker.ca_file", "broker.certificate_file", "broker.key_file"}
_FIRST_STEP = (
    "edge-agent setup, which writes it; or copy docs/examples/agent.toml there and set site, box and"
    " the url of the broker"
)


def load_settings(folder: Path) -> Settings:
    """Return the settings of a folder; cameras that cannot be used are in `refused`.

    Raises BadConfiguration with all problems of `agent.toml`.
    """
    folder = folder.absolute()
    file = folder / AGENT_FILE
    table, problems = open_table(file, _FIRST_STEP)
    if table is None:
        raise BadConfiguration(problems.found)
    site = read_site(table, folder)
    table.close()
    if problems.found:
        raise BadConfiguration(problems.found)
    cameras, refused = _load_cameras(folder)
    return Settings(
        folder=folder,
        site=site.site,
        box=site.box,
        state_dir=site.state_dir,
        broker=site.broker,
        spool=site.spool,
        objects=site.objects,
        packs=site.packs,
        enrolment=site.enrolment,
        observations=site.observations,
        mirrors=site.mirrors,
        place=site.place,
        agencies=site.agencies,
        center=site.center,
        cameras=cameras,
        refused=refused,
    )


def is_unsaid(folder: Path) -> bool:
    """Tell whether `agent.toml` is not there or says nothing yet, as the package brings it."""
    try:
        return not tomllib.loads((folder / AGENT_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False


def load_site_to_enroll(folder: Path) -> Site:
    """Return what `agent.toml` says; the certificate files that it names may still be missing.

    Raises BadConfiguration with all other problems.
    """
    folder = folder.absolute()
    table, problems = open_table(folder / AGENT_FILE, _FIRST_STEP)
    if table is None:
        raise BadConfiguration(problems.found)
    site = read_site(table, folder)
    table.close()
    serious = [each for each in problems.found if each.where not in _MADE_BY_ENROLLING]
    if serious:
        raise BadConfiguration(serious)
    return site


def load_camera(folder: Path, camera_id: str) -> CameraSettings:
    """Return one camera, whatever the other files say.

    Raises EdgeAgentError if there is no such camera, BadConfiguration if its file is wrong.
    """
    folder = folder.absolute()
    if camera_id not in camera_ids(folder):
        raise unknown_camera(folder, camera_id)
    camera = _load_camera(folder, camera_id)
    if isinstance(camera, RefusedCamera):
        raise BadConfiguration(camera.problems)
    return camera


def unknown_camera(folder: Path, camera_id: str) -> EdgeAgentError:
    """Return the failure for a camera that has no file, with the names that come near."""
    known = camera_ids(folder)
    hint = did_you_mean(camera_id, known) if known else "add one: edge-agent add"
    return EdgeAgentError(f'there is no camera "{camera_id}" in {folder}', hint=hint)


def camera_ids(folder: Path) -> tuple[str, ...]:
    """Return the ids of all cameras that have a file, in order. Raises EdgeAgentError."""
    try:
        files = list((folder / CAMERAS_FOLDER).glob("*.toml"))
    except PermissionError as error:
        why = (error.strerror or "not permitted").lower()
        raise EdgeAgentError(
            f"cannot read {error.filename}: {why}", hint="run this with sudo"
        ) from error
    # Hidden ones are files that somebody is writing just now.
    return tuple(sorted(file.stem for file in files if not file.name.startswith(".")))


def read_camera_text(folder: Path, camera_id: str, text: str) -> CameraSettings | RefusedCamera:
    """Return the camera that a file with this text would be."""
    file = folder / CAMERAS_FOLDER / f"{camera_id}.toml"
    return _read(folder, camera_id, *parse_table(file, text))


def _load_cameras(
    folder: Path,
) -> tuple[tuple[CameraSettings, ...], tuple[RefusedCamera, ...]]:
    all_cameras = [_load_camera(folder, camera_id) for camera_id in camera_ids(folder)]
    cameras = tuple(each for each in all_cameras if isinstance(each, CameraSettings))
    refused = tuple(each for each in all_cameras if isinstance(each, RefusedCamera))
    return cameras, refused


def _load_camera(folder: Path, camera_id: str) -> CameraSettings | RefusedCamera:
    file = folder / CAMERAS_FOLDER / f"{camera_id}.toml"
    return _read(folder, camera_id, *open_table(file, _FIRST_STEP))


def _read(
    folder: Path, camera_id: str, table: Table | None, problems: Problems
) -> CameraSettings | RefusedCamera:
    if table is None:
        return RefusedCamera(camera_id, problems.found)
    camera = read_camera(table, folder, camera_id)
    table.close()
    return RefusedCamera(camera_id, problems.found) if problems.found else camera
