"""Try a model in a process of its own: one that crashes or hangs takes nobody with it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import edge_agent
from edge_agent.errors import EdgeAgentError

# Loading the libraries and two looks: 0.2 s of CPU here, 2 s on a busy machine. A weak box reads
# them from a slow card, and the agent works beside us.
DEADLINE_S = 60.0
_CHILD = "edge_agent.packs.trial_child"
_ANOTHER = "keep the model you have; ask whoever made this one, with this message"


def try_model(folder: Path, *, allow_float: bool = False, deadline_s: float = DEADLINE_S) -> None:
    """Raise EdgeAgentError where the model in this folder cannot be used on this box."""
    words = [sys.executable, "-m", _CHILD, str(folder)]
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter and module)
            words + ["--allow-float"] * allow_float,
            # One thread for NumPy: on many cores it maps more memory than the child is given.
            env={**os.environ, "PYTHONPATH": _search_path(), "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=deadline_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EdgeAgentError(
            f"the model gave no answer within {deadline_s:.0f} s, and was ended", hint=_ANOTHER
        ) from error
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise EdgeAgentError(f"the model crashes when it is run ({name})", hint=_ANOTHER)
    _judge(done.stdout, done.stderr)


def _search_path() -> str:
    """Return where the child finds this very edge_agent, wherever it is started."""
    ours = str(Path(edge_agent.__file__).parents[1])
    return os.pathsep.join(filter(None, (ours, os.environ.get("PYTHONPATH"))))


def _judge(said: bytes, complaint: bytes) -> None:
    lines = said.decode(errors="replace").splitlines()
    try:
        told = json.loads(lines[-1])
        what, hint = told.get("what", ""), told.get("hint", "")
    except (IndexError, ValueError, AttributeError) as error:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:] or ["no word"]
        raise EdgeAgentError(f"the model could not be tried: {last[0]}", hint=_ANOTHER) from error
    if what:
        raise EdgeAgentError(what, hint=hint)
