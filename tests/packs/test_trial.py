"""A model is tried before a box depends on it, where its crash hurts nobody."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import MODELS
from edge_agent.inference.number_formats import floating_formats
from edge_agent.packs.trial import try_model
from tests.inference.pictures import model_folder
from tests.packs.models import change_card, change_weights, street

# What a broken runtime does to the process that loads it.
_CRASH = "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n"
_HANG = "import signal\nsignal.pause()\n"
_LIMITS = """
import json, os, resource
print(json.dumps({"what": str(resource.getrlimit(resource.RLIMIT_CPU)), "hint": "-"}), flush=True)
os._exit(0)
"""
_OTHER_WORDS = "import os\nprint('not JSON', flush=True)\nos._exit(3)\n"


@pytest.fixture
def broken_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A TFLite runtime of our own making, which a child finds before the real one."""
    package = tmp_path / "libraries" / "ai_edge_litert"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    return package / "interpreter.py"


def refusal(folder: Path, **options: float | bool) -> EdgeAgentError:
    with pytest.raises(EdgeAgentError) as caught:
        try_model(folder, **options)
    assert caught.value.hint
    assert "\n" not in caught.value.what
    return caught.value


def test_our_own_model_passes() -> None:
    try_model(MODELS / "street")


def test_a_model_that_crashes_the_process_is_named_by_its_signal(broken_runtime: Path) -> None:
    broken_runtime.write_text(_CRASH)

    assert refusal(MODELS / "street").what == "the model crashes when it is run (SIGILL)"


def test_a_model_that_hangs_is_ended(broken_runtime: Path) -> None:
    broken_runtime.write_text(_HANG)

    assert "no answer within 3 s" in refusal(MODELS / "street", deadline_s=3.0).what


def test_a_model_that_hangs_ends_although_whoever_tried_it_was_killed(broken_runtime: Path) -> None:
    broken_runtime.write_text(_LIMITS)

    assert refusal(MODELS / "street").what == "(120, 120)"


def test_a_box_that_gives_a_process_less_memory_is_no_fault_of_the_model() -> None:
    words = (
        "import resource, pathlib\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1_600_000_000, 1_600_000_000))\n"
        "from edge_agent.packs.trial import try_model\n"
        f"try_model(pathlib.Path({str(MODELS / 'street')!r}))\n"
    )

    done = subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-c", words], capture_output=True, text=True, timeout=60.0, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_a_child_that_ends_without_our_words_is_no_good_model(broken_runtime: Path) -> None:
    broken_runtime.write_text(_OTHER_WORDS)

    assert refusal(MODELS / "street").what == "the model could not be tried: no word"


def with_a_float(content: bytes) -> bytes:
    """Call one int8 tensor of a TFLite file float32, as a converter would that gave up on it."""
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    flatbuffers = pytest.importorskip("flatbuffers")
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    model.subgraphs[0].tensors[5].type = schema.TensorType.FLOAT32
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_a_network_with_one_float_inside_is_not_int8_throughout(tmp_path: Path) -> None:
    folder = change_weights(street(tmp_path / "street"), with_a_float)

    assert "computes in float32, not in int8 throughout" in refusal(folder).what


@pytest.mark.parametrize(
    ("file", "formats"),
    [
        ("nanodet_m_320_int8.tflite", []),
        ("fastestdet_352_int8.tflite", []),
        ("yolox_nano_416_dr.tflite", ["float32"]),
        ("coral_traffic_model.tflite", ["float32"]),
    ],
)
def test_the_formats_of_real_files(models_folder: Path, file: str, formats: list[str]) -> None:
    assert floating_formats(models_folder / file) == formats


def test_a_dynamic_range_model_is_taken_only_where_somebody_says_so(
    models_folder: Path, tmp_path: Path
) -> None:
    folder = model_folder("yolox", models_folder, tmp_path)

    assert "--allow-float" in refusal(folder).hint
    try_model(folder, allow_float=True)


@settings(deadline=None)  # a busy machine is no failure
@given(st.binary(max_size=400).map(b"\x10\x00\x00\x00TFL3".__add__) | st.binary(max_size=100))
def test_whatever_a_file_says_reading_its_formats_ends_in_our_words(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "street.tflite"
        file.write_bytes(content)
        with suppress(EdgeAgentError):
            floating_formats(file)


def test_an_onnx_file_is_no_tflite(tmp_path: Path) -> None:
    folder = change_weights(street(tmp_path / "street"), lambda _: b"\x08\x07\x12pytorch" * 100)

    assert refusal(folder).what == "street.tflite is no TFLite network"


@pytest.mark.parametrize(
    ("pattern", "by", "what"),
    [
        (r"^width_px = .*$", "width_px = 640", "takes 1x320x320x3, the card says 1x320x640x3"),
        (r"^decoding = .*$", 'decoding = "ltrb"', 'cannot be read as "ltrb"'),
        (r"^names = .*$", 'names = ["person", "car"]', 'cannot be read as "nanodet"'),
        (r"^scale = .*$", "scale = [1e9, 1e9, 1e9]", "says the same of every picture"),
        (r"^score = .*$", "score = 0.001", "objects in "),
    ],
)
def test_a_card_that_does_not_fit_its_network_is_refused(
    tmp_path: Path, pattern: str, by: str, what: str
) -> None:
    folder = street(tmp_path / "street")
    change_card(folder, pattern, by)

    assert what in refusal(folder).what


def test_a_card_of_endless_brackets_is_refused_in_our_words(tmp_path: Path) -> None:
    folder = street(tmp_path / "street")
    with (folder / "model.toml").open("a") as card:
        card.write("more = " + "[" * 60_000)

    assert "is not TOML" in refusal(folder).what


def test_a_card_that_points_at_another_file_of_the_box_is_refused(tmp_path: Path) -> None:
    folder = street(tmp_path / "street", file='"/etc/hostname"')

    with pytest.raises(EdgeAgentError, match="must be the name of a file beside the card"):
        try_model(folder)


@pytest.mark.parametrize("part", [0, 7, 64, 5_000, 700_000, 1_200_000])
def test_a_network_cut_short_is_refused(tmp_path: Path, part: int) -> None:
    folder = change_weights(street(tmp_path / "street"), lambda content: content[:part])

    refusal(folder)
