"""What is exported is what `edge-agent verify` reads, and what a spreadsheet opens."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from edge_agent.center.export import COLUMNS, Wanted, csv_lines, json_lines, picture_lines
from edge_agent.center.sheet import for_excel
from edge_agent.center.web.local_time import find_zone
from edge_agent.cli.main import main
from tests.center.boxes import PICTURE, Sender

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.center.desk import Desk


def test_verify_finds_what_is_exported_complete_up_to_the_head(
    desk: Desk, box: Sender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.take(
        *(box.alert(f"{n}") for n in range(1_200)), box.rotate(), box.alert("z"), box.status()
    )
    (tmp_path / "export.jsonl").write_text("\n".join(json_lines(desk.database, Wanted())))

    code = main(["verify", "--keys", str(desk.list), str(tmp_path / "export.jsonl")])

    told = capsys.readouterr().out
    assert code == 0, told
    assert "1202 messages, complete up to 1202" in told
    assert "no signed head" not in told


def test_verify_names_what_is_missing_at_the_end(
    desk: Desk, box: Sender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.take(box.alert("a"))
    box.alert("b")
    desk.take(box.health())
    (tmp_path / "export.jsonl").write_text("\n".join(json_lines(desk.database, Wanted())))

    assert main(["verify", "--keys", str(desk.list), str(tmp_path / "export.jsonl")]) == 1

    assert "missing at the end: 2" in capsys.readouterr().out


def test_verify_compares_the_pictures_that_are_exported(
    desk: Desk, box: Sender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(60):
        content = PICTURE + bytes([n])
        desk.take(box.alert(f"{n}", picture=content), box.picture(f"{n}", content))
    desk.take(box.status())
    lines = [*json_lines(desk.database, Wanted()), *picture_lines(desk.database, Wanted())]
    (tmp_path / "export.jsonl").write_text("\n".join(lines))

    code = main(["verify", "--keys", str(desk.list), str(tmp_path / "export.jsonl")])

    assert code == 0, capsys.readouterr().out
    assert len(lines) == 60 + 1 + 60


def test_a_table_has_a_line_for_each_alert_as_it_stands(desk: Desk, box: Sender) -> None:
    desk.take(box.alert("a"), box.alert("a", 1, state="end"), box.alert("b", rule="=cmd()"))

    heading, *rows = csv.reader(csv_lines(desk.database, Wanted()))

    assert tuple(heading) == COLUMNS
    told = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    assert [(one["id"], one["state"]) for one in told] == [("a", "end"), ("b", "new")]
    assert told[1]["rule"] == "'=cmd()"


def test_an_export_can_be_narrowed(desk: Desk, box: Sender, tmp_path: Path) -> None:
    other = Sender(tmp_path, site="palembang_", box="plaju-02")
    desk.register(box, other)
    desk.take(box.alert("a"), other.alert("b", severity="high"))
    desk.clock.advance(100)
    desk.take(box.alert("c"))

    def ids(wanted: Wanted) -> list[str]:
        lines = map(json.loads, json_lines(desk.database, wanted))
        return [json.loads(one["payload"].split("\n")[0])["id"] for one in lines]

    assert ids(Wanted()) == ["a", "c", "b"]
    assert ids(Wanted(box="plaju-02")) == ["b"]
    assert ids(Wanted(site="palembang")) == ["a", "c"]
    assert ids(Wanted(severity="high")) == ["b"]
    assert ids(Wanted(since_wall=desk.clock.wall())) == ["c"]
    assert ids(Wanted(until_wall=desk.clock.wall())) == ["a", "b"]
    assert len(list(csv_lines(desk.database, Wanted(severity="medium")))) == 3


def test_times_in_a_table_are_times_and_places_are_words(desk: Desk, box: Sender) -> None:
    place = {
        "name": "Simpang Plaju",
        "latitude": -2.9935,
        "longitude": 104.798,
        "area": {"kecamatan": "Plaju", "kelurahan": "Plaju Ulu"},
    }
    desk.take(box.alert("a", place=place, agencies=["satpol-pp", "bpbd"]))
    heading, row = csv.reader(csv_lines(desk.database, Wanted()))

    told = dict(zip(heading, row, strict=True))

    assert told["received"] == "2026-11-18T11:06:40.000Z"
    assert told["time"] == "2026-11-18T11:15:17.200Z"
    assert (told["place"], told["area"]) == ("Simpang Plaju", "Plaju Ulu, Plaju")
    assert (float(told["latitude"]), float(told["longitude"])) == (-2.9935, 104.798)
    assert told["agencies"] == "satpol-pp; bpbd"
    assert told["objects"] == "person"
    assert (told["handled_by"], told["handled"]) == ("", "")


def test_excel_of_a_computer_set_to_indonesian_opens_it_with_a_click(
    desk: Desk, box: Sender
) -> None:
    place = {"name": "Jalan Ki Anwar § Plaju; barat", "latitude": -2.9935, "longitude": 104.798}
    odd = box.alert("b", time="yesterday", rule="@SUM(1)")
    desk.take(box.alert("a", place=place), odd)
    sheet = for_excel(find_zone("Asia/Jakarta"))
    text = "\n".join(csv_lines(desk.database, Wanted(), sheet))

    assert text.encode().startswith(
        b"\xef\xbb\xbfreceived (Asia/Jakarta);time (Asia/Jakarta);site;"
    )
    heading, row, other = csv.reader(text.removeprefix("\ufeff").splitlines(), delimiter=";")
    told = dict(zip(heading, row, strict=True))
    assert told["received (Asia/Jakarta)"] == "2026-11-18 18:06:40"
    assert told["time (Asia/Jakarta)"] == "2026-11-18 18:15:17"
    assert told["place"] == "Jalan Ki Anwar § Plaju; barat"
    assert (told["latitude"], told["longitude"]) == ("-2,9935", "104,798")
    assert (other[1], other[5]) == ("yesterday", "'@SUM(1)")


def test_json_lines_say_when_each_message_was_received(desk: Desk, box: Sender) -> None:
    desk.take(box.alert("a", picture=PICTURE), box.picture(), box.status())

    lines = [json.loads(one) for one in json_lines(desk.database, Wanted())]
    (picture,) = map(json.loads, picture_lines(desk.database, Wanted()))

    assert [one.get("received") for one in lines] == [None, "2026-11-18T11:06:40.000Z"]
    assert picture["received"] == "2026-11-18T11:06:40.000Z"
