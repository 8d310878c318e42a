"""`edge-agent-updates on` and `off`: what is written, what is refused, and that nothing stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.update.__main__ import main
from edge_agent.update.places import Places
from edge_agent.update.source import told_source
from tests.house.source import ROOT

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://updates.city.example"
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places(tmp_path / "root")
    places.templates.parent.mkdir(parents=True)
    places.templates.symlink_to(ROOT / "packaging" / "updates")
    (places.root / "etc").mkdir()
    (places.root / "etc/os-release").write_text('VERSION_CODENAME="trixie"\n')
    (tmp_path / "city.asc").write_text(KEY)
    return places


def _on(places: Places, *words: str, key: str = "city.asc", url: str = URL) -> int:
    file = places.root.parent / key
    return main(["on", url, "--key", str(file), *words], places)


def _files(places: Places) -> list[Path]:
    return [path for path in places.root.rglob("*") if path.is_file() and "apt" in path.parts]


def test_a_box_follows_the_ring_and_the_release_that_it_is_of(places: Places) -> None:
    assert _on(places, "--ring", "canary") == 0

    assert told_source(places) == f"{URL} trixie-canary"
    settings = places.apt_settings.read_text()
    assert '"origin=edge-agent,codename=trixie-canary"' in settings
    assert '"--force-confold"' in settings
    assert places.key.read_text() == KEY
    assert "@" not in settings + places.sources.read_text()


def test_every_box_but_a_canary_is_in_the_last_ring(places: Places) -> None:
    _on(places)

    assert told_source(places) == f"{URL} trixie-stable"


def test_everybody_may_read_what_apts_own_user_has_to(places: Places) -> None:
    _on(places)

    assert {path.stat().st_mode & 0o777 for path in _files(places)} == {0o644}


def test_a_box_without_unattended_upgrades_is_told_so(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    _on(places)
    assert "apt install unattended-upgrades" in capsys.readouterr().out

    (places.root / "usr/bin").mkdir(parents=True)
    (places.root / "usr/bin/unattended-upgrade").touch()
    _on(places)
    assert "next" not in capsys.readouterr().out


def test_a_center_does_not_take_new_versions_by_itself(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its package needs the same version of ours: a box's pin would hold both back, in silence."""
    places.center.parent.mkdir(parents=True)
    places.center.touch()

    assert _on(places) == 1

    assert "this machine is a center" in capsys.readouterr().err
    assert _files(places) == []


def test_switched_off_it_leaves_nothing(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    _on(places)

    assert main(["off"], places) == 0

    assert _files(places) == []
    main(["status"], places)
    assert "none" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    "url", ["updates.city.example", "ftp://updates.city.example", "https://", "https://a:b@host/"]
)
def test_what_is_no_address_is_refused(
    places: Places, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _on(places, url=url) == 1

    assert "no address of an update server" in capsys.readouterr().err
    assert _files(places) == []


def test_a_key_that_is_none_is_refused(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    (places.root.parent / "page.asc").write_text("<html>not found</html>")

    assert (_on(places, key="page.asc"), _on(places, key="nowhere")) == (1, 1)

    said = capsys.readouterr().err
    assert "is no public key of an update server" in said
    assert "cannot read the update server's key" in said
    assert _files(places) == []


def test_a_disk_that_refuses_is_told(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    (places.root / "etc/apt").write_text("in the way")

    assert _on(places) == 1

    assert "cannot write" in capsys.readouterr().err


def test_a_debian_without_a_name_is_told(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    (places.root / "etc/os-release").write_text("ID=debian\n")

    assert _on(places) == 1

    assert "does not say its name" in capsys.readouterr().err


def test_templates_that_are_gone_are_told(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    places.templates.unlink()

    assert _on(places) == 1

    assert "install the package edge-agent again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ((), "edge-agent-updates: say what to do: on, off, status"),
        (("stauts",), 'edge-agent-updates: there is no "stauts"; did you mean status?'),
        (("status", "now"), "edge-agent-updates: unrecognized arguments: now"),
        (("on", URL), "edge-agent-updates on: the following arguments are required: --key"),
        (("on", URL, "--key", "k", "--ring", "canry"), 'there is no "canry"; did you mean canary?'),
    ],
)
def test_a_wrong_word_is_answered_in_two_lines_with_the_next_step(
    places: Places, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], what: str
) -> None:
    assert main(words, places) == 2

    said, hint = capsys.readouterr().err.splitlines()
    assert what in said
    assert hint.startswith("  next: edge-agent-updates")
