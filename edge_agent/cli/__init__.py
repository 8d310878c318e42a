"""The technician's day, one file per verb."""
