"""Where a backup is restored to: what is there is set aside, and each file comes whole."""

import grp
import os
import pwd
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge_agent.alerts.box_key import FOLDER
from edge_agent.alerts.position import Position
from edge_agent.cli.backup_tree import CONFIG, About, Item
from edge_agent.config.store import not_written
from edge_agent.runtime.files import write_whole

_SPOOL = "spool."


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of this box that a backup goes to."""

    folder: Path
    about: About

    @property
    def state_dir(self) -> Path:
        """Where the backup's `agent.toml` wants it."""
        return self.folder / self.about.state_dir

    def make_room(self, now_wall: float, *, is_another: bool) -> None:
        """Make the folders; set aside what another box left there. Raises EdgeAgentError."""
        name = f"before-restore-{int(now_wall)}"
        try:
            for root in (self.folder, self.state_dir):
                if not root.exists():
                    root.mkdir(mode=0o755, parents=True)
                    self._give(root, root.parent)
                if is_another:
                    _set_aside(root, root / name, keep=self.state_dir)
            (self.state_dir / FOLDER).mkdir(mode=0o700, exist_ok=True)
            self._give(self.state_dir / FOLDER, self.state_dir)
        except OSError as error:
            raise not_written(self.folder, error) from error

    def begin_position(self, most: int) -> None:
        """Write how far the numbers may have gone. Raises EdgeAgentError."""
        file = self.state_dir / FOLDER / "position"
        try:
            Position(file).begin(most)
            self._give(file, self.state_dir)
        except OSError as error:
            raise not_written(file, error) from error

    def write(self, items: list[Item]) -> None:
        """Write the state, then the configuration: without it no agent begins.

        A spool that is there stays: what waits in it is younger. Raises EdgeAgentError.
        """
        has_spool = (self.state_dir / "spool.sqlite").exists()
        for item in sorted(items, key=lambda each: each.name.startswith(f"{CONFIG}/")):
            root_name, _, name = item.name.partition("/")
            if name.startswith(_SPOOL) and has_spool:
                continue
            root = self.folder if root_name == CONFIG else self.state_dir
            self._write(item, root, root / name)

    def _write(self, item: Item, root: Path, file: Path) -> None:
        try:
            for parent in reversed(file.relative_to(root).parents[:-1]):
                # As private as the most private file that we put there.
                mode = 0o700 if item.mode & 0o077 == 0 else 0o755
                (root / parent).mkdir(mode=mode, exist_ok=True)
                self._give(root / parent, root)
            write_whole(file, item.content, mode=item.mode, owner=self._owner(item, root))
        except OSError as error:
            raise not_written(file, error) from error

    def _owner(self, item: Item, root: Path) -> tuple[int, int] | None:
        """Return whose a file becomes, by the names of its owners, else as its folder is."""
        if os.geteuid() != 0:
            return None
        user, group = root.stat().st_uid, root.stat().st_gid
        with suppress(KeyError):
            user = pwd.getpwnam(item.user).pw_uid
        with suppress(KeyError):
            group = grp.getgrnam(item.group).gr_gid
        return user, group

    def _give(self, place: Path, root: Path) -> None:
        if os.geteuid() == 0:
            owner = root.stat()
            os.chown(place, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _set_aside(root: Path, aside: Path, *, keep: Path) -> None:
    """Move all that lies in a folder into one below it."""
    found = [each for each in root.iterdir() if not each.name.startswith("before-restore")]
    found = [each for each in found if each != keep]
    if not found:
        return
    aside.mkdir(mode=0o700)
    for each in found:
        each.rename(aside / each.name)
