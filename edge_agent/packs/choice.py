"""Which model this box uses, as commands chose it and the agent found it to work.

A file that machines write; what a person wrote in agent.toml is never touched.
"""

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from edge_agent.errors import EdgeAgentError
from edge_agent.packs.pack_file import reading, writing
from edge_agent.runtime.files import write_whole

# Of the agent with a model that is not proven: a power cut or two in its first minutes are no
# proof against it, and three deaths are.
MOST_STARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Names of models, as `model list` shows them; "" is the one that agent.toml says."""

    wanted: str = ""
    # The latest that worked; what a box goes back to.
    good: str = ""
    # How often the agent began with `wanted` and came neither to a proof nor to an orderly end.
    starts: int = 0
    # Given up at a start, and why.
    failed: str = ""
    failure: str = ""

    @property
    def is_proven(self) -> bool:
        """Tell whether what is wanted has worked."""
        return self.wanted == self.good

    def choose(self, model: str) -> "Choice":
        """Want this model from the next start on."""
        return Choice(wanted=model, good=self.good)

    def begin(self) -> "Choice":
        """Note that the agent begins with it."""
        return self if self.is_proven else replace(self, starts=self.starts + 1)

    def end_well(self) -> "Choice":
        """Note that the agent ended in order: that start counts for nothing."""
        return replace(self, starts=max(0, self.starts - 1))

    def prove(self) -> "Choice":
        """Note that it works."""
        return Choice(wanted=self.wanted, good=self.wanted)

    def give_up(self, why: str) -> "Choice":
        """Go back to the latest that worked, or from that to agent.toml's."""
        back = "" if self.is_proven else self.good
        return Choice(wanted=back, good=back, failed=self.wanted, failure=why)

    def refuse(self, model: str, why: str) -> "Choice":
        """Go on with what there is, instead of a model that came by itself and cannot be used."""
        return replace(self, failed=model, failure=why)


def read_choice(file: Path) -> Choice:
    """Return what was chosen; nothing where no command chose yet.

    Raises EdgeAgentError where the file is there and says nothing that we wrote.
    """
    try:
        with reading(file):
            told = json.loads(file.read_bytes())
        if not isinstance(told, dict) or not all(_is_ours(*item) for item in told.items()):
            raise ValueError(told)  # noqa: TRY301 (the same to the technician as no JSON)
    except EdgeAgentError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return Choice()
        raise
    except (ValueError, RecursionError) as error:
        raise EdgeAgentError(
            f"{file} is damaged: nobody knows which model was chosen",
            hint="choose again: edge-agent model use NAME",
        ) from error
    return Choice(**told)


def write_choice(file: Path, choice: Choice, owner: tuple[int, int] | None = None) -> None:
    """Save it, whole or not at all. Raises EdgeAgentError."""
    with writing(file):
        content = json.dumps(asdict(choice), indent=2).encode() + b"\n"
        write_whole(file, content, owner=owner)


def _is_ours(key: str, value: object) -> bool:
    kinds = {field.name: field.type for field in fields(Choice)}
    kind = kinds.get(key)
    return type(value) is kind
