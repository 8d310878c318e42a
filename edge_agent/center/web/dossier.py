"""All that is known of one alert, with its proof."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.center.retention.holds import Hold
from edge_agent.center.told import Told, read_told
from edge_agent.center.web.archive import Archive, Card, Step
from edge_agent.center.web.proof import Check, Evidence, StoredMessage, is_sound, prove
from edge_agent.contract import split

# What a page can show; each costs two hashes and a signature.
_MOST_PROVEN = 50


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision and what proves it."""

    told: Told
    message: StoredMessage
    checks: tuple[Check, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with it."""
        return is_sound(self.checks)


@dataclass(frozen=True, slots=True)
class Dossier:
    """One alert."""

    card: Card
    revisions: Sequence[Revision]
    pictures: Sequence[str]
    steps: Sequence[Step]
    # Whoever keeps it beyond its term.
    hold: Hold | None

    @property
    def is_sound(self) -> bool:
        """Whether there is proof, and none of it is wrong."""
        return bool(self.revisions) and all(one.is_sound for one in self.revisions)

    @property
    def latest(self) -> Told | None:
        """What the newest message says."""
        return self.revisions[0].told if self.revisions else None


def open_dossier(archive: Archive, site: str, box: str, alert_id: str) -> Dossier | None:
    """Return all of one alert, proven now; None where there is none."""
    card = archive.alert(site, box, alert_id)
    if card is None:
        return None
    keys = archive.keys(site, box)
    pictures = archive.pictures(site, box, alert_id)
    deleted = archive.deleted_pictures(site, box, alert_id)
    revisions: list[Revision] = []
    for message in archive.revisions(site, box, alert_id)[:_MOST_PROVEN]:
        told = read_told(split(message.payload)[0])
        evidence = Evidence(
            site=site,
            box=box,
            message=message,
            keys=keys,
            before=archive.message(site, box, message.seq - 1),
            after=archive.message(site, box, message.seq + 1),
            is_before_accounted=archive.is_accounted(site, box, message.seq - 1),
            is_before_deleted=archive.is_deleted(site, box, message.seq - 1),
            is_after_deleted=archive.is_deleted(site, box, message.seq + 1),
            deleted_pictures=deleted,
            pictures=pictures,
            shown=None if revisions else card.told,
        )
        revisions.append(Revision(told, message, prove(evidence)))
    steps, hold = archive.steps(site, box, alert_id), archive.hold(site, box, alert_id)
    return Dossier(card, revisions, list(pictures), steps, hold)
