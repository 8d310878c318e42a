"""The page of the runtime bench: a row for all that was measured, and ratios that add up."""

from bench.machine import Machine
from bench.runtime import page
from bench.runtime.looks import Answer
from bench.runtime.needs import Need
from edge_agent.daemon.box_load import StreamCost

MACHINE = Machine("some", 2, 4.0, "Debian", "6", "3.11", {}, "not here", 0.0)
CROWD = {
    "looks_per_second": 400.0,
    "cpu_ms_a_look": 4.0,
    "frame_ms_median": 12.0,
    "frame_ms_95": 18.0,
    "networks_bytes": 40 * 2**20,
}
MEASURED = page.Measured(
    runs=1,
    model="street 1.2.3",
    crowds={"own": {8: [CROWD]}, "spare": {1: [CROWD]}},
    answers={
        "street": [
            (1, True, Answer("ai_edge_litert", 4.0, 4.0, ((1, 2), (3, 4)))),
            (1, False, Answer("tflite_runtime", 20.0, 20.0, ((1, 2), (3, 7)))),
        ]
    },
    memory={1: 76 * 2**20, 8: 160 * 2**20},
    needs=[Need("vtest", 79.4, 15.2, 1.0)],
    streams={"the trial clip": StreamCost(0.7, 4.8, 0.3)},
)


def rows() -> list[str]:
    return page.write(MACHINE, MEASURED).splitlines()


def test_the_page_names_the_model_with_its_version() -> None:
    assert "The object model is street 1.2.3." in rows()


def test_arrangements_stand_by_the_number_of_cameras() -> None:
    assert [row.split(" | ")[1] for row in rows() if "400 (400-400)" in row] == ["1", "8"]


def test_the_memory_of_networks_is_told_for_each_camera_too() -> None:
    assert any(row.endswith("| 40 | 5.0 |") for row in rows())


def test_how_far_runtimes_differ_is_told_from_the_first() -> None:
    assert "| street | tflite_runtime | off | 1 | 20.00 | 20.00 | 0.75 | 3 |" in rows()


def test_each_camera_more_is_the_difference_shared_out() -> None:
    assert "| 8 | 160 | 12.0 |" in rows()


def test_the_figures_are_all_there_but_for_the_raw_answers() -> None:
    told = page.figures(MEASURED)

    assert told["memory_pss_bytes"] == {1: 76 * 2**20, 8: 160 * 2**20}
    assert [one["cpu_ms"] for one in told["runtimes"]["street"]] == [4.0, 20.0]
    assert "outputs" not in told["runtimes"]["street"][0]
