"""The other end: a process of its own that knows only the broker and the message contract.

Prints a table row for each alert as it arrives, keeps `index.html` up to date, and at SIGTERM
writes `summary.json`: what came, and how much of it proved to be true.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from demo import page
from demo.ledger import Ledger, Report

TOPIC = "city/v1/+/+/up/#"
_ROW = "{:<8}  {:<6}  {:<17}  {:<8}  {:<11}  {:<6}  {:>5}  {:>8}  {}"
_HEAD = ("time", "camera", "rule", "zone", "label", "state", "score", "thumb", "verified")
# A picture follows its alert at once; a row that has waited this long is printed without it.
_PATIENCE_S = 3.0
_LAST_WORDS_S = 1.0


class Subscriber:
    """Listens, prints, writes the page."""

    def __init__(self, url: str, folder: Path) -> None:
        self._ledger = Ledger()
        self._folder = folder
        self._waiting: list[tuple[float, Report]] = []
        self._told_to_stop = False
        self._has_head = False
        parts = urlsplit(url)
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id="demo", protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect(parts.hostname or "127.0.0.1", parts.port or 1883)

    def run(self) -> None:
        """Listen until SIGTERM or Ctrl-C; raises ConnectionError when the broker is lost."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self._told_to_stop:
            self._listen()
        # What was sent before we were told may still be on its way.
        last = time.monotonic() + _LAST_WORDS_S
        while time.monotonic() < last:
            self._listen()
        self._client.disconnect()
        self._print_rows(patience_s=0)
        self._write()

    def _listen(self) -> None:
        if self._client.loop(0.2) is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionError("the broker hung up")
        self._print_rows()

    def _stop(self, *_: object) -> None:
        self._told_to_stop = True

    def _on_connect(
        self,
        client: Client,
        _data: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            raise ConnectionError(f"the broker refused us: {reason}")
        client.subscribe(TOPIC, qos=1)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        kind, _, rest = message.topic.split("/up/", 1)[1].partition("/")
        if kind == "alert":
            report = self._ledger.take_alert(message.payload)
            self._waiting.append((time.monotonic(), report))
        elif kind == "thumb":
            self._ledger.take_picture(rest.rpartition("/")[2], message.payload)
        else:
            return
        self._print_rows()
        self._write()

    def _print_rows(self, patience_s: float = _PATIENCE_S) -> None:
        now = time.monotonic()
        still = []
        for since, report in self._waiting:
            picture = self._ledger.visits[report.alert_id].picture
            has_its_own = picture is not None and picture.sha256 == report.sha256
            if report.sha256 and not has_its_own and now - since < patience_s:
                still.append((since, report))
                continue
            self._print_head()
            print(
                self._row(report, len(picture.jpeg) if picture and has_its_own else 0), flush=True
            )
        self._waiting = still

    def _print_head(self) -> None:
        """Say once what the columns are; before the first alert others are speaking."""
        if not self._has_head:
            self._has_head = True
            print("\n" + _ROW.format(*_HEAD))
            print(_ROW.format(*("─" * len(word) for word in _HEAD)), flush=True)

    def _row(self, report: Report, size_bytes: int) -> str:
        proof = "yes" if size_bytes else ("NO" if report.sha256 else "no new picture")
        return _ROW.format(
            report.at.astimezone().strftime("%H:%M:%S"),
            report.camera,
            report.rule,
            report.zone,
            report.label,
            report.state,
            f"{report.score:.2f}",
            f"{size_bytes:,} B" if size_bytes else "-",
            proof,
        )

    def _write(self) -> None:
        page.write(self._ledger, self._folder / "index.html")
        summary = {
            "visits": len(self._ledger.visits),
            "alerts": self._ledger.reports,
            "verified": self._ledger.verified,
            "bytes": self._ledger.bytes_received,
        }
        (self._folder / "summary.json").write_text(json.dumps(summary))


def main() -> int:
    """Listen at `--broker` and write into `--out`."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--broker", required=True, help="mqtt://HOST:PORT")
    arguments.add_argument("--out", required=True, type=Path, help="folder for index.html")
    asked = arguments.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    Subscriber(asked.broker, asked.out).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
