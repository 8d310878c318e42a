"""Channels that are never shuffled come to the block that would read them if they were."""

import numpy as np
import pytest

from training.objects.routes import routes

# NanoDet-m's three stages, and a small odd one.
STAGES = [(58, 4), (116, 8), (232, 4), (5, 3)]


@pytest.mark.parametrize(("half", "blocks"), STAGES)
def test_each_block_reads_what_shuffling_would_bring_it(half: int, blocks: int) -> None:
    _, reads, last = routes(half, blocks)

    made = np.split(np.arange(half * (blocks + 1)), blocks + 1)
    x = shuffled(made[0], made[1])
    for number in range(1, blocks):
        assert reads[number].tolist() == x[half:].tolist()
        x = shuffled(x[:half], made[number + 1])
    assert last.tolist() == x.tolist()


@pytest.mark.parametrize(("half", "blocks"), STAGES)
def test_a_maker_lays_its_channels_out_in_the_order_of_their_readers(
    half: int, blocks: int
) -> None:
    orders, reads, last = routes(half, blocks)

    readers = {int(one): number for number, ones in reads.items() for one in ones}
    readers |= dict.fromkeys(map(int, last), blocks)
    for maker, (order, reader) in enumerate(orders):
        assert sorted(order) == list(range(half))
        assert [readers[int(one) + maker * half] for one in order] == reader.tolist()
        assert (np.diff(reader) >= 0).all()


def shuffled(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """ShuffleNet's way: two groups, transposed."""
    return np.concatenate([first, second]).reshape(2, -1).T.ravel()
