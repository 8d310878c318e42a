import random
import uuid

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.alerts.identity import Identities, uuid7


@given(st.floats(0, 4e9), st.integers(0, 2**32))
def test_an_id_is_a_uuid_of_version_7_that_tells_its_time(wall: float, seed: int) -> None:
    name = uuid7(wall, random.Random(seed))

    assert (name.version, name.variant) == (7, uuid.RFC_4122)
    assert name.int >> 80 == int(wall * 1000)


@given(st.lists(st.integers(0, 2**40), min_size=2, max_size=20, unique=True))
def test_ids_sort_by_time(milliseconds: list[int]) -> None:
    source = random.Random(1)

    names = [uuid7(moment / 1000 + 0.0004, source) for moment in sorted(milliseconds)]

    assert names == sorted(names)


def test_a_visit_keeps_its_id_and_counts_its_revisions() -> None:
    identities = Identities(lambda: 1000.0, random.Random(1))

    told = [identities.next("no-entry", 1, is_last=is_last) for is_last in (False, False, True)]
    other = identities.next("no-entry", 2, is_last=False)

    assert len({name for name, _ in told}) == 1
    assert [revision for _, revision in told] == [0, 1, 2]
    assert other[0] != told[0][0]
