"""What was chosen is remembered, and whatever happens there is something to go back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.errors import EdgeAgentError
from edge_agent.packs.choice import Choice, read_choice, write_choice

if TYPE_CHECKING:
    from pathlib import Path

names = st.sampled_from(["", "street-1", "street-2"])
choices = st.builds(
    Choice,
    wanted=names,
    good=names,
    starts=st.integers(0, 5),
    failed=names,
    failure=st.text(max_size=20),
)


def test_before_anybody_chose_agent_toml_decides(tmp_path: Path) -> None:
    assert read_choice(tmp_path / "choice.json") == Choice()


@settings(deadline=None)  # a busy machine is no failure
@given(choice=choices)
def test_a_choice_is_read_as_it_was_written(
    choice: Choice, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("choice") / "choice.json"

    write_choice(file, choice)

    assert read_choice(file) == choice


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"wanted": 1}', '{"else": ""}', '{"starts": true}', "[" * 100_000]
)
def test_a_damaged_choice_says_to_choose_again(tmp_path: Path, text: str) -> None:
    file = tmp_path / "choice.json"
    file.write_text(text)

    with pytest.raises(EdgeAgentError, match="is damaged") as caught:
        read_choice(file)

    assert "model use" in caught.value.hint


def test_what_works_is_what_later_ones_give_way_to() -> None:
    worked = Choice().choose("a").begin().prove()

    failed = worked.choose("b").begin().give_up("it crashes")

    assert failed == Choice(wanted="a", good="a", failed="b", failure="it crashes")


def test_a_start_that_ends_in_order_does_not_count() -> None:
    choice = Choice().choose("a")

    assert choice.begin().end_well() == choice


@settings(deadline=None)  # a busy machine is no failure
@given(choices)
def test_giving_up_leads_to_agent_toml_in_two_steps_at_most(choice: Choice) -> None:
    assert choice.give_up("").give_up("").wanted == ""


@settings(deadline=None)  # a busy machine is no failure
@given(choices)
def test_what_worked_is_never_counted_against(choice: Choice) -> None:
    proven = choice.prove()

    assert proven.begin() == proven
