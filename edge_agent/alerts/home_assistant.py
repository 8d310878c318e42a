"""How Home Assistant finds a box by itself: MQTT discovery of one device with its sensors.

One retained message describes the device (2024.11 and later); each sensor then says ON or OFF.
"""

import hashlib
import json
import re
from collections.abc import Callable, Sequence

from edge_agent import __version__
from edge_agent.alerts.standing import Standing

ON, OFF = b"ON", b"OFF"
_NO_WORD = re.compile(r"[^a-z0-9]+")
# What the sensor is drawn as; what is not in here is somebody who is there.
_CLASSES = {"tamper": "tamper", "video_loss": "problem"}
# A status also says "stopped", which Home Assistant does not know.
_AVAILABLE = "{{ 'online' if value_json.state == 'online' else 'offline' }}"


def discovery_topic(site: str, box: str) -> str:
    """Return where Home Assistant looks for the description of this box."""
    return f"homeassistant/device/{_device(site, box)}/config"


def sensor_name(standing: Standing) -> str:
    """Return a name for topics and ids that no two rules of a box share.

    Neither cameras nor words have a dot: `gate.no-entry`, and `gate.says.tamper`.
    """
    if standing.kind in _CLASSES:
        return f"{standing.camera}.says.{standing.kind}"
    word = _NO_WORD.sub("-", standing.rule.lower()).strip("-")
    mark = hashlib.sha256(standing.rule.encode()).hexdigest()[:6]
    name = word if word == standing.rule else f"{word}-{mark}"
    return f"{standing.camera}.{name}"


def write_discovery(
    standings: Sequence[Standing],
    *,
    site: str,
    box: str,
    name: str,
    status_topic: str,
    state_topic: Callable[[str], str],
) -> bytes:
    """Return the description; `state_topic` tells where a sensor of that name says its state."""
    device = _device(site, box)
    told = {
        "device": {
            "identifiers": [device],
            "name": name,
            "manufacturer": "edge-agent",
            "sw_version": __version__,
        },
        "origin": {"name": "edge-agent", "sw_version": __version__},
        "availability": [{"topic": status_topic, "value_template": _AVAILABLE}],
        "components": {
            sensor: {
                "platform": "binary_sensor",
                "name": f"{standing.camera}: {standing.rule}",
                "unique_id": f"{device}-{sensor}",
                "device_class": _CLASSES.get(standing.kind, "occupancy"),
                "state_topic": state_topic(sensor),
            }
            for standing in standings
            for sensor in [sensor_name(standing)]
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _device(site: str, box: str) -> str:
    return f"edge-agent-{site}-{box}"
