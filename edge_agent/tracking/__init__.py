"""From sightings to tracks."""
