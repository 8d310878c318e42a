"""What a site may say about packs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PackOptions:
    """Whose models this site takes."""

    # Public keys as `edge-agent model key` prints them. With one here, only packs that one of
    # them signed are taken; several let the fleet change its key without a gap.
    signing_keys: tuple[str, ...] = ()
