"""What a site may say about where certificates come from."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentOptions:
    """The center's EST service (RFC 7030); without a url people carry the files."""

    # https://HOST/.well-known/est, or with the center's label behind it.
    url: str = ""
    # The authority that signed the service's own certificate; None: the broker's, else the system's.
    ca_file: Path | None = None
