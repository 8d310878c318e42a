"""`make repo`, `make promote`: put packages into the repository of the boxes, and move them on."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tools import debian, packages
from tools.repo.repository import RINGS, Repository
from tools.repo.unfit import UnfitError


def main() -> int:
    """Do one thing to the repository; exit with 1 and one line where that cannot be done."""
    args = _arguments()
    try:
        repository = Repository(args.folder, args.key)
        done = _do(args, repository)
    except (UnfitError, packages.Unavailable) as error:
        print(f"make repo: {error}")
        return 1
    except subprocess.CalledProcessError as failure:
        print(f"make repo: {failure.cmd[0]} ended with {failure.returncode}\n{failure.stderr}")
        return 1
    print(done)
    for suite in repository.suites:
        held = ", ".join(map(str, repository.held(suite))) or "nothing"
        print(f"  {suite:<16} {held}")
    return 0


def _do(args: argparse.Namespace, repository: Repository) -> str:
    repository.lay_out()
    match args.what:
        case "add":
            dist = debian.REPOSITORY / "dist"
            files = args.packages or [*sorted(dist.glob("*.deb")), *sorted(dist.glob("*.pack"))]
            # First, and with a new date also where nothing is new: one file that cannot be taken must
            # not let the signatures of all boxes run out.
            repository.sign()
            names = ", ".join(str(repository.add(file)) for file in files)
            return f"the canaries have {names}" if names else "signed anew; dist/ has no package"
        case "promote":
            repository.promote(args.version, args.source, args.target)
            return f"{args.version} went from {args.source} to {args.target}"
        case "withdraw":
            repository.withdraw(args.version, args.ring)
            return f"no box of the ring {args.ring} gets {args.version} any more"
        case _:
            repository.sign()
            return "signed anew"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.repo", allow_abbrev=False)
    parser.add_argument("--folder", type=Path, default=debian.REPOSITORY / "dist" / "repo")
    parser.add_argument("--key", required=True, help="who signs, as `gpg --list-secret-keys` says")
    verbs = parser.add_subparsers(dest="what", required=True)
    add = verbs.add_parser("add", help="give packages and model packs to the first ring")
    default = "default: dist/*.deb, the center's too, and dist/*.pack"
    add.add_argument("packages", type=Path, nargs="*", help=default)
    promote = verbs.add_parser("promote", help="give one ring's version to the next")
    promote.add_argument("version", help="0.2.0, as the agent says it; street-1.1.0, a model")
    promote.add_argument("--from", choices=RINGS, default=RINGS[0], dest="source")
    promote.add_argument("--to", choices=RINGS, default=RINGS[1], dest="target")
    withdraw = verbs.add_parser("withdraw", help="take a version out of a ring")
    withdraw.add_argument("version")
    withdraw.add_argument("ring", choices=RINGS)
    verbs.add_parser("sign", help="sign the same contents anew, before they expire")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
