"""What a site may say about the alerts kept on disk."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolOptions:
    """How much may wait. At 17 KB an alert with its picture, 256 MB is about 15,000 alerts.

    The size counts every file of the spool in MiB; under 8 there is no room for its log and its
    reserve.
    """

    size_mb: int = 256
