"""center.toml: every problem at once, and the example as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.center.settings import SILENT_S, BrokerOptions, load_center
from edge_agent.toml.problems import BadConfiguration

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "center.toml"


def _write(folder: Path, text: str) -> Path:
    (folder / "center.toml").write_text(text)
    return folder


def test_the_example_works_as_it_is(tmp_path: Path) -> None:
    settings = load_center(_write(tmp_path, EXAMPLE.read_text()))

    assert settings.database.where == "/var/lib/edge-agent-center/center.db"
    assert settings.boxes_file == tmp_path / "boxes"
    assert settings.key_file == tmp_path / "center.pem"
    assert settings.broker == BrokerOptions(url="mqtts://alerts.example:8883")
    assert settings.silent_s == SILENT_S


def test_the_example_tells_every_option_with_its_true_default(tmp_path: Path) -> None:
    """Uncommented, it says the same; what names a file that must be there stays a remark."""
    lines = [
        line.removeprefix("# ")
        for line in EXAMPLE.read_text().splitlines()
        if "_file" not in line and ("database" not in line or not line.startswith("#"))
    ]
    told = [line for line in lines if line.startswith("[") or line.split(" ")[1:2] == ["="]]

    assert load_center(_write(tmp_path, "\n".join(told))) == load_center(
        _write(tmp_path, EXAMPLE.read_text())
    )
    named = {line.split(" ")[0] for line in EXAMPLE.read_text().replace("# ", "").splitlines()}
    options = set(BrokerOptions.__dataclass_fields__) - {"password"}
    assert options | {"database", "silent_s", "file"} <= named


def test_a_password_of_postgresql_stands_in_a_file_and_in_no_log(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a secret\n")
    (tmp_path / "password").chmod(0o600)
    told = 'database_password_file = "password"\n[broker]\nurl = "mqtts://x"\n'

    settings = load_center(_write(tmp_path, f'database = "postgresql://db/alerts"\n{told}'))

    assert settings.database.password.reveal() == "a secret"
    assert "a secret" not in repr(settings)
    with pytest.raises(BadConfiguration, match="1 problem"):
        load_center(_write(tmp_path, f'database = "center.db"\n{told}'))


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    text = 'silent_s = 0\n[broker]\nurl = "http://x"\nclient_id = "a/b"\nkeep = 5\n[web]\nx = 1\n'

    with pytest.raises(BadConfiguration) as caught:
        load_center(_write(tmp_path, text))

    told = caught.value.report()
    for what in (
        "database: is missing",
        "must be more than 0",
        "must begin with",
        "cannot be used",
    ):
        assert what in told
    assert "there is no such option" in told


@pytest.mark.parametrize(
    ("database", "what"),
    [
        ("postgresql://center:secret@db/alerts", "has a password in it"),
        ("postgres://db/alerts", "is not an address"),
        ("postgresql://db", "is not an address"),
    ],
)
def test_an_address_of_a_database_is_looked_at(tmp_path: Path, database: str, what: str) -> None:
    text = f'database = "{database}"\n[broker]\nurl = "mqtts://x"\n'

    with pytest.raises(BadConfiguration, match="1 problem") as caught:
        load_center(_write(tmp_path, text))

    assert what in caught.value.report()
    assert "secret@" not in caught.value.report()


def test_plain_mqtt_has_to_be_meant(tmp_path: Path) -> None:
    text = 'database = "x.db"\n[broker]\nurl = "mqtt://x"\n'

    with pytest.raises(BadConfiguration) as caught:
        load_center(_write(tmp_path, text))

    assert "mqtt:// shows every alert to the network" in caught.value.report()


@pytest.mark.parametrize("proxy", ["*", "10.0.0.0/8", "proxy.example"])
def test_only_one_address_is_believed_who_asks_the_page(tmp_path: Path, proxy: str) -> None:
    text = f'database = "x.db"\n[broker]\nurl = "mqtts://x"\n[web]\ntrusted_proxy = "{proxy}"\n'

    with pytest.raises(BadConfiguration, match="1 problem") as caught:
        load_center(_write(tmp_path, text))

    assert "is no IP address" in caught.value.report()
