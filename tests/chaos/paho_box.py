"""The same box as people write it first: paho with its queue in memory, and nothing else.

    python -m tests.chaos.paho_box FOLDER URL LIFE MOST

`publish` has returned for each name that it prints.
"""

from __future__ import annotations

import json
import sys
import threading
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.chaos.box import _EVERY_S
from tests.fakes.alerts import an_alert
from tests.fakes.box import BOX, SITE


def main() -> None:
    url, life, most = sys.argv[2], sys.argv[3], int(sys.argv[4])
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=BOX, protocol=paho.MQTTv5)
    client.connect_async("127.0.0.1", int(url.rpartition(":")[2]), keepalive=5)
    client.loop_start()
    gone: list[int] = []
    client.on_publish = lambda *words: gone.append(words[2])
    # `is_published` raises for what was queued offline, though it is sent later (paho 2.2).
    for count, name in enumerate(_say(life, most)):
        client.publish(f"city/v1/{SITE}/{BOX}/up/alert/gate", _numbered(name, count), qos=1)
    deadline = time.monotonic() + 20
    while len(gone) < most and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    client.disconnect()
    client.loop_stop()


def _numbered(name: str, count: int) -> bytes:
    """Return an alert of ours without a signature: its number is unique to its life."""
    life = int(name.partition("-")[0].removeprefix("life"))
    told = json.loads(an_alert(name, picture_bytes=0).body) | {"seq": life * 100_000 + count + 1}
    return json.dumps(told).encode()


def _say(life: str, most: int):  # noqa: ANN202 (a generator of names)
    for count in range(most):
        yield f"life{life}-{count:05}"
        print(f"life{life}-{count:05}", flush=True)  # noqa: T201 (the promise)
        threading.Event().wait(_EVERY_S)


if __name__ == "__main__":
    main()
