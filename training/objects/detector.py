"""A TFLite detector with its own way of reading pictures and writing boxes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from training.objects.boxes import Floats, Pixels, letterbox
from training.objects.detections import (
    Detections,
    decode_fastestdet,
    decode_nanodet,
    decode_street,
    decode_yolox,
    from_scores,
)

Decoder = Callable[[list[Floats], int], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How one family of detectors wants its pixels and means its numbers."""

    decode: Decoder
    blue_first: bool
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    stretched: bool = False


FAMILIES = {
    "street": Family(decode=decode_street, blue_first=False, scale=(255.0, 255.0, 255.0)),
    "nanodet": Family(
        decode=decode_nanodet,
        blue_first=True,
        mean=(103.53, 116.28, 123.675),
        scale=(57.375, 57.12, 58.395),
    ),
    "yolox": Family(decode=decode_yolox, blue_first=True),
    "fastestdet": Family(
        decode=decode_fastestdet, blue_first=True, scale=(255.0, 255.0, 255.0), stretched=True
    ),
}


class Detector:
    """Runs one model file; `see` takes RGB pictures of any size."""

    def __init__(self, file: Path, threads: int = 1) -> None:
        self.family = FAMILIES[file.name.split("_")[0].split(".")[0]]
        self.interpreter = Interpreter(str(file), num_threads=threads)
        self.interpreter.allocate_tensors()
        self._input = self.interpreter.get_input_details()[0]
        self._outputs = self.interpreter.get_output_details()
        self.side_px = int(self._input["shape"][2])

    def see(self, picture: Pixels, floor: float = 0.01, nms_iou: float = 0.5) -> Detections:
        """Return what stands in the picture, in its own pixels."""
        height, width = picture.shape[:2]
        ratio = np.ones(4, np.float32)
        if self.family.stretched:
            stretched = cv2.resize(picture, (self.side_px, self.side_px))
            canvas = np.asarray(stretched, np.uint8)
            ratio[:] = np.asarray([width, height] * 2) / self.side_px
        else:
            canvas, scale = letterbox(picture, self.side_px, self.side_px)
            ratio /= scale
        self.run(self.prepared(canvas))
        boxes, scores = self.family.decode(self.outputs(), self.side_px)
        boxes = np.clip(boxes * ratio, 0, [width, height, width, height]).astype(np.float32)
        return from_scores(boxes, scores, floor, nms_iou)

    def prepared(self, canvas: Pixels) -> np.ndarray:
        """Return the canvas as this model's input tensor."""
        pixels = canvas[..., ::-1] if self.family.blue_first else canvas
        real = (pixels.astype(np.float32) - self.family.mean) / self.family.scale
        kind = self._input["dtype"]
        if kind == np.float32:
            return real[None].astype(np.float32)
        step, zero = self._input["quantization"]
        limits = np.iinfo(kind)
        return np.asarray(np.clip(np.round(real / step) + zero, limits.min, limits.max)[None], kind)

    def run(self, tensor: np.ndarray) -> None:
        """One inference."""
        self.interpreter.set_tensor(self._input["index"], tensor)
        self.interpreter.invoke()

    def outputs(self) -> list[Floats]:
        """Return the output maps of the last run as real numbers, without the batch axis."""
        maps = []
        for one in self._outputs:
            raw = self.interpreter.get_tensor(one["index"])[0].astype(np.float32)
            step, zero = one["quantization"]
            maps.append((raw - zero) * step if step else raw)
        return maps
