"""Under sudo, whoever asks the center for something becomes the center's user.

What a command writes the service must read later, and PostgreSQL lets in whom the system names.
"""

import os
import pwd
from pathlib import Path


def become_owner(folder: Path) -> None:
    """Where root asks, become whom the folder belongs to: for good, with all that root may gone."""
    if os.geteuid() != 0:
        return
    try:
        owner = pwd.getpwuid(folder.stat().st_uid)
    except (OSError, KeyError):
        return
    if owner.pw_uid == 0:
        return
    os.initgroups(owner.pw_name, owner.pw_gid)
    os.setgid(owner.pw_gid)
    os.setuid(owner.pw_uid)
    # libpq looks for its files there.
    os.environ["HOME"] = owner.pw_dir
