from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.inference.processor import require_instructions
from edge_agent.inference.runtime import Network, _find_interpreter, _without_chatter

if TYPE_CHECKING:
    from pathlib import Path

NEHALEM = "fpu sse sse2 ssse3 cx16 sse4_1 sse4_2 popcnt"


def cpuinfo(folder: Path, flags: str, name: str = "flags") -> Path:
    file = folder / "cpuinfo"
    file.write_text(f"processor\t: 0\nmodel name\t: some\n{name}\t\t: {flags}\n\nprocessor\t: 1\n")
    return file


def test_an_old_celeron_runs_litert_which_needs_no_avx(tmp_path: Path) -> None:
    require_instructions("ai_edge_litert", "x86_64", cpuinfo(tmp_path, NEHALEM))


def test_an_old_celeron_is_told_that_tflite_runtime_needs_avx(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="lacks avx, which tflite_runtime needs") as caught:
        require_instructions("tflite_runtime", "x86_64", cpuinfo(tmp_path, NEHALEM))

    assert "newer processor" in caught.value.hint


def test_a_processor_older_than_x86_64_v2_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="lacks popcnt, sse4_2"):
        require_instructions(
            "ai_edge_litert", "x86_64", cpuinfo(tmp_path, "ssse3 cx16 sse4_1 sse4a")
        )


def test_a_32_bit_arm_needs_neon(tmp_path: Path) -> None:
    require_instructions("tflite_runtime", "armv7l", cpuinfo(tmp_path, "vfp neon", "Features"))
    with pytest.raises(EdgeAgentError, match="neon"):
        require_instructions("tflite_runtime", "armv7l", cpuinfo(tmp_path, "vfp", "Features"))


def test_a_64_bit_arm_needs_nothing_special(tmp_path: Path) -> None:
    require_instructions("ai_edge_litert", "aarch64", cpuinfo(tmp_path, "fp asimd", "Features"))


def test_without_proc_the_import_decides(tmp_path: Path) -> None:
    require_instructions("ai_edge_litert", "x86_64", tmp_path / "absent")


def test_this_machine_can_run_what_it_tests() -> None:
    require_instructions("ai_edge_litert")


def absent(name: str) -> object:
    raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def test_where_the_first_runtime_is_missing_the_second_is_taken() -> None:
    packages = [("first", lambda: absent("first")), ("second", lambda: "interpreter")]

    assert _find_interpreter(packages) == "interpreter"


def test_a_box_without_any_runtime_is_told_what_to_install() -> None:
    packages = [("first", lambda: absent("first.part")), ("second", lambda: absent("second"))]

    with pytest.raises(EdgeAgentError, match="no TFLite runtime is installed") as caught:
        _find_interpreter(packages)

    assert "pip install" in caught.value.hint


def test_a_runtime_that_lacks_a_part_is_a_defect_and_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError):
        _find_interpreter([("first", lambda: absent("flatbuffers")), ("second", lambda: "other")])


def test_a_file_that_is_no_network_is_named(tmp_path: Path) -> None:
    weights = tmp_path / "street.tflite"
    weights.write_bytes(b"GARBAGE" * 1000)

    with pytest.raises(EdgeAgentError, match=r"street\.tflite cannot be loaded") as caught:
        Network(weights)

    assert caught.value.hint


def test_a_file_cut_short_on_the_way_is_named(tmp_path: Path, models_folder: Path) -> None:
    weights = tmp_path / "street.tflite"
    whole = (models_folder / "nanodet_m_320_int8.tflite").read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(EdgeAgentError, match=r"street\.tflite cannot be loaded"):
        Network(weights)


def test_a_real_network_tells_its_ends_and_runs(models_folder: Path) -> None:
    network = Network(models_folder / "nanodet_m_320_int8.tflite", threads=2)

    outputs = network.run(np.zeros((1, 320, 320, 3), np.int8))

    assert network.inputs[0].shape == (1, 320, 320, 3)
    assert network.inputs[0].zero == -14
    assert [raw.shape for raw in outputs] == [slot.shape for slot in network.outputs]


def test_the_runtimes_chatter_stays_out_of_the_journal(
    models_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Network(models_folder / "nanodet_m_320_int8.tflite")

    assert "XNNPACK" not in capfd.readouterr().err


def test_what_others_say_meanwhile_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with _without_chatter():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\ncamera gate lost\n")

    assert capfd.readouterr().err == "camera gate lost\n"
