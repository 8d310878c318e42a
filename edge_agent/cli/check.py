"""Check everything that this box needs: files, disk, model, clock, broker, and each camera.

One line for each rung; what is wrong says the next step. Nothing is changed; one small message
is published, to a topic for that.
"""

import argparse
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from edge_agent.cli.check_box import broker_of, check_box, check_model
from edge_agent.cli.check_camera import OnvifQuestion, StreamQuestion, check_rules, device_of
from edge_agent.cli.check_crew import Crew, Question
from edge_agent.cli.check_facts import Fact, wrong
from edge_agent.cli.check_login import FirstTry, Turn
from edge_agent.cli.check_way import way_to_stream
from edge_agent.cli.console import Console
from edge_agent.cli.folder import with_folder
from edge_agent.config.load import camera_ids, load_camera, load_settings
from edge_agent.config.settings import CameraSettings, Settings
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import ModelCard
from edge_agent.runtime.clock import Clock, SystemClock
from edge_agent.runtime.secret import Secret
from edge_agent.toml.problems import BadConfiguration

_FINE, _WRONG, _BAD_CONFIGURATION, _INTERRUPTED = 0, 1, 78, 130
_PARTS = ("config", "clock", "cpu", "disk", "spool", "center", "place", "model", "broker")
# Eight dead cameras and a dead broker are through in 6 s; this is for what answers drop by drop.
_DEADLINE_S = 18.0
# For glibc (resolv.conf(5)): else a name server that is dead costs 20 s and more.
_RESOLVER = "timeout:2 attempts:1"


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "cameras", metavar="CAMERA", nargs="*", help="check these cameras only, not the box"
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(args: argparse.Namespace, console: Console) -> int:
    """Check all and return 0, 1 if something is wrong, 78 if `agent.toml` cannot be used."""
    with _quick_resolver():
        return _check(args, console)


def _check(args: argparse.Namespace, console: Console) -> int:
    folder, clock = args.config, SystemClock()
    ids = tuple(args.cameras) or camera_ids(folder)
    report = _Report(console, is_json=args.json)
    console.line_up([*ids, *_PARTS])
    settings, problems = _settings(folder)
    card = None
    if not args.cameras:
        report.tell(problems)
    if settings:
        card = _look_at_box(settings, clock, report, is_whole=not args.cameras)
    broker = [broker_of(settings, clock)] if settings and not args.cameras else []
    _look_around(_Plan(folder, ids, broker, clock), card, report)
    # What a broken agent.toml hides is not for us to say.
    if not ids and settings:
        hint = with_folder("edge-agent discover", folder)
        report.tell([wrong("camera", "camera", EdgeAgentError("there is none yet", hint=hint))])
    report.close()
    if settings is None and not args.cameras:
        return _BAD_CONFIGURATION
    return _WRONG if report.is_bad else _FINE


@contextmanager
def _quick_resolver() -> Iterator[None]:
    """Have glibc give up on a dead name server soon, in threads that begin meanwhile."""
    before = os.environ.get("RES_OPTIONS")
    os.environ.setdefault("RES_OPTIONS", _RESOLVER)
    try:
        yield
    finally:
        if before is None:
            del os.environ["RES_OPTIONS"]


class _Report:
    """Says facts as they come, or all of them at the end as one JSON document."""

    def __init__(self, console: Console, *, is_json: bool) -> None:
        self.is_bad = False
        self._console = console
        self._facts: list[Fact] | None = [] if is_json else None

    def tell(self, facts: Iterable[Fact]) -> None:
        """Say them."""
        for fact in facts:
            self.is_bad = self.is_bad or fact.ok is False
            if self._facts is None:
                self._say(fact)
            else:
                self._facts.append(fact)

    def progress(self, text: str) -> None:
        """Say what we wait for."""
        if self._facts is None:
            self._console.progress(text)

    def close(self) -> None:
        """Say what is not said yet."""
        if self._facts is not None:
            self._console.plain(json.dumps([asdict(fact) for fact in self._facts], indent=2))

    def leave(self) -> None:
        """End the process now, as after Ctrl-C: a thread that opens a stream hears of no stop."""
        self._console.clear_progress()
        self._console.flush()
        os._exit(_INTERRUPTED)

    def _say(self, fact: Fact) -> None:
        what = fact.what if fact.step == fact.part else f"{fact.step}: {fact.what}"
        if fact.ok:
            self._console.ok(fact.part, what)
        elif fact.ok is None:
            self._console.note(fact.part, what, fact.hint)
        else:
            self._console.bad(fact.part, what, fact.hint)


class _Plan:
    """Who is asked what. Channels of one recorder share the questions to it and their answers."""

    def __init__(
        self, folder: Path, ids: tuple[str, ...], broker: Sequence[Question], clock: Clock
    ) -> None:
        self.folder = folder
        self.ids = tuple(dict.fromkeys(ids))
        self.questions: list[Question] = [*broker]
        self.has_broker = bool(broker)
        # By camera: what was wrong with its file, or the camera and the numbers of its questions.
        self.refused: dict[str, list[Fact]] = {}
        self.cameras: dict[str, tuple[CameraSettings, list[int]]] = {}
        self._devices: dict[OnvifQuestion, tuple[int, FirstTry]] = {}
        # By host, user name and password: who tries them first on a stream.
        self._logins: dict[tuple[str, str, Secret], FirstTry] = {}
        self._clock = clock
        for camera_id in self.ids:
            self._add(camera_id)

    def _add(self, camera_id: str) -> None:
        try:
            camera = load_camera(self.folder, camera_id)
            device = device_of(camera, self._clock, self.folder)
        except BadConfiguration as bad:
            self.refused[camera_id] = _problems(camera_id, bad)
        except EdgeAgentError as unknown:
            self.refused[camera_id] = [wrong(camera_id, camera_id, unknown)]
        else:
            numbers, onvif = self._ask_once(device) if device else ([], None)
            stream = StreamQuestion(camera=camera, turn=self._turn_of(camera, onvif))
            self.cameras[camera_id] = camera, [*numbers, self._ask(stream)]

    def _ask_once(self, device: OnvifQuestion) -> tuple[list[int], FirstTry]:
        """Return the number of that question and its try; a password goes to a device once."""
        same = replace(device, part="")
        if same not in self._devices:
            self._devices[same] = self._ask(device), device.tried
        number, tried = self._devices[same]
        return [number], tried

    def _turn_of(self, camera: CameraSettings, onvif: FirstTry | None) -> Turn:
        """Return when the camera's stream may be asked; without a login at once."""
        stream, tried = camera.stream, FirstTry(camera.id)
        if not stream.username:
            return Turn(tried=tried)
        login = way_to_stream(stream.url).host, stream.username, stream.password
        first = self._logins.setdefault(login, tried)
        return Turn(tried=tried, onvif=onvif, first=None if first is tried else first)

    def _ask(self, question: Question) -> int:
        self.questions.append(question)
        return len(self.questions) - 1


def _settings(folder: Path) -> tuple[Settings | None, list[Fact]]:
    try:
        settings = load_settings(folder)
    except BadConfiguration as bad:
        return None, _problems("config", bad)
    what = f"{settings.site}/{settings.box}: {folder}"
    return settings, [Fact("config", "config", ok=True, what=what)]


def _look_at_box(
    settings: Settings, clock: Clock, report: _Report, *, is_whole: bool
) -> ModelCard | None:
    """Say how the box is, or of the model only what is wrong; return the card of the model."""
    report.progress("looking at this box …")
    if is_whole:
        report.tell(check_box(settings, clock))
    fact, card = check_model(settings)
    report.tell([fact] if is_whole or not fact.ok else [])
    return card


def _look_around(plan: _Plan, card: ModelCard | None, report: _Report) -> None:
    """Ask everybody at once, and say the answers in order."""
    crew = Crew(plan.questions, _DEADLINE_S)
    try:
        with crew:
            if plan.has_broker:
                report.progress("asking the broker …")
                report.tell(crew.facts_of(0))
            for camera_id in plan.ids:
                report.progress(f"looking at {camera_id} …")
                report.tell(_facts_of(plan, camera_id, crew, card))
    except KeyboardInterrupt:
        if crew.is_at_work:
            report.leave()
        raise


def _facts_of(plan: _Plan, camera_id: str, crew: Crew, card: ModelCard | None) -> list[Fact]:
    if camera_id in plan.refused:
        return plan.refused[camera_id]
    camera, numbers = plan.cameras[camera_id]
    facts: list[Fact] = []
    for number in numbers:
        # Both ways may begin at the same address.
        said = {fact.what for fact in facts}
        facts += [fact for fact in crew.facts_of(number) if fact.what not in said]
    facts += check_rules(camera, card, plan.folder)
    return [replace(fact, part=camera_id) for fact in facts]


def _problems(part: str, bad: BadConfiguration) -> list[Fact]:
    return [
        Fact(part, part, ok=False, what=str(problem), hint=problem.hint) for problem in bad.problems
    ]
