"""What only a center needs: packages that no box has, named where one is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from edge_agent.errors import EdgeAgentError

_EXTRA = {"flask", "waitress", "werkzeug", "requests"}


@contextmanager
def needed() -> Iterator[None]:
    """Import inside. Raises EdgeAgentError that names what is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise EdgeAgentError(
            f"the center needs {error.name}, which is not installed",
            hint="sudo apt install edge-agent-center; in a clone: pip install '.[center]'",
        ) from error
