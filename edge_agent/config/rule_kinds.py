"""The kinds of rules, as `kind` names them in a camera's file: one table for reading and writing."""

from edge_agent.rules.options import IntrusionOptions

KINDS: dict[str, type[IntrusionOptions]] = {"intrusion": IntrusionOptions}


def kind_of(rule: IntrusionOptions) -> str:
    """Return the kind of a rule. Raises KeyError for one that the table forgot."""
    return {options: kind for kind, options in KINDS.items()}[type(rule)]
