"""An export whose database goes away in the middle: whoever has it can see that it is not all."""

from __future__ import annotations

import http.client
import logging
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from edge_agent.center.database import Transaction, open_database
from edge_agent.center.export import Wanted, json_lines
from edge_agent.center.web.options import WebOptions
from edge_agent.cli.main import main
from edge_agent.errors import EdgeAgentError
from tests.center.boxes import Sender
from tests.center.desk import Desk
from tests.center_web.conftest import serving

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.center.key import CenterKey


# In the table's place: a view, whose rows from 700 on the engine cannot compute.
_VIEW = """
CREATE VIEW messages AS SELECT site, box, seq, topic, alert_id, received_wall,
  CASE WHEN seq < 700 THEN payload ELSE abs(-9223372036854775807 - seq / seq) END AS payload
FROM whole
"""


def _rename(transaction: Transaction) -> None:
    transaction.run("ALTER TABLE messages RENAME TO whole")


def test_verify_names_the_end_that_an_export_lacks(
    desk: Desk, box: Sender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.take(box.rotate(), *(box.alert(f"{n}") for n in range(1_200)), box.health())
    export = json_lines(desk.database, Wanted())
    lines = list(islice(export, 10))
    desk.database.write(_rename)

    with pytest.raises(EdgeAgentError):
        lines.extend(export)

    (tmp_path / "export.jsonl").write_text("\n".join(lines))
    assert main(["verify", "--keys", str(desk.list), str(tmp_path / "export.jsonl")]) == 1
    assert f"missing at the end: {len(lines)}-1201" in capsys.readouterr().out


def test_a_browser_is_not_told_that_an_export_is_whole_when_it_broke_off(
    tmp_path: Path, key: CenterKey, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path, open_database(str(tmp_path / "center.db")), key)
    sender = Sender(tmp_path)
    desk.register(sender)
    desk.take(*(sender.alert(f"{n}") for n in range(1_200)), sender.health())
    desk.database.write(_rename)
    desk.database.write(lambda transaction: transaction.run(_VIEW))

    with serving(WebOptions(listen="127.0.0.1:0"), desk.database, desk.clock) as url:
        line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        line.request("GET", "/export/messages.jsonl")
        answer = line.getresponse()
        with pytest.raises(http.client.IncompleteRead) as broken:
            answer.read()
        line.close()
    desk.database.close()

    assert b"/up/health" in broken.value.partial.splitlines()[0]
    # On a busy machine waitress warns of its own queue.
    ours = [one for one in caplog.records if one.name.startswith("edge_agent")]
    told = [one for one in ours if one.levelno >= logging.WARNING]
    assert ["broke off" in one.getMessage() for one in told] == [True]
    assert not told[0].exc_info
