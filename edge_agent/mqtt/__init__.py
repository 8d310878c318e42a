"""From the disk to the broker."""
