"""From a frame to motion areas and sightings."""
