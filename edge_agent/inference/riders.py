"""Who rides is part of the two-wheeler: one motorcycle must not also raise an alert for a person.

Models taught on COCO see a person on a bicycle. The rule: a person of whom at least
`RIDING_SHARE` lies inside a two-wheeler's box is its rider and is dropped, if the two-wheeler is
at least `SUREST_GHOST` sure. Somebody who walks past a parked motorcycle stands taller than it and
stays a person: an alert too many is better than a person overlooked.
"""

from collections.abc import Sequence

from edge_agent.domain.sighting import Label, Sighting

# Measured on idn_tidar test, riders merged: from 0.4 to 0.7 this cost the fewest real persons.
RIDING_SHARE = 0.6
# Fainter two-wheelers are often ghosts, and a ghost must not swallow the person beside it.
SUREST_GHOST = 0.35


def without_riders(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Return the sightings without the persons who ride."""
    machines = [
        sighting.box
        for sighting in sightings
        if sighting.label is Label.TWO_WHEELER and sighting.score >= SUREST_GHOST
    ]
    return [
        sighting
        for sighting in sightings
        if sighting.label is not Label.PERSON
        or not any(
            sighting.box.shared(machine) >= RIDING_SHARE * sighting.box.area for machine in machines
        )
    ]
