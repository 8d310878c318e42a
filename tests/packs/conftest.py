"""Packs and keys, made once: nothing changes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from edge_agent.packs.signature import key_id, make_key, read_key
from edge_agent.packs.store import Store
from tests.packs.models import packed, street

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Key:
    """The fleet's key: its private file, and what a site's file says."""

    file: Path
    public: str

    @property
    def id(self) -> str:
        raw = read_key(self.public)
        assert raw
        return key_id(raw)


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    file = tmp_path_factory.mktemp("key") / "fleet.key"
    return Key(file, make_key(file))


@pytest.fixture(scope="session")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    file = tmp_path_factory.mktemp("key") / "other.key"
    return Key(file, make_key(file))


@pytest.fixture(scope="session")
def street_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return our own model as street 9.9.9."""
    folder = tmp_path_factory.mktemp("pack")
    return packed(street(folder / "street"), folder / "street-9.9.9.pack")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state")
