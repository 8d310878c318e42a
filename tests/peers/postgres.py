"""A real PostgreSQL in a folder of its own, reached by a Unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.peers import process

# Debian keeps the server's programs off PATH, in a folder for each version.
_FOLDERS = ("usr/lib/postgresql/15/bin", "usr/lib/postgresql/16/bin", "usr/lib/postgresql/17/bin")
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
            "initdb", "-D", self._data, "-U", "center", "-A", "trust", "-E", "UTF8", "--locale=C"
        )

    @property
    def url(self) -> str:
        return f"postgresql://center@/postgres?host={self._folder}"

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self) -> list[str | Path]:
        settings = [
            *("-D", self._data, "-k", self._folder, "-p", str(_PORT)),
            *("-c", "listen_addresses="),
            *("-c", "shared_buffers=16MB", "-c", "max_connections=60"),
        ]
        return [_program("postgres"), *settings]

    def _is_up(self) -> bool:
        asked = ["-h", self._folder, "-p", str(_PORT), "-U", "center", "-d", "postgres", "-q"]
        return (
            subprocess.run(  # noqa: S603 (a program of PostgreSQL's own package)
                [_program("pg_isready"), *asked], check=False, env=process.debian.environment()
            ).returncode
            == 0
        )

    def _run(self, name: str, *words: str | Path) -> None:
        done = subprocess.run(  # noqa: S603 (as above)
            [*self._as, _program(name), *words],
            check=False,
            capture_output=True,
            text=True,
            env=process.debian.environment(),
            cwd=self._folder,
        )
        assert done.returncode == 0, done.stderr


def _program(name: str) -> Path:
    roots = (Path("/"), process.debian.UNPACKED)
    found = (root / folder / name for root in roots for folder in _FOLDERS)
    return next((path for path in found if path.exists()), None) or process.absent(
        f"{name} of postgresql-15 is not on this machine"
    )


def _unprivileged(folder: Path) -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    ids = (f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    return ("/usr/bin/setpriv", *ids)
