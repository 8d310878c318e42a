"""A real mosquitto on a free loopback port."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.peers import process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Mosquitto(process.Server):
    """One broker that keeps its port over stop, kill and restart.

    `users` (name: password) turns anonymous clients away; `acl` is the text of an acl_file;
    `settings` are further lines of mosquitto.conf. With `persistence` sessions and queued
    messages survive `stop()` (mosquitto saves on a polite end only, so not `kill()`).
    """

    def __init__(
        self,
        folder: Path,
        *,
        users: Mapping[str, str] | None = None,
        acl: str = "",
        persistence: bool = False,
        settings: tuple[str, ...] = (),
        within: Sequence[str] = (),
    ) -> None:
        self._program = process.required_program("mosquitto")
        self._folder = folder
        self.port = process.free_port()
        super().__init__(folder / "mosquitto.log", within)
        # Under root mosquitto would become its own user: it could not read tmp_path then, and the
        # change of user makes the kernel forget the parent-death signal.
        lines = [f"listener {self.port} 127.0.0.1", "user root", "log_timestamp true"]
        lines += ["log_type all", "log_dest stderr", *settings]
        lines += self._access(users or {}, acl) + self._persistence(wanted=persistence)
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text("\n".join(lines) + "\n")

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def _command(self) -> list[str | Path]:
        return [self._program, "-c", self._configuration]

    def _is_up(self) -> bool:
        return process.listens(self.pid, self.port)

    def _access(self, users: Mapping[str, str], acl: str) -> list[str]:
        lines = []
        if acl:
            path = self._folder / "acl"
            path.write_text(acl + "\n")
            lines.append(f"acl_file {path}")
        if not users:
            return [*lines, "allow_anonymous true"]
        path = self._folder / "passwords"
        path.write_text("".join(f"{name}:{word}\n" for name, word in users.items()))
        path.chmod(0o600)
        subprocess.run(  # noqa: S603 (a program of mosquitto's own package)
            [process.required_program("mosquitto_passwd"), "-U", path],
            check=True,
            env=process.debian.environment(),
        )
        return [*lines, "allow_anonymous false", f"password_file {path}"]

    def _persistence(self, *, wanted: bool) -> list[str]:
        if not wanted:
            return ["persistence false"]
        return ["persistence true", f"persistence_location {self._folder}/"]
