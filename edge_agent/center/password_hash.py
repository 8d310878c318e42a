"""Passwords of operators as scrypt hashes: `scrypt:N:r:p$SALT$HASH`, as Werkzeug writes them since 2.3.

Debian 12's Werkzeug (2.2) has no scrypt; Python's own library has.
"""

import hashlib
import hmac
import re
import secrets

# 32 MiB and 0.1 s a try, as Werkzeug has it.
_COST = (32_768, 8, 1)
_FORM = re.compile(r"scrypt:(\d{1,8}):(\d{1,3}):(\d{1,3})\$([^$]{1,200})\$([0-9a-f]{128})")
# A line that asks for more memory than this was not written by us.
_MOST_BYTES = 512 * 1024 * 1024


def hashed(password: str) -> str:
    """Return a new hash, with a salt of its own."""
    salt = secrets.token_hex(8)
    cost = ":".join(map(str, _COST))
    return f"scrypt:{cost}${salt}${_scrypt(password, salt, _COST)}"


def fits(told: str, password: str) -> bool:
    """Tell whether this is the password of that hash; of what is no hash of ours it is not."""
    found = _FORM.fullmatch(told)
    if not found:
        return False
    cost = (int(found[1]), int(found[2]), int(found[3]))
    try:
        return hmac.compare_digest(_scrypt(password, found[4], cost), found[5])
    except (ValueError, MemoryError):
        return False  # numbers that scrypt cannot have


def _scrypt(password: str, salt: str, cost: tuple[int, int, int]) -> str:
    number, size, lanes = cost
    most = min(132 * number * size * lanes, _MOST_BYTES)
    return hashlib.scrypt(
        password.encode(), salt=salt.encode(), n=number, r=size, p=lanes, maxmem=most
    ).hex()
