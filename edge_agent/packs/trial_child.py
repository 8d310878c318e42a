"""The process in which a model is tried: `python -m edge_agent.packs.trial_child FOLDER`.

Says `{}` on standard output where all is well, else what is wrong as JSON.
"""

import json
import resource
import sys
from pathlib import Path

from edge_agent.errors import EdgeAgentError
from edge_agent.packs.examine import examine

# Who started us gives up sooner; where it was killed, nobody else would end a model that hangs.
_CPU_S = 120
# NumPy, OpenCV, LiteRT and our own model map 0.3 GB; a file may ask for any amount, and the agent
# runs beside us.
_MEMORY_BYTES = 2 * 1024**3


def main(words: list[str]) -> int:
    """Examine the model in a folder; `--allow-float` may follow it."""
    _limit(resource.RLIMIT_AS, _MEMORY_BYTES)
    _limit(resource.RLIMIT_CPU, _CPU_S)
    # A crash is told by its signal; its memory on disk would help nobody.
    _limit(resource.RLIMIT_CORE, 0)
    told: dict[str, str] = {}
    try:
        _examine(Path(words[0]), allow_float="--allow-float" in words[1:])
    except EdgeAgentError as failure:
        told = {"what": failure.what, "hint": failure.hint}
    print(json.dumps(told))  # noqa: T201 (our words to the parent)
    return 0


def _limit(what: int, most: int) -> None:
    """Set a limit, or leave the lower one that the system gave us."""
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))


def _examine(folder: Path, *, allow_float: bool) -> None:
    try:
        examine(folder, allow_float=allow_float)
    except MemoryError as error:
        raise EdgeAgentError(
            "the model wants more memory than a box has", hint="take a smaller model"
        ) from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
