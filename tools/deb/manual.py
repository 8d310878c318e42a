"""Man pages and shell completion, written from the command line's own help, so that none can drift."""

from __future__ import annotations

import argparse
import importlib
import re
from typing import TYPE_CHECKING

from edge_agent.cli import main
from edge_agent.update.__main__ import parser as updates_parser

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER_WORDS = (
    "folder of agent.toml; $EDGE_AGENT_CONFIG or /etc/edge-agent without it"
    " (of the verb center: of center.toml; /etc/edge-agent-center)"
)
_EXIT_CODES = {
    main.FINE: "fine",
    main.WRONG_ON_SITE: "something is wrong on site; the output says what and the next step",
    main.WRONG_USAGE: "wrong usage",
    main.OUR_DEFECT: "a defect of ours; the output names a file to send us",
    main.BAD_CONFIGURATION: "the configuration cannot be used; every problem is listed",
}
_FILES = {
    "/etc/edge-agent/agent.toml": "who this box is, and where its alerts go",
    "/etc/edge-agent/cameras.d/": "one file for each camera; the commands write them",
    "/etc/edge-agent/secrets/": "passwords, for the agent alone",
    "/var/lib/edge-agent/": "the key of this box, and the alerts that wait for the center",
    "/usr/share/doc/edge-agent/": "the field guide, and examples with every option",
}


def parsers(verb: str) -> list[argparse.ArgumentParser]:
    """Return the parser of a verb, then those of the verbs inside it."""
    parser = argparse.ArgumentParser(prog=f"edge-agent {verb}", description=main.VERBS[verb])
    importlib.import_module(f"edge_agent.cli.{verb.replace('-', '_')}").set_up(parser)
    return [parser, *_inside(parser).values()]


def pages(version: str, date: str) -> dict[str, str]:
    """Return every man page by its file name."""
    found = {"edge-agent.1": _first_page(version, date)}
    for verb, words in main.VERBS.items():
        body = "".join(_section(parser) for parser in parsers(verb))
        head = _head(f"edge-agent-{verb}", words, version, date)
        found[f"edge-agent-{verb}.1"] = f"{head}{body}{_tail(verb)}"
    return found


def updates_page(version: str, date: str) -> str:
    """Return the man page of `edge-agent-updates`, which is root's (section 8)."""
    first = updates_parser()
    body = "".join(_section(parser) for parser in [first, *_inside(first).values()])
    head = _head("edge-agent-updates", str(first.description), version, date, section=8)
    more = "More, for a city and for a technician: /usr/share/doc/edge\\-agent/updates.md.gz"
    return f"{head}{body}.SH SEE ALSO\n.BR edge\\-agent (1)\n.PP\n{more}\n"


def completion() -> str:
    """Return what bash completes: verbs, verbs inside verbs, options, and files after them."""
    cases = []
    for verb in main.VERBS:
        first, *_ = own = parsers(verb)
        inside = _inside(first)
        for name, parser in zip(inside, own[1:], strict=True):
            cases.append(f"    {verb}/{name}) words='{' '.join(_options(parser))}' ;;")
        cases.append(f"    {verb}/*) words='{' '.join([*inside, *_options(first)])}' ;;")
    lines = "\n".join(cases)
    return _COMPLETION.format(verbs=" ".join(main.VERBS), cases=lines)


def _inside(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:  # noqa: SLF001 (argparse offers no other way to read itself)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 (see above)
            found.update(action.choices)
    return found


def _options(parser: argparse.ArgumentParser) -> list[str]:
    actions = parser._actions  # noqa: SLF001 (see above)
    return [*(name for a in actions for name in a.option_strings if len(name) > 2), "--config"]  # noqa: PLR2004 (-h)


def _first_page(version: str, date: str) -> str:
    words = "watch street cameras and send alerts"
    verbs = "".join(
        f".TP\n.BR edge\\-agent\\-{_plain(verb)} (1)\n{_plain(text)}\n"
        for verb, text in main.VERBS.items()
    )
    codes = "".join(f".TP\n.B {code}\n{_plain(text)}\n" for code, text in _EXIT_CODES.items())
    files = "".join(f".TP\n.I {_plain(name)}\n{_plain(text)}\n" for name, text in _FILES.items())
    return (
        f"{_head('edge-agent', words, version, date)}"
        ".SH SYNOPSIS\n.B edge\\-agent\n[\\fB\\-\\-config\\fR \\fIDIR\\fR] \\fIVERB\\fR ...\n.br\n"
        ".B edge\\-agent \\-\\-version\n"
        f".SH DESCRIPTION\nThe verbs stand in the order of a day's work.\n{verbs}"
        f".SH OPTIONS\n.TP\n\\fB\\-\\-config\\fR \\fIDIR\\fR\n{_plain(_FOLDER_WORDS)}\n"
        f".SH EXIT STATUS\n{codes}.SH FILES\n{files}"
        ".SH SEE ALSO\n.BR systemctl (1),\n.BR journalctl (1)\n"
    )


def _head(name: str, words: str, version: str, date: str, *, section: int = 1) -> str:
    title = f'.TH {name.upper()} {section} "{date}" "edge\\-agent {version}" "edge\\-agent"\n'
    return f"{title}.SH NAME\n{_plain(name)} \\- {_plain(words)}\n"


def _section(parser: argparse.ArgumentParser) -> str:
    usage = re.sub(r"\s+", " ", parser.format_usage().removeprefix("usage: ")).strip()
    heading = parser.prog.removeprefix("edge-agent ").upper()
    title = "SYNOPSIS" if " " not in heading else _plain(heading)
    words = _plain(parser.description or "")
    arguments = "".join(_argument(action) for action in _shown(parser))
    return f".SH {title}\n{_plain(usage)}\n.PP\n{words}\n{arguments}"


def _shown(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # noqa: SLF001 (see above)
        is_inner = isinstance(action, argparse._SubParsersAction)  # noqa: SLF001 (see above)
        if action.help is not argparse.SUPPRESS and action.dest != "help" and not is_inner:
            yield action


def _argument(action: argparse.Action) -> str:
    names = ", ".join(f"\\fB{_plain(name)}\\fR" for name in action.option_strings)
    choices = "|".join(map(str, action.choices or ()))
    value = "" if action.nargs == 0 else str(action.metavar or choices or action.dest.upper())
    if isinstance(action.metavar, tuple):
        value = " ".join(action.metavar)
    words = (action.help or "").replace("%%", "%") % vars(action) if action.help else ""
    return f".TP\n{' '.join(filter(None, [names, _plain(value)]))}\n{_plain(words)}\n"


def _tail(verb: str) -> str:
    return (
        f".SH OPTIONS OF EVERY VERB\n.TP\n\\fB\\-\\-config\\fR \\fIDIR\\fR\n{_plain(_FOLDER_WORDS)}\n"
        ".SH SEE ALSO\n.BR edge\\-agent (1)"
        f"\n.PP\nMore about {_plain(verb)}: /usr/share/doc/edge\\-agent/cli.md.gz\n"
    )


def _plain(text: str) -> str:
    r"""Return text that troff shows as it is; a line never begins as a request (\\&)."""
    text = re.sub(r"\s+", " ", text).strip().replace("\\", "\\e").replace("-", "\\-")
    text = text.replace("…", "...").replace("—", "\\(em").replace("·", "\\(bu")
    return f"\\&{text}" if text[:1] in {".", "'"} else text


_COMPLETION = """\
# bash completion for edge-agent, written from its own --help
_edge_agent() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words= verb= inner= word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$word; elif [ -z "$inner" ]; then inner=$word; fi ;;
    esac
  done
  case $before in
  --config) COMPREPLY=($(compgen -d -- "$current")); return ;;
  esac
  case $verb/$inner in
    /*) words='{verbs} --config --version --help' ;;
{cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current") $(compgen -f -- "$current"))
}}
complete -o filenames -F _edge_agent edge-agent
"""
