from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psycopg
import pytest

from edge_agent.center.database import Database, open_database
from edge_agent.center.key import CenterKey, make_key
from tests.center.boxes import Sender
from tests.center.desk import Desk
from tests.peers.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        yield server.start()
    finally:
        server.remove()


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """A schema of its own for each test: a new database takes seconds."""
    name = f"t{os.urandom(6).hex()}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{postgres.url}&options=-csearch_path%3D{name}"


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new database is, once in each engine."""
    if request.param == "sqlite":
        return str(tmp_path / "center.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def database(where: str) -> Iterator[Database]:
    opened = open_database(where)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> CenterKey:
    return make_key(tmp_path_factory.mktemp("key") / "center.pem")


@pytest.fixture
def desk(tmp_path: Path, database: Database, key: CenterKey) -> Desk:
    return Desk(tmp_path, database, key)


@pytest.fixture
def box(tmp_path: Path, desk: Desk) -> Sender:
    sender = Sender(tmp_path)
    desk.register(sender)
    return sender
