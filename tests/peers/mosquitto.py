"""A real mosquitto on a free loopback port."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING, Self

from tests.peers import process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Mosquitto:
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
    ) -> None:
        self._program = process.required_program("mosquitto")
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = folder
        self.port = process.free_port()
        self.log_path = folder / "mosquitto.log"
        folder.mkdir(parents=True, exist_ok=True)
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

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self) -> Self:
        assert self._process is None, "this broker runs already"
        self._process = process.spawn(
            [self._program, "-c", self._configuration], log_path=self.log_path
        )
        process.wait_until(lambda: process.accepts(self.port), self._process, self.log_path)
        return self

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop the process without ending it: connections stay open, nothing is answered."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "this broker does not run"
        return self._process

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            process.end(self._process, how)
            self._process = None

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
