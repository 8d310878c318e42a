"""Which block of a ShuffleNetV2 stage reads which channel: known before anything is computed.

Half of what a block makes is read by the next block, a quarter by the one after, and so on.
"""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.intp]


def routes(
    half: int, blocks: int
) -> tuple[list[tuple[Numbers, Numbers]], dict[int, Numbers], Numbers]:
    """Follow every channel of a stage to the block that reads it; channels are numbered as made.

    Returns for each maker (the first block's two branches, then one a block) the order of its
    channels and the block that reads each; for each block the channels it reads, in NanoDet-m's
    order; and the channels that the stage ends with (read by "block" number `blocks`).
    """
    count = half * (blocks + 1)
    reader = np.full(count, blocks)
    now = np.arange(2 * half).reshape(2, half).T.ravel()
    reads = {}
    for number in range(1, blocks):
        kept, reads[number] = now[:half], now[half:]
        reader[reads[number]] = number
        new = np.arange(half) + (number + 1) * half
        now = np.stack([kept, new], 1).ravel()
    orders = []
    for mine in reader.reshape(-1, half):
        order = np.argsort(mine, kind="stable")
        orders.append((order, mine[order]))
    return orders, reads, now
