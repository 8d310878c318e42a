"""What the box itself says: its boot, and how much memory we hold."""

import os
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_MEMORY = Path("/proc/self/statm")


def boot_id() -> str:
    """Return the kernel's name for this boot (random(4)); empty outside Linux."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def resident_bytes() -> int:
    """Return our resident set (proc(5), statm); 0 where the kernel does not say."""
    try:
        return int(_MEMORY.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
