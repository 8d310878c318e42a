"""What `check` finds out: one fact for each rung of a ladder, right, wrong or good to know."""

from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.errors import EdgeAgentError

# Words for what is right. An EdgeAgentError that is returned, not raised, is good to know and
# stops nothing.
Answer = str | EdgeAgentError


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: `part` is a camera or a part of the box; `ok` is None for what is good to know."""

    part: str
    step: str
    ok: bool | None
    what: str
    hint: str = ""


def wrong(part: str, step: str, failure: EdgeAgentError) -> Fact:
    """Return a failure as a fact, with the place that was noted on its way up."""
    return _told(part, step, failure, ok=False)


def good_to_know(part: str, step: str, remark: EdgeAgentError) -> Fact:
    """Return a remark as a fact."""
    return _told(part, step, remark, ok=None)


def look_up(part: str, step: str, ask: Callable[[], Answer]) -> Fact:
    """Ask, and return the fact that comes of it."""
    try:
        answer = ask()
    except EdgeAgentError as failure:
        return wrong(part, step, failure)
    if isinstance(answer, EdgeAgentError):
        return good_to_know(part, step, answer)
    return Fact(part, step, ok=True, what=answer)


def climb(part: str, rungs: tuple[tuple[str, Callable[[], Answer]], ...]) -> list[Fact]:
    """Ask rung by rung up to the first that is wrong: those above it cannot be reached."""
    facts: list[Fact] = []
    for step, ask in rungs:
        facts.append(look_up(part, step, ask))
        if facts[-1].ok is False:
            break
    return facts


def _told(part: str, step: str, told: EdgeAgentError, *, ok: bool | None) -> Fact:
    where = "".join(f"{place}: " for place in reversed(getattr(told, "__notes__", [])))
    return Fact(part, step, ok, f"{where}{told.what}", told.hint)
