"""A site that a technician adds cameras to, and the technician."""

import argparse
import io
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.cli.add import run, set_up
from edge_agent.cli.console import Console
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.secret import Secret
from tests.fakes.onvif_camera import OnvifCamera

RIGHT = "a & b <c>"


@dataclass(slots=True)
class Person:
    """Sits at the keyboard and answers in order; nobody is there without answers."""

    answers: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    is_there: bool = True

    def ask(self, question: str) -> str:
        self.questions.append(question)
        return self.answers.pop(0)

    def ask_secret(self, question: str) -> Secret:
        self.questions.append(question)
        return Secret(self.secrets.pop(0))


class InterruptedSecret(Secret):
    """Somebody presses Ctrl-C while it is written."""

    __slots__ = ()

    def reveal(self) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return super().reveal()


class Site:
    """A configuration folder and the command, run as the technician runs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "etc"
        self.folder.mkdir()
        self.out = ""
        self.password_file = folder / "password"
        self.password_file.write_text(f"{RIGHT}\n")

    def add(
        self,
        *words: str,
        person: Person | None = None,
        clock: Clock | None = None,
        discovery_port: int = 9,
    ) -> int:
        parser = argparse.ArgumentParser()
        set_up(parser)
        out = io.StringIO()
        try:
            return run(
                parser.parse_args([*words], argparse.Namespace(config=self.folder)),
                Console(out, is_terminal=False, width=200),
                keyboard=person or Person(is_there=False),
                clock=clock,
                discovery_port=discovery_port,
            )
        finally:
            self.out = out.getvalue()

    def add_camera(
        self,
        camera: OnvifCamera,
        *words: str,
        person: Person | None = None,
        clock: Clock | None = None,
    ) -> int:
        port = camera.discovery_port
        where = f"127.0.0.1:{camera.port}"
        return self.add(where, *words, person=person, clock=clock, discovery_port=port)

    def with_password(
        self,
        camera: OnvifCamera,
        *words: str,
        person: Person | None = None,
        clock: Clock | None = None,
    ) -> int:
        login = ("--user", "admin", "--password-file", str(self.password_file))
        return self.add_camera(camera, *login, *words, person=person, clock=clock)
