"""From tracks to findings."""
