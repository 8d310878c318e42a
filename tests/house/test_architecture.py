"""docs/architecture.md tells the layers, threads, bounds and waits that the code has."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest

from edge_agent.alerts import album, thumbnail
from edge_agent.contract import chain as verifier
from edge_agent.daemon import camera_loop, publish_loop, pulse
from edge_agent.inference import sweep
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime import logs
from edge_agent.spool import chain, rows
from edge_agent.spool.options import SpoolOptions
from edge_agent.video import gate
from edge_agent.video.options import StreamOptions
from tests.house.source import AGENT, ROOT, modules, tree_of

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
STREAM = StreamOptions(url="")
FACTS = {
    "idle packets": f"{gate._MOST_BYTES / 1e6:g} MB per camera (`video/gate.py`)",
    "best pictures": f"{album._MOST} per camera, {album._MEMORY_S:g} s after",
    "unkept alerts": f"{camera_loop._MOST_UNKEPT} per camera, in memory",
    "spool": f"`[spool] size_mb`, default {SpoolOptions().size_mb}",
    "parked": f"{rows.MOST_PARKED} (`spool/rows.py`)",
    "gone": (
        f"records, {chain._RANGES_A_RECORD} ranges each, {chain._RECORDS_AT_ONCE} records at once"
    ),
    "verifier": f"{verifier._MOST_HASHES:,} and {verifier._MOST_HELD:,} a box",
    "in flight": f"`[broker] in_flight`, {BrokerOptions(url='').in_flight},",
    "log lines": f"{logs._MOST_LINES} (`runtime/logs.py`)",
    "thumbnail": f"at most {thumbnail.MOST_BYTES / 1000:g} KB",
    "sweep": f"the whole picture every {sweep.SWEEP_S:g} s",
    "watchdog": f"after {pulse.STALE_S:g} s the main thread stops",
    "broker retries": (
        f"broker {publish_loop._FIRST_RETRY_S:g} s to {publish_loop._LAST_RETRY_S:g} s"
    ),
    "stream deadlines": f"`open_s`, `read_s` ({STREAM.open_s:g} s)",
}
# The library's import name, where it is not the distribution's.
IMPORTS = {
    "ai-edge-litert": "ai_edge_litert",
    "onvif-zeep": "zeep",
    "opencv-python-headless": "cv2",
    "paho-mqtt": "paho",
    "tflite-runtime": "tflite_runtime",
}
_REFUSED = re.compile(r"manager|handler|helper|utils?\b|common|misc|(?<!data)base\b")


@pytest.mark.parametrize("fact", FACTS)
def test_the_page_tells_the_true_figure(fact: str) -> None:
    assert FACTS[fact] in PAGE


def test_both_deadlines_of_a_stream_are_the_ones_told() -> None:
    assert STREAM.open_s == STREAM.read_s


def test_the_page_names_every_thread() -> None:
    source = (AGENT / "daemon" / "service.py").read_text(encoding="utf-8")
    cameras = (AGENT / "daemon" / "cameras.py").read_text(encoding="utf-8")
    suffixes = re.findall(r'Worker\(f"\{name\} (\w+)"|_worker\(f"\{name\} (\w+)"', cameras)
    suffixes = ["".join(one) for one in suffixes]

    assert len(suffixes) == 3
    assert all(f"| `<camera> {suffix}` |" in PAGE for suffix in suffixes)
    assert "| `publish` |" in PAGE
    assert '"publish"' in source


def test_the_page_has_the_layers_of_the_check() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = contracts["tool"]["importlinter"]["contracts"][0]["layers"]
    block = re.search(r"```\n(__main__.*?)```", PAGE, re.DOTALL)

    assert block
    assert [layer.strip() for layer in block[1].replace("\n", " ").split("→")] == layers


def test_every_stage_is_in_the_table_of_changes() -> None:
    table = PAGE.partition("## I want to")[2].partition("## Where things")[0]
    stages = {"video", "inference", "tracking", "rules", "alerts", "spool", "mqtt", "onvif"}

    assert {stage for stage in stages if f"`{stage}/" not in table} == set()


def test_files_and_folders_named_on_the_page_are_there() -> None:
    named = set(re.findall(r"`([\w.-]+(?:/[\w.-]*)+|\w+\.py)`", PAGE))
    named |= {link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", PAGE)}

    missing = {name for name in named if not _is_there(name)}

    assert len(named) > 40
    assert missing == set()


def test_every_runtime_dependency_is_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[<>=!~;\[ ]", line, maxsplit=1)[0] for line in project["dependencies"]]
    used = {name.partition(".")[0] for path in modules() for name in _imports(tree_of(path))}

    assert {name for name in names if IMPORTS.get(name, name) not in used} == set()


def test_nothing_is_called_by_a_word_that_says_nothing() -> None:
    names = {
        node.name
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
    } | {path.stem for path in modules()}

    assert {name for name in names if _REFUSED.search(_spaced(name))} == set()


def _is_there(name: str) -> bool:
    if "/" not in name and name.endswith(".py"):
        return any(path.name == name for path in modules())
    return any((folder / name).exists() for folder in (AGENT, ROOT, ROOT / "docs"))


def _imports(tree: ast.Module) -> set[str]:
    found = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    return found | {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }


def _spaced(name: str) -> str:
    """`BlockMotion` and `block_motion` as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower()
