"""Open the files of a site and return frozen settings, or every reason why not."""

import re
import tomllib
from pathlib import Path

from edge_agent.config.camera import read_camera
from edge_agent.config.problems import BadConfiguration, Problems
from edge_agent.config.reader import Table, did_you_mean
from edge_agent.config.settings import CameraSettings, RefusedCamera, Settings
from edge_agent.config.site import read_site
from edge_agent.errors import EdgeAgentError

AGENT_FILE = "agent.toml"
CAMERAS_FOLDER = "cameras.d"
# What tomllib says (Python 3.11 to 3.14), and what it means to somebody who never heard of TOML.
_PLAIN_WORDS = {
    "Invalid value": "the value is not complete, or a text without quotes",
    "Invalid statement": "it is neither a [section] nor name = value",
    "Expected '=' after a key": "there is no = after the name",
    "Expected newline or end of document": "something stands behind the end of the value",
    "Expected ']'": "a ] is missing",
    "Unclosed array": "a list has no ] at its end, or no , between two values",
    "Unterminated string": "a text has no quotes at its end",
    "Illegal character": "a text has no quotes at its end, or holds a character that cannot be typed",
    "Unescaped '\\'": "write \\\\ for a backslash, or put the text into '…'",
    "Cannot overwrite a value": "this option stands twice; delete one of the lines",
    "Cannot declare": "this section was there before; sections that repeat have [[double]] brackets",
}
_FIRST_STEP = "copy docs/examples/agent.toml there and set site, box and the url of the broker"


def load_settings(folder: Path) -> Settings:
    """Return the settings of a folder; cameras that cannot be used are in `refused`.

    Raises BadConfiguration with all problems of `agent.toml`.
    """
    folder = folder.absolute()
    file = folder / AGENT_FILE
    table, problems = _open(file)
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
        center=site.center,
        cameras=cameras,
        refused=refused,
    )


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
    """Return the ids of all cameras that have a file, in order."""
    files = (folder / CAMERAS_FOLDER).glob("*.toml")
    # Hidden ones are files that somebody is writing just now.
    return tuple(sorted(file.stem for file in files if not file.name.startswith(".")))


def read_camera_text(folder: Path, camera_id: str, text: str) -> CameraSettings | RefusedCamera:
    """Return the camera that a file with this text would be."""
    file = folder / CAMERAS_FOLDER / f"{camera_id}.toml"
    return _read(folder, camera_id, *_parse(file, text))


def _load_cameras(
    folder: Path,
) -> tuple[tuple[CameraSettings, ...], tuple[RefusedCamera, ...]]:
    all_cameras = [_load_camera(folder, camera_id) for camera_id in camera_ids(folder)]
    cameras = tuple(each for each in all_cameras if isinstance(each, CameraSettings))
    refused = tuple(each for each in all_cameras if isinstance(each, RefusedCamera))
    return cameras, refused


def _load_camera(folder: Path, camera_id: str) -> CameraSettings | RefusedCamera:
    file = folder / CAMERAS_FOLDER / f"{camera_id}.toml"
    return _read(folder, camera_id, *_open(file))


def _read(
    folder: Path, camera_id: str, table: Table | None, problems: Problems
) -> CameraSettings | RefusedCamera:
    if table is None:
        return RefusedCamera(camera_id, problems.found)
    camera = read_camera(table, folder, camera_id)
    table.close()
    return RefusedCamera(camera_id, problems.found) if problems.found else camera


def _open(file: Path) -> tuple[Table | None, Problems]:
    problems = Problems(file)
    try:
        return _parse(file, file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        is_there = file.parent.is_dir()
        what = "there is no such file" if is_there else "there is no such folder"
        problems.add_at_line(None, what, _FIRST_STEP if is_there else _no_folder(file.parent))
    except UnicodeDecodeError:
        problems.add_at_line(None, "is not a UTF-8 text", "save it as UTF-8 in your editor")
    except OSError as error:
        hint = "run this with sudo, or let the user of the agent read it"
        problems.add_at_line(None, f"cannot be read: {error.strerror}", hint)
    return None, problems


def _no_folder(folder: Path) -> str:
    return (
        f"name the right one with --config or in $EDGE_AGENT_CONFIG, or make it:  "
        f"sudo mkdir -p {folder}   then {_FIRST_STEP}"
    )


def _parse(file: Path, text: str) -> tuple[Table | None, Problems]:
    problems = Problems(file, text)
    try:
        return Table(tomllib.loads(text), problems), problems
    except tomllib.TOMLDecodeError as error:
        why, line = _syntax_error(error, text)
        what = f"this line cannot be read: {why}"
        problems.add_at_line(line, what, 'values look like name = "text", number = 5, flag = true')
    return None, problems


def _syntax_error(error: tomllib.TOMLDecodeError, text: str) -> tuple[str, int]:
    """Return tomllib's complaint in plain words; it tells the line only inside its sentence."""
    message = str(error)
    what, _, place = message.partition(" (at ")
    line = re.match(r"line (\d+)", place)
    last = text.count("\n") + 1
    plain = (words for start, words in _PLAIN_WORDS.items() if what.startswith(start))
    return next(plain, f"{what[:1].lower()}{what[1:]}"), int(line[1]) if line else last
