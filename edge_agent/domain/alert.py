"""An alert as it is kept and sent: finished bytes, which nobody encodes a second time."""

from dataclasses import dataclass

from edge_agent.domain.sighting import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The bytes of one alert message and of its picture.

    `id` names the visit and stays the same from new to end; `revision` counts 0, 1, 2 …, so
    (id, revision) is what a receiver removes duplicates by.
    """

    id: str
    revision: int
    # "" for a record, which the box sends of itself.
    camera: str
    severity: Severity
    # UTF-8 JSON, docs/reference/alert.md; once it is sealed a second line has its signature.
    body: bytes
    # JPEG; empty where there is no new picture.
    thumbnail: bytes
