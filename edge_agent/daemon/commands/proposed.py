"""Whether a proposed configuration may be tried: read by the real loader, in a copy of the folder."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge_agent.config.load import AGENT_FILE, CAMERAS_FOLDER, load_settings
from edge_agent.config.redaction import STARS
from edge_agent.config.settings import Settings
from edge_agent.config.store import not_written
from edge_agent.daemon.commands.config_get import content_of, hash_of
from edge_agent.daemon.commands.trust import changes_of_trust, home_of
from edge_agent.toml.problems import BadConfiguration


@dataclass(frozen=True, slots=True)
class Proposed:
    """Which files become what; None removes one."""

    folder: Path
    files: Mapping[str, bytes | None]

    def stale(self, base: Mapping[str, str | None]) -> list[str]:
        """Return the files that are not as the center read them."""
        names = sorted(self.files.keys() | base.keys())
        return [name for name in names if _hash(self.folder / name) != base.get(name)]

    def problems(self, now: Settings, *, may_change_trust: bool) -> list[str]:
        """Return all that is wrong with it; nothing on the box has changed by asking."""
        starred = [
            f"{name}: {STARS} stands for a secret that stays on the box"
            for name, content in self.files.items()
            if content is not None and STARS.encode() in content
        ]
        if starred:
            return starred
        with self._copy() as copy:
            try:
                settings = load_settings(copy)
            except BadConfiguration as bad:
                return [_told(problem, copy, self.folder) for problem in bad.problems]
            found = [
                _told(problem, copy, self.folder)
                for camera in settings.refused
                if f"{CAMERAS_FOLDER}/{camera.id}.toml" in self.files
                for problem in camera.problems
            ]
            found += _changed_at_the_box(now, settings, copy)
            if not may_change_trust:
                found += changes_of_trust(now, self._present(now), settings, copy)
            return found

    def _present(self, now: Settings) -> Settings:
        """Return what the files say: a camera that moved has another address than at our start."""
        try:
            return load_settings(self.folder)
        except BadConfiguration:
            return now

    @contextmanager
    def _copy(self) -> Iterator[Path]:
        """Make a folder as this one would be: everything else is linked, and so found."""
        folder = self.folder
        try:
            with tempfile.TemporaryDirectory(prefix="edge-agent-") as place:
                copy = Path(place)
                for there in folder.iterdir():
                    if there.name not in {AGENT_FILE, CAMERAS_FOLDER} and there.name[0] != ".":
                        (copy / there.name).symlink_to(there)
                shutil.copy(folder / AGENT_FILE, copy / AGENT_FILE)
                (copy / CAMERAS_FOLDER).mkdir()
                for there in (folder / CAMERAS_FOLDER).glob("*.toml"):
                    shutil.copy(there, copy / CAMERAS_FOLDER / there.name)
                for name, content in self.files.items():
                    if content is None:
                        (copy / name).unlink(missing_ok=True)
                    else:
                        (copy / name).write_bytes(content)
                yield copy
        except OSError as error:
            raise not_written(folder, error) from error


def _hash(file: Path) -> str | None:
    return hash_of(content_of(file)) if file.exists() else None


def _told(problem: object, copy: Path, folder: Path) -> str:
    return str(problem).replace(str(copy), str(folder))


def _changed_at_the_box(now: Settings, then: Settings, copy: Path) -> list[str]:
    """Return what only a person at the box may change: who it is, and where its memory lies."""
    before, after = (now.site, now.box), (then.site, then.box)
    found = [] if before == after else ["site and box are changed at the box, not from afar"]
    if home_of(then.state_dir, copy, now.folder) != now.state_dir:
        found.append("state_dir is changed at the box, not from afar")
    return found
