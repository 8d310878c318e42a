"""How a webhook is signed: Standard Webhooks 1.0.0, HMAC-SHA256 over `id.timestamp.body`.

The identity stays the same over all tries, so that an agency drops what it has already; the time is
that of the try, so that an old one cannot be played again.
"""

import base64
import hashlib
import hmac


def identity(url: str, site: str, box: str, alert_id: str, revision: int) -> str:
    """Return the `webhook-id`. A hash, so that no box chooses it: a full stop would split it."""
    told = "\n".join((url, site, box, alert_id, str(revision)))
    return f"msg_{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def headers(key: bytes, webhook_id: str, wall: float, body: bytes) -> dict[str, str]:
    """Return the three headers."""
    timestamp = str(int(wall))
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
