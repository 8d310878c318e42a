"""Get this box its certificate: from the center's service with a token, or by files that people carry.

Can be repeated at any time: what is there is kept, and it goes on where it stopped. `agent.toml`
is a person's file; what is missing in it is shown, never written.
"""

import argparse
import sys
from pathlib import Path

from edge_agent.certificates.certificate import (
    Certificate,
    day,
    parse_certificates,
    read_certificates,
)
from edge_agent.certificates.est import EstServer
from edge_agent.certificates.examine import judge_name_and_dates, judge_pair
from edge_agent.certificates.expiry import renewal_wall
from edge_agent.certificates.tls_folder import FOLDER, TlsFolder, tls_folder
from edge_agent.cli.console import Console
from edge_agent.cli.folder import RESTART, with_folder
from edge_agent.cli.login import Keyboard, Terminal
from edge_agent.config.load import load_site_to_enroll
from edge_agent.config.site import Site
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock, SystemClock
from edge_agent.runtime.secret import Secret

# A center that signs with a module in a vault takes its seconds; a person waits, and sees why.
_PATIENCE_S = 20.0
_PART = "tls"


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--token", metavar="T", help="the center's token for this box; - asks, or reads a line"
    )
    parser.add_argument("--url", help="the center's certificate service; else that of [enrolment]")
    parser.add_argument(
        "--install", metavar="CERT", type=Path, help="install the certificate that came back"
    )
    parser.add_argument(
        "--ca-file", metavar="FILE", type=Path, help="who signs the center's certificates (PEM)"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="a new key and certificate although there is a good one",
    )


def run(
    args: argparse.Namespace,
    console: Console,
    *,
    keyboard: Keyboard | None = None,
    clock: Clock | None = None,
) -> int:
    """Enroll and return 0. Raises EdgeAgentError with the next step for every refusal."""
    site = load_site_to_enroll(args.config)
    folder = args.config.absolute()
    files = tls_folder(folder, site.box, site.state_dir)
    desk = _Desk(folder, site, files, console, clock or SystemClock())
    desk.go_on()
    if args.install:
        return desk.install(args.install, args.ca_file)
    if not args.again and desk.is_enrolled():
        return desk.show()
    if args.token is None:
        return desk.ask_by_file()
    token = _token(args.token, keyboard or Terminal())
    return desk.ask_service(_url(args, site), token, args.ca_file)


class _Desk:
    """Where the technician enrolls one box."""

    def __init__(
        self, folder: Path, site: Site, files: TlsFolder, console: Console, clock: Clock
    ) -> None:
        self._folder = folder
        self._site = site
        self._files = files
        self._console = console
        self._clock = clock

    def is_enrolled(self) -> bool:
        """Tell whether the certificate in use is this box's and good for now."""
        found = self._files.certificate()
        now_wall = self._clock.wall()
        is_ours = found is not None and found.name == self._site.box
        return found is not None and is_ours and found.begins_wall <= now_wall < found.ends_wall

    def show(self) -> int:
        """Say what is there, and which lines are missing."""
        found = self._files.certificate()
        assert found  # noqa: S101 (asked before)
        self._console.ok(_PART, f"{found.name} has a certificate until {day(found.ends_wall)}")
        self._tell_renewal(found)
        self._tell_lines()
        return 0

    def ask_by_file(self) -> int:
        """Make key and request, and say who has to do what with the request."""
        self._files.ask()
        self._console.ok(_PART, f"the request of {self._site.box} is {self._files.request}")
        install = with_folder("edge-agent enroll --install CERTIFICATE", self._folder)
        self._console.next(f"have the center sign it, then:  {install} --ca-file CA", _PART)
        if self._site.enrolment.url:
            token = with_folder("edge-agent enroll --token T", self._folder)
            self._console.next(f"or, with a token of the center:  {token}", _PART)
        return 0

    def ask_service(self, url: str, token: Secret, ca_file: Path | None) -> int:
        """Have the center's service sign, and install what comes."""
        if ca_file:
            read_certificates(ca_file)
        server = EstServer(
            url, ca_file or self._site.enrolment.ca_file or self._known_authority(), _PATIENCE_S
        )
        self._console.progress(f"asking {server.host} …")
        authorities = server.authorities()
        request = self._files.ask()
        signed = server.enroll(request.der, self._site.box, token)
        return self._take(signed, authorities, f"the list of {server.host}")

    def install(self, certificate: Path, ca_file: Path | None) -> int:
        """Install what a person brought back."""
        signed = read_certificates(certificate)
        authorities = read_certificates(ca_file) if ca_file else ()
        if not authorities and not self._known_authority():
            raise EdgeAgentError(
                "nobody has told this box who signs the center's certificates",
                hint="name the center's CA file, too: --ca-file FILE",
            )
        return self._take(signed, authorities, str(ca_file or ""))

    def go_on(self) -> None:
        """Trust whom the pair in use was judged by, where the power went before that was done."""
        try:
            if self._files.offered_authority.exists():
                judge_pair(self._files.pair, self._files.offered_authority)
                self._files.trust()
        except EdgeAgentError:
            self._files.drop_offer()
        except OSError:
            # There is no pair yet, or nothing here is ours to read: what follows says so.
            return

    def _take(
        self, signed: tuple[Certificate, ...], authorities: tuple[Certificate, ...], whose: str
    ) -> int:
        """Judge the certificate as the broker will, and install it; what was there stays beside.

        The authorities count from then on, and not before: a wrong file costs a box nothing.
        """
        current = self._files.certificate()
        is_there = current is not None and current.pem in {one.pem for one in signed}
        try:
            pair = self._files.pair if is_there else self._files.put_together(signed)
            authority = self._known_authority()
            if authorities:
                authority = self._files.offer(b"".join(one.pem for one in authorities))
            found = parse_certificates(pair.read_bytes())[0]
            judge_name_and_dates(found, self._site.box, self._clock.wall())
            assert authority  # noqa: S101 (written just now, or asked for)
            judge_pair(pair, authority, whose)
        except EdgeAgentError:
            self._files.drop_following()
            self._files.drop_offer()
            raise
        if is_there:
            self._files.trust()
            return self.show()
        had_one = self._files.pair.exists()
        self._files.install()
        self._files.trust()
        self._console.ok(_PART, f"{found.name} has a certificate until {day(found.ends_wall)}")
        if had_one:
            self._console.note(_PART, f"the one before is kept: {self._files.previous}")
        self._tell_renewal(found)
        self._tell_lines()
        return 0

    def _known_authority(self) -> Path | None:
        known = self._files.authority, self._site.broker.ca_file
        return next((file for file in known if file and file.exists()), None)

    def _tell_renewal(self, found: Certificate) -> None:
        when = day(renewal_wall(found, 0.0))
        if self._site.enrolment.url:
            self._console.ok(_PART, f"the agent renews it from {when} on")
        else:
            self._console.note(
                _PART,
                f"it is not renewed by itself: [enrolment] has no url; renew it from {when} on",
                "edge-agent enroll --again",
            )

    def _tell_lines(self) -> None:
        """Show the lines that are missing in agent.toml; it is a person's file."""
        if lines := _missing_lines(self._site, self._files):
            file = self._folder / "agent.toml"
            self._console.note(_PART, f"{file} does not use it yet", "write below [broker]:")
            for line in lines:
                self._console.plain(f"  {line}")
            self._console.next(f"then {RESTART}", _PART)
        else:
            self._console.ok(_PART, "agent.toml uses it; a running agent at its next connection")


def _missing_lines(site: Site, files: TlsFolder) -> list[str]:
    broker, pair = site.broker, f"{FOLDER}/{files.pair.name}"
    lines = []
    if not broker.ca_file and files.authority.exists():
        lines.append(f'ca_file = "{FOLDER}/{files.authority.name}"')
    if broker.certificate_file != files.pair:
        lines.append(f'certificate_file = "{pair}"')
    if broker.key_file != files.pair:
        lines.append(f'key_file = "{pair}"')
    return lines


def _url(args: argparse.Namespace, site: Site) -> str:
    url = str(args.url or site.enrolment.url)
    if not url:
        raise EdgeAgentError(
            "nobody has told this box where the center's certificate service is",
            hint="name it: --url https://center.example/.well-known/est, or url in [enrolment]",
        )
    return url


def _token(given: str, keyboard: Keyboard) -> Secret:
    """Return the token; everybody on the box can read an argument (ps), so `-` asks for it."""
    if given != "-":
        return Secret(given)
    if keyboard.is_there:
        return keyboard.ask_secret("the center's token for this box: ")
    return Secret(sys.stdin.readline().strip() if sys.stdin else "")
