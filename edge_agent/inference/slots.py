"""The ends of a network: where a picture goes in and where numbers come out.

A quantised network speaks small integers; real value = (raw - zero) * scale. We compare scores
as the integers they are and turn only the few survivors into real numbers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Raw = NDArray[Any]
Reals = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Slot:
    """One input or output: its shape, its number format and how raw numbers become real ones.

    `scale` is 0 for networks that already speak in real numbers, as TFLite reports them.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float = 0.0
    zero: int = 0

    @property
    def is_quantised(self) -> bool:
        """Tell whether raw numbers are integers that stand for real ones."""
        return self.scale > 0

    def real(self, raw: Raw) -> Reals:
        """Return what raw numbers of this slot mean."""
        values = raw.astype(np.float32)
        if self.is_quantised:
            values -= np.float32(self.zero)
            values *= np.float32(self.scale)
        return values

    def raw(self, real: Reals) -> Raw:
        """Return the raw numbers nearest to real ones, saturated at what the format can hold."""
        if not self.is_quantised:
            return real.astype(self.dtype)
        limits = np.iinfo(self.dtype)
        steps = np.rint(real / self.scale) + self.zero
        raw: Raw = np.clip(steps, limits.min, limits.max).astype(self.dtype)
        return raw

    def least_raw(self, real: Reals) -> Raw:
        """Return the smallest raw numbers that mean at least this; they may be out of reach."""
        if not self.is_quantised:
            return real.astype(np.float32)
        # Half a thousandth of a step forgives the division its rounding.
        steps = np.ceil(real.astype(np.float64) / self.scale + self.zero - 5e-4)
        return np.clip(steps, -(2**15), 2**15 - 1).astype(np.int16)
