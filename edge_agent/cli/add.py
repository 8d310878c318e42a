"""`edge-agent add`: from an address to saved cameras whose pictures we have seen.

Nothing is saved before a picture of its stream is decoded: what is in the configuration works.
A recorder is added channel by channel; each is whole, or not there.
"""

import argparse
import shlex
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_agent.cli.camera_clock import read_source, settle_clock
from edge_agent.cli.candidate import (
    Candidate,
    Opened,
    Wanted,
    by_rtsp,
    candidate_of,
    open_camera,
)
from edge_agent.cli.channels import choose_channels, read_numbers, with_stream
from edge_agent.cli.configured import configured_cameras
from edge_agent.cli.console import Console
from edge_agent.cli.folder import with_folder
from edge_agent.cli.login import Keyboard, Login, Nobody, Talk, Terminal, tell_open_file
from edge_agent.cli.naming import Naming
from edge_agent.cli.saving import save
from edge_agent.cli.seeing import listen_s, see
from edge_agent.cli.snapshot import keep_snapshot
from edge_agent.cli.tuning import offer_tuning
from edge_agent.config.checks import WORD_RULE, is_word
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import need_room
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.choose import choose
from edge_agent.onvif.discovery import PORT
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.media import Channel
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import Clock, SystemClock
from edge_agent.toml.problems import BadConfiguration
from edge_agent.video.opening import LoginRefusedError
from edge_agent.video.options import StreamOptions

_FINE, _WRONG = 0, 1


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("where", metavar="HOST[:PORT]", help="or rtsp://... without ONVIF")
    parser.add_argument("--name", default="", help="what this box is to call it: gate")
    parser.add_argument("--user", default="", help="the camera's user name")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        default="",
        help="- for standard input; else you are asked",
    )
    parser.add_argument(
        "--stream", metavar="sub|main|TOKEN", default="", help="which stream to analyse"
    )
    parser.add_argument(
        "--channels", metavar="1,3-5|all", type=read_numbers, help="which of a recorder's"
    )
    parser.add_argument(
        "--tune",
        action="store_true",
        help="set that stream's encoder: H.264, 640x360, 10 fps, an I-frame a second",
    )
    parser.add_argument(
        "--set-clock", metavar="now|ntp[:SERVER]", type=read_source, help="set the camera's clock"
    )
    parser.add_argument(
        "--snapshot", metavar="FILE", type=Path, default=Path(), help="where to save a picture"
    )
    parser.add_argument("--yes", action="store_true", help="take what is suggested, do not ask")
    parser.set_defaults(wrong_usage=parser.error)


def run(
    args: argparse.Namespace,
    console: Console,
    *,
    keyboard: Keyboard | None = None,
    clock: Clock | None = None,
    discovery_port: int = PORT,
) -> int:
    """Ask, verify and save; 1 and a line that says what to do where a camera could not be saved."""
    _check_usage(args)
    present: Keyboard = Nobody() if args.yes else keyboard or Terminal()
    talk, clock = Talk(console, present, takes_all=args.yes), clock or SystemClock()
    naming = Naming(args.config, configured_cameras(args.config), talk, clock)
    login = Login(args.user, args.password_file, present, _unasked(args))
    visit = _Visit(args, talk, login, clock, naming)
    try:
        _check_places(args, login, talk)
        if _is_rtsp(args.where):
            return visit.add_stream()
        return visit.add_channels(discovery_port)
    except BadConfiguration:
        raise
    except EdgeAgentError as failure:
        where, _, _ = failure.report().partition("\n")
        console.bad(args.name or "camera", where, failure.hint)
        return _WRONG


def _check_usage(args: argparse.Namespace) -> None:
    if "@" in args.where:
        args.wrong_usage(
            "an address with a password in it can be read by everybody on this box; "
            "use --user and --password-file"
        )
    if args.password_file and not args.user:
        args.wrong_usage("--password-file needs --user")
    if not args.user.isprintable():
        args.wrong_usage("--user holds characters that cannot be printed")
    if args.name and not is_word(args.name):
        args.wrong_usage(f"--name {args.name}: {WORD_RULE}")
    of_onvif = {
        "--stream": args.stream,
        "--channels": args.channels,
        "--tune": args.tune,
        "--set-clock": args.set_clock,
    }
    for option in [name for name, value in of_onvif.items() if value]:
        if _is_rtsp(args.where):
            args.wrong_usage(f"{option} is for ONVIF; an rtsp:// address is one stream")


def _check_places(args: argparse.Namespace, login: Login, talk: Talk) -> None:
    """Raise EdgeAgentError for what would fail after minutes of asking and measuring."""
    need_room(args.config)
    if not args.snapshot.is_dir():
        try:
            with tempfile.TemporaryFile(dir=args.snapshot.parent):
                pass
        except OSError as error:
            raise EdgeAgentError(
                f"cannot write a snapshot to {args.snapshot}: {error.strerror}",
                hint="name another place with --snapshot FILE",
            ) from error
    login.look()
    tell_open_file(login.password_file, args.name or "login", talk.console)


def _unasked(args: argparse.Namespace) -> str:
    why = "--yes asks nothing" if args.yes else "nobody is here to type the password"
    name = f" --name {args.name}" if args.name else ""
    user = shlex.quote(args.user) if args.user else "NAME"
    command = f"edge-agent add {shlex.quote(args.where)}{name} --user {user} --password-file FILE"
    return f"{why}; give it in a file:  {with_folder(command, args.config)}"


@dataclass(frozen=True, slots=True)
class _Visit:
    """One run of the command: what was asked for, and whom to talk to."""

    args: argparse.Namespace
    talk: Talk
    login: Login
    clock: Clock
    naming: Naming

    def add_stream(self) -> int:
        """Add a camera without ONVIF. Raise EdgeAgentError if it cannot be saved."""
        candidate = by_rtsp(
            Wanted(
                where=self.args.where, name=self.args.name, login=self.login, call=self.naming.label
            )
        )
        camera_id = self.naming.name(candidate, self.args.name)
        candidate = self._see_and_save(candidate, camera_id, None, (1, 1))
        self._say_next(camera_id)
        return _FINE

    def add_channels(self, discovery_port: int) -> int:
        """Add the chosen channels of a camera or recorder; 1 if one was missed.

        Raise EdgeAgentError where there is no login, or no channel at all.
        """
        args = self.args
        wanted = Wanted(where=args.where, name=args.name, login=self.login, call=self.naming.label)
        opened = open_camera(wanted, self.talk, self.clock, discovery_port=discovery_port)
        line, label = opened.line, opened.label
        settle_clock(line, opened.presence, args.set_clock, self.clock, self.talk, label)
        channels = with_stream(opened.channels, args.stream)
        known = [
            self.naming.known_as(line.address, opened.identity, one.source) for one in channels
        ]
        chosen, numbers = choose_channels(channels, known, args.channels, self.talk)
        candidates = self._ask_all(opened, chosen)
        ids = self._name_all(opened, candidates)
        self.talk.console.line_up(ids.values())
        saved = self._save_all(opened, candidates, ids)
        if line.repairs:
            repairs = ", ".join(line.repairs)
            self.talk.console.note(label, f"its answers had to be mended: {repairs}")
        if saved:
            self._say_next(ids[saved[0]])
        is_missed = numbers.are_named and len(saved) < len(chosen)
        return _WRONG if is_missed or not saved else _FINE

    def _ask_all(self, opened: Opened, channels: tuple[Channel, ...]) -> dict[int, Candidate]:
        candidates = {}
        for channel in channels:
            try:
                candidates[channel.number] = self._ask(opened, channel)
            except PasswordRefusedError:
                raise
            except EdgeAgentError as failure:
                if len(channels) == 1:
                    raise
                self._leave_out(opened.label, channel.number, failure)
        return candidates

    def _ask(self, opened: Opened, channel: Channel) -> Candidate:
        console = self.talk.console
        which = f"channel {channel.number}: " if len(opened.channels) > 1 else ""
        choice = choose(channel.profiles, self.args.stream)
        console.ok(opened.label, f"{which}stream to analyse is {choice.reason}")
        if self.args.tune:
            choice = offer_tuning(opened.media, choice, opened.label, self.talk)
        return candidate_of(opened, channel, choice)

    def _name_all(self, opened: Opened, candidates: Mapping[int, Candidate]) -> dict[int, str]:
        if len(candidates) > 1:
            return self.naming.name_all(candidates, self.args.name, opened.name)
        is_recorder = len(opened.channels) > 1
        return {
            number: self.naming.name(candidate, self.args.name, is_recorder=is_recorder)
            for number, candidate in candidates.items()
        }

    def _save_all(
        self, opened: Opened, candidates: Mapping[int, Candidate], ids: Mapping[int, str]
    ) -> list[int]:
        """Return the channels that are saved. A refused login ends it: it would lock us out."""
        saved: list[int] = []
        credentials: Credentials | None = None
        streams = sum(2 if each.main else 1 for each in candidates.values())
        for number, candidate in candidates.items():
            try:
                known = candidate.for_user(credentials)
                seen = self._see_and_save(known, ids[number], opened.line, (streams, len(ids)))
            except (BadConfiguration, LoginRefusedError):
                raise
            except EdgeAgentError as failure:
                if len(candidates) == 1:
                    raise
                self._leave_out(ids[number], number, failure)
            else:
                saved.append(number)
                credentials = _login_of(seen.analysis)
        return saved

    def _see_and_save(
        self, candidate: Candidate, camera_id: str, line: Line | None, counts: tuple[int, int]
    ) -> Candidate:
        """Look at its streams, keep a picture, and save it; `counts` are all streams and cameras."""
        streams, cameras = counts
        candidate, frame = see(candidate, self.login, camera_id, self.talk, listen_s(streams))
        where: Path = self.args.snapshot
        if cameras > 1 and not where.is_dir():
            where = where.with_name(f"{where.stem}-{camera_id}{where.suffix}")
        keep_snapshot(candidate, line, frame, where, self.talk, camera_id)
        path = save(self.args.config, _settings(candidate, camera_id))
        self.talk.console.ok(camera_id, f"saved in {path}")
        return candidate

    def _leave_out(self, name: str, number: int, failure: EdgeAgentError) -> None:
        console = self.talk.console
        where, _, _ = failure.report().partition("\n")
        console.bad(name, f"channel {number} is left out: {where}", failure.hint)

    def _say_next(self, camera_id: str) -> None:
        command = f"edge-agent zone add {camera_id} NAME X,Y X,Y X,Y --alert-on person"
        self.talk.console.next(f"say where to watch:  {with_folder(command, self.args.config)}")


def _login_of(stream: StreamOptions) -> Credentials | None:
    """Return who was let in, so that a person is asked once for all channels."""
    return Credentials(stream.username, stream.password) if stream.username else None


def _settings(candidate: Candidate, camera_id: str) -> CameraSettings:
    return CameraSettings(
        id=camera_id,
        name=camera_id,
        stream=candidate.analysis,
        main_stream=candidate.main,
        onvif_url=candidate.onvif_url,
        onvif_endpoint=candidate.identity.endpoint,
        onvif_mac=candidate.identity.mac,
        onvif_serial=candidate.identity.serial,
        onvif_source=candidate.source,
    )


def _is_rtsp(where: str) -> bool:
    return where.lower().startswith(("rtsp://", "rtsps://"))
