"""A center with an authority and a certificate service, and a box that is not enrolled yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.certificates.town import Town

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def town(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Town]:
    with Town(tmp_path, capsys) as town:
        yield town
