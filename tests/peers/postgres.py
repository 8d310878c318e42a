"""A real PostgreSQL in a folder of its own, reached by a Unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.peers import process

_PORT = 5432


class Postgres(process.Server):
    """One server; `url` names a database that is there. What was committed survives `kill()`.

    PostgreSQL refuses root, so under root it runs as nobody, in a folder that nobody can enter:
    tmp_path is not one.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="edge-agent-postgres-", dir="/tmp"))
        # setpriv changes the user and then makes the promise to die with us: `spawn` asks in order.
        self._as = _unprivileged(self._folder)
        super().__init__(self._folder / "postgres.log", self._as)
        self._data = self._folder / "data"
        self._run(
            "initdb",
            "-D",
            self._data,
            "-U",
            "center",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )

    @property
    def url(self) -> str:
        return f"postgresql://center@/postgres?host={self._folder}"

    def stop(self) -> None:
        """End in order, but do not wait for clients to go, as SIGTERM would."""
        self._end(signal.SIGINT)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self) -> list[str | Path]:
        settings = [
            *("-D", self._data, "-k", self._folder, "-p", str(_PORT)),
            *("-c", "listen_addresses="),
            *("-c", "shared_buffers=16MB", "-c", "max_connections=60"),
        ]
        return [process.required_program("postgres"), *settings]

    def _is_up(self) -> bool:
        asked = ["-h", self._folder, "-p", str(_PORT), "-U", "center", "-d", "postgres", "-q"]
        return (
            subprocess.run(  # noqa: S603 (a program of PostgreSQL's own package)
                [process.required_program("pg_isready"), *asked],
                check=False,
                env=process.debian.environment(),
            ).returncode
            == 0
        )

    def _run(self, name: str, *words: str | Path) -> None:
        done = subprocess.run(  # noqa: S603 (as above)
            [*self._as, process.required_program(name), *words],
            check=False,
            capture_output=True,
            text=True,
            env=process.debian.environment(),
            cwd=self._folder,
        )
        assert done.returncode == 0, done.stderr


def _unprivileged(folder: Path) -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    ids = (f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    return ("/usr/bin/setpriv", *ids)
