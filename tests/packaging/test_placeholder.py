"""A library without code can be loaded, for both processors, and its functions return nothing."""

from __future__ import annotations

import ctypes
import platform
from typing import TYPE_CHECKING

import pytest

from tools.deb import placeholder
from tools.deb.target import PROCESSORS, Processor

if TYPE_CHECKING:
    from pathlib import Path

_FUNCTIONS = ["encoder_close", "encoder_open", "encoder_version"]


@pytest.mark.parametrize("processor", PROCESSORS.values(), ids=PROCESSORS)
def test_a_stand_in_is_a_library_of_its_processor(processor: Processor) -> None:
    content = placeholder.write("libencoder.so.1", _FUNCTIONS, processor)

    assert content[:4] == b"\x7fELF"
    assert int.from_bytes(content[18:20], "little") == processor.elf_machine
    assert len(content) < 1024


def test_its_functions_return_nothing(tmp_path: Path) -> None:
    here = [one for one in PROCESSORS.values() if one.machine == platform.machine()]
    if not here:
        pytest.skip(f"no package is made for {platform.machine()}")
    file = tmp_path / "libencoder.so.1"
    file.write_bytes(placeholder.write(file.name, _FUNCTIONS, here[0]))

    library = ctypes.CDLL(str(file))

    assert [getattr(library, name)(1, 2) for name in _FUNCTIONS] == [0, 0, 0]
    assert not hasattr(library, "encoder_of_somebody_else")
