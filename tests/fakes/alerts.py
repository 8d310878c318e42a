"""Alerts to send where what they say does not matter."""

import json
import random
from hashlib import sha256

from edge_agent.domain.alert import Alert
from edge_agent.domain.sighting import Severity


def an_alert(
    id_: str = "visit-1",
    *,
    revision: int = 0,
    camera: str = "gate",
    severity: Severity = Severity.MEDIUM,
    picture_bytes: int = 12_000,
    padding: int = 660,
) -> Alert:
    """Return an alert of the usual size; its picture is noise that depends on its id."""
    picture = random.Random(f"{id_}/{revision}").randbytes(picture_bytes)
    told = {
        "type": "intrusion",
        "time": "2026-11-18T11:06:40.000Z",
        "site": "kota",
        "box": "box-7",
        "id": id_,
        "revision": revision,
        "thumb": {"sha256": sha256(picture).hexdigest()} if picture else None,
        "padding": "x" * padding,
    }
    body = json.dumps(told).encode()
    return Alert(
        id=id_, revision=revision, camera=camera, severity=severity, body=body, thumbnail=picture
    )
