"""What a cell of the database is: somebody may have changed it, and engines differ."""


def as_text(value: object) -> str:
    """Return a text; "" for anything else."""
    return value if isinstance(value, str) else ""


def as_whole(value: object) -> int:
    """Return a whole number; 0 for anything else."""
    return value if isinstance(value, int) else 0


def as_real(value: object) -> float:
    """Return a number; 0 for anything else."""
    return float(value) if isinstance(value, int | float) else 0.0


def as_wall(value: object) -> float | None:
    """Return a time; None where there is none."""
    return None if value is None else as_real(value)


def as_bytes(value: object) -> bytes:
    """Return bytes, as either engine gives them."""
    # SQLite gives a text where somebody has put one in the place of bytes.
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    # PostgreSQL gives a memoryview.
    return bytes(value) if isinstance(value, bytes | memoryview | bytearray) else b""
