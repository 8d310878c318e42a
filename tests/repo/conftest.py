from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.peers.web_folder import WebFolder
from tests.repo.city import City, throw_away_key

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def key_home() -> Iterator[Path]:
    """A home of gpg's with one key; its path is short, because sockets have their names in it."""
    with tempfile.TemporaryDirectory(prefix="gpg-") as folder, throw_away_key(Path(folder)):
        yield Path(folder)


@pytest.fixture
def city(tmp_path: Path, key_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    monkeypatch.setenv("GNUPGHOME", str(key_home))
    city = City(tmp_path)
    city.repository.lay_out()
    with WebFolder(city.public, tmp_path / "web.log") as web:
        city.url = web.url
        yield city
