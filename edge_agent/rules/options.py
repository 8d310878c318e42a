"""What a site may say about each rule. One class a rule; the `kind` in the file names it."""

from dataclasses import dataclass, replace
from typing import Self

from edge_agent.domain.sighting import Label, Severity
from edge_agent.domain.zone import Zone

# Whom a rule watches for where nobody says.
PEOPLE: frozenset[Label] = frozenset({Label.PERSON})


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrusionOptions:
    """Somebody or something is where it must not be, for long enough to matter."""

    name: str
    zone: Zone
    labels: frozenset[Label] = PEOPLE
    severity: Severity = Severity.MEDIUM
    # Seconds inside, of camera time, before it is reported; shorter is a step over the line.
    patience_s: float = 1.0
    # Hidden for this long, or outside for this long, is still the same visit.
    absence_s: float = 3.0
    # While a visit lasts the center is told again this often.
    update_s: float = 30.0
    # Whom its alerts concern; None: whom the site names for all rules.
    agencies: tuple[str, ...] | None = None

    @classmethod
    def usual(cls, name: str, zone: Zone, labels: frozenset[Label]) -> Self:
        """Return what counts where nobody says otherwise.

        Garbage lies for days: whoever puts a bag down and takes it up again is let go, a parked lorry
        does not make another heap of it, and the center is told again by the hour.
        """
        rule = cls(name=name, zone=zone, labels=labels)
        if labels == {Label.GARBAGE}:
            return replace(rule, patience_s=60.0, absence_s=600.0, update_s=3600.0)
        return rule
