"""From an alert to the disk, and back until it is delivered."""
