"""Run every contender over every scene and count: false frames, people found, CPU."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import av

from bench.motion.contenders import contenders
from bench.motion.nuisances import (
    CALM_S,
    CONDITIONS,
    FRAMES_PER_SECOND,
    Box,
    Moment,
    Picture,
    paint,
)

# Frigate's notes call a box around a person found when it is at most so many times their area.
_MOST_TIMES = 12
# Motion beside something that truly moves is no false alarm: its blur, its shadow, its wake.
_MARGIN_PX = 16
# A box of a walker's size hides in no wake; a thing that left is still news for one second.
_WAKE_S = 1.0
# Sub streams of the cameras we know: 0.3 to 0.6 Mbit/s, a key frame each second or two.
_KBPS, _KEY_EVERY = 400, 10


@dataclass(slots=True)
class Tally:
    """What one contender did in one condition, over all seeds."""

    frames: int = 0
    false_frames: int = 0
    person_frames: int = 0
    found: int = 0
    cpu_s: float = 0.0
    watched: int = 0
    # Of each scene: calm seconds with motion in them, from the very first frame on.
    false_calm: int = 0
    calm_frames: int = 0


@dataclass(slots=True)
class Sheet:
    """All tallies: by condition, then by contender."""

    tallies: dict[str, dict[str, Tally]] = field(default_factory=dict)

    def of(self, condition: str, name: str) -> Tally:
        """Return a tally, made when first asked for."""
        return self.tallies.setdefault(condition, {}).setdefault(name, Tally())


def measure(streets: Sequence[Picture], seeds: Iterable[int]) -> Sheet:
    """Return what everybody did on every street in every condition."""
    sheet = Sheet()
    for seed in seeds:
        street = streets[seed % len(streets)]
        for condition in CONDITIONS:
            moments = list(_coded(paint(street, condition, seed)))
            for name, contender in contenders().items():
                tally = sheet.of(condition, name)
                for index, moment in enumerate(moments):
                    began = time.process_time()
                    boxes = contender.watch(moment.picture, moment.at_s)
                    tally.cpu_s += time.process_time() - began
                    tally.watched += 1
                    _judge(tally, boxes, moments, index)
    return sheet


def _judge(tally: Tally, boxes: Sequence[Box], moments: Sequence[Moment], index: int) -> None:
    moment = moments[index]
    wake = round(_WAKE_S * FRAMES_PER_SECOND)
    true = [box for one in moments[max(0, index - wake) : index + 1] for box in one.true]
    is_false = any(not any(_touch(box, other) for other in true) for box in boxes)
    if moment.at_s < CALM_S:
        tally.calm_frames += 1
        tally.false_calm += is_false
        return
    tally.frames += 1
    tally.false_frames += is_false
    if moment.person:
        person = moment.person
        tally.person_frames += 1
        tally.found += any(
            _touch(box, person, 0) and _area(box) <= _MOST_TIMES * _area(person) for box in boxes
        )


def _touch(one: Box, other: Box, margin: int = _MARGIN_PX) -> bool:
    is_beside = one[0] < other[2] + margin and one[2] > other[0] - margin
    return is_beside and one[1] < other[3] + margin and one[3] > other[1] - margin


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _coded(moments: Iterator[Moment]) -> Iterator[Moment]:
    """Send the pictures through H.264 and back."""
    kept = list(moments)
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        stream.height, stream.width = kept[0].picture.shape
        stream.pix_fmt, stream.bit_rate = "yuv420p", _KBPS * 1000
        stream.time_base = Fraction(1, FRAMES_PER_SECOND)
        stream.options = {
            "preset": "veryfast", "tune": "zerolatency", "g": str(_KEY_EVERY), "threads": "1",
        }  # fmt: skip
        for moment in kept:
            frame = av.VideoFrame.from_ndarray(moment.picture, format="gray")
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        for moment, frame in zip(kept, container.decode(video=0), strict=True):
            luma = frame.reformat(format="gray").to_ndarray()
            yield Moment(moment.at_s, luma, moment.true, moment.person)
