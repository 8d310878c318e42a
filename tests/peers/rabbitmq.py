"""A cluster of RabbitMQ from docs/deploy, on loopback; unpacked, not installed, for `make soak` only.

Each node has ports, folders and a name of its own, all share a cookie and a port mapper (epmd) of
ours. What runs is one process a node, so that `kill` is the end of a node.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from tests.peers import process
from tests.peers.deployed import DEPLOY
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.fakes.authority import Authority

NODES = ("alerts-1", "alerts-2", "alerts-3")


class _PortMapper(process.Server):
    """Tells nodes each other's ports. One of our own: a node would leave one behind."""

    def __init__(self, folder: Path, world: dict[str, str]) -> None:
        super().__init__(folder / "epmd.log", _with(world))
        self._port = int(world["ERL_EPMD_PORT"])

    def _command(self) -> Sequence[str | Path]:
        epmd = debian.RABBITMQ / "usr" / "lib" / "erlang" / "bin" / "epmd"
        return [epmd, "-port", str(self._port), "-address", "127.0.0.1"]

    def _is_up(self) -> bool:
        return process.listens(self.pid, self._port)


class Node(process.Server):
    """One node; its port stays the same over kill and start."""

    # Ten seconds each on two cores, and Mnesia may have to wait for the others.
    patience_s = 90.0

    def __init__(self, name: str, folder: Path, world: dict[str, str], port: int) -> None:
        self.name = name
        self.port = port
        super().__init__(folder / f"{name}.log", _with(world))

    def _command(self) -> Sequence[str | Path]:
        return [*debian.RABBITMQ.glob("usr/lib/rabbitmq/lib/*/sbin/rabbitmq-server"), "-noinput"]

    def _is_up(self) -> bool:
        return process.listens(self.pid, self.port)


class Cluster:
    """Three nodes, which find each other by the deployed configuration."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        if not debian.RABBITMQ.is_dir():
            process.absent("RabbitMQ is not unpacked (make soak does it)")
        self._folder = folder
        self._ports = {name: process.free_port() for name in NODES}
        self._lay_out(authority)
        self._world = self._common_world()
        self._mapper = _PortMapper(folder, self._world)
        self.nodes = tuple(
            Node(name, folder, self._world_of(name), self._ports[name]) for name in NODES
        )
        self._running = ExitStack()

    def __enter__(self) -> Self:
        self._running.enter_context(self._mapper)
        for node in self.nodes:
            self._running.callback(node.kill)
            node.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def ctl(self, *words: str) -> str:
        """Ask the first node, as an operator does."""
        program = next(debian.RABBITMQ.glob("usr/lib/rabbitmq/lib/*/sbin/rabbitmqctl"))
        done = subprocess.run(  # noqa: S603 (a program we name)
            [program, "-n", f"{NODES[0]}@localhost", *words],
            env=process.debian.environment() | self._world,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    def _lay_out(self, authority: Authority) -> None:
        tls = self._folder / "etc" / "tls"
        tls.mkdir(parents=True)
        pair = authority.issue("127.0.0.1")
        shutil.copy(authority.ca_file, tls / "center.pem")
        shutil.copy(pair.certificate, tls / "broker.pem")
        shutil.copy(pair.key, tls / "broker.key")
        for name in ("definitions.json", "enabled_plugins"):
            shutil.copy(DEPLOY / "rabbitmq" / name, tls.parent)
        cookie = self._folder / ".erlang.cookie"
        cookie.write_text("a-word-of-this-test")
        cookie.chmod(0o400)
        for name in NODES:
            self._configure(name)

    def _configure(self, name: str) -> None:
        text = (DEPLOY / "rabbitmq" / "rabbitmq.conf").read_text(encoding="utf-8")
        replacements = {
            "0.0.0.0:8883": f"127.0.0.1:{self._ports[name]}",
            "127.0.0.1:5672": f"127.0.0.1:{process.free_port()}",
            "/etc/rabbitmq": str(self._folder / "etc"),
            # A test's machine may be short of it; a broker's must not.
            "disk_free_limit.absolute = 2GB": "disk_free_limit.absolute = 50MB",
        } | {f"rabbit@{each}": f"{each}@localhost" for each in NODES}
        for theirs, ours in replacements.items():
            assert theirs in text
            text = text.replace(theirs, ours)
        (self._folder / f"{name}.conf").write_text(text)

    def _common_world(self) -> dict[str, str]:
        root = debian.RABBITMQ.resolve()
        erlang = root / "usr" / "lib" / "erlang" / "bin"
        libraries = ":".join(map(str, root.glob("usr/lib/*-linux-gnu")))
        return {
            "HOME": str(self._folder),
            "PATH": f"{erlang}:/usr/bin:/bin",
            "LD_LIBRARY_PATH": libraries,
            "ERL_EPMD_PORT": str(process.free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # Its dump would lie wherever the tests were started.
            "ERL_CRASH_DUMP_BYTES": "0",
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "none"),
            # One process, whose end is the node's end; else a shell stands in front of it.
            "RABBITMQ_ALLOW_INPUT": "1",
        }

    def _world_of(self, name: str) -> dict[str, str]:
        plugins = next(debian.RABBITMQ.resolve().glob("usr/lib/rabbitmq/lib/*/plugins"))
        return self._world | {
            "RABBITMQ_NODENAME": f"{name}@localhost",
            # Else nodes would listen for each other on every network of this machine.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_DIST_PORT": str(process.free_port()),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data" / name),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / f"{name}.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "etc" / "enabled_plugins"),
            "RABBITMQ_PLUGINS_DIR": str(plugins),
        }


def _with(world: dict[str, str]) -> tuple[str, ...]:
    return ("/usr/bin/env", *(f"{name}={value}" for name, value in world.items()))
