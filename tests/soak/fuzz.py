"""Feed one reader or all with spoiled replies, in a process whose memory and time are watched.

    python -m tests.soak.fuzz --count 2000 --seed 1 [--parser NAME]

Prints one JSON line for each reader; exit code 1 at the first input that it does not survive,
which is then written to the named file.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from random import Random
from typing import NoReturn

from edge_agent.errors import EdgeAgentError
from tests.soak.mutations import mutate
from tests.soak.parsers import Parser, parsers

# The deadline of one question to a camera. A reply of a megabyte takes 0.2 s on a quiet box.
_LONGEST_S = 10.0
_WARM_UP = 100


class HangError(BaseException):
    """A reader did not come back; no reader may catch that."""


class AdviceError(Exception):
    """A reader refused without a next step."""


def _alarm(*_: object) -> NoReturn:
    raise HangError(f"no result within {_LONGEST_S:g} s")


def forget_peak() -> None:
    """Let the high-water mark begin anew: it may be another test's (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def run(parser: Parser, count: int, seed: int, failure: Path) -> dict[str, object]:
    """Feed so many replies; raise what a reader raises beyond EdgeAgentError."""
    random = Random(f"{parser.name} {seed}")
    results, slowest_s, before_kb = 0, 0.0, 0
    for number in range(count):
        if number == min(_WARM_UP, count - 1):
            forget_peak()
            before_kb = peak_kb()
        healthy = random.choice(parser.corpus)
        # One in a hundred is healthy: a reader that refuses everything would pass, too.
        content = mutate(healthy, parser.corpus, random) if random.random() > 0.01 else healthy
        began = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, _LONGEST_S)
        try:
            parser.read(content, random)
            results += 1
        except EdgeAgentError as error:
            if not error.hint:
                raise AdviceError(f"without advice: {error}") from error
        except BaseException as error:
            failure.write_bytes(content)
            error.add_note(f"{parser.name}, seed {seed}, input {number}: {failure}")
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        slowest_s = max(slowest_s, time.perf_counter() - began)
    return {
        "parser": parser.name,
        "count": count,
        "results": results,
        "slowest_s": round(slowest_s, 3),
        "growth_mb": round((peak_kb() - before_kb) / 1024, 1),
    }


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--parser", default="")
    options.add_argument("--failure", type=Path, required=True, help="where a killer is written")
    given = options.parse_args()
    signal.signal(signal.SIGALRM, _alarm)
    for parser in parsers():
        if given.parser in {"", parser.name}:
            told = run(parser, given.count, given.seed, given.failure)
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
