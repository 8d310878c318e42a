"""The command center of the bench: notes when each alert arrived, on a process of its own.

Prints `ready` once subscribed, then one JSON object a message: wall, topic, alert.
"""

import json
import sys
import time
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion


def main() -> None:
    """Listen at the loopback port in argv[1] for the site in argv[2]."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_connect = lambda one, *_: one.subscribe(f"city/v1/{sys.argv[2]}/+/up/alert/#", qos=1)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.on_message = _note
    client.connect("127.0.0.1", int(sys.argv[1]))
    client.loop_forever()


def _note(_client: Client, _user: Any, message: MQTTMessage) -> None:
    wall = time.time()
    # Below the body stands its signature.
    alert = json.loads(message.payload.split(b"\n")[0])
    print(json.dumps({"wall": wall, "topic": message.topic, "alert": alert}), flush=True)


if __name__ == "__main__":
    main()
