"""Where alerts come from, in the words of whoever drives there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A spot on the map and its name; a site may leave out any part of it."""

    name: str = ""
    # WGS 84, degrees; north and east are positive. Both or none.
    latitude: float | None = None
    longitude: float | None = None
    # What the site's offices divide the town into, from large to small: ("kecamatan", "Plaju").
    area: tuple[tuple[str, str], ...] = ()

    def told(self) -> dict[str, object]:
        """Return it as messages say it."""
        return {
            "name": self.name or None,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "area": dict(self.area),
        }
