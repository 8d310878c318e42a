"""Which model a site should use, label by label, as far as the figures say it.

A box has one model. So the advice is for the label that matters most to a site, and it says
"either" where drawing the pictures again would often turn the order round.
"""

from __future__ import annotations

from pathlib import Path

from bench.objects.exams import OVERHEAD, STREET, TRAFFIC
from bench.objects.eyes import STREET as OURS
from bench.objects.figures import Figures
from bench.tables import table

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "models.md"
_BEGIN, _END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
# A model that costs more than this many times ours is told apart: it halves the cameras of a box.
_DEAR = 2.0
_ELSEWHERE = ("coco_tiny/train", "openimages/test")
_PLACES = {
    "a street at eye level": STREET,
    "an overhead camera": OVERHEAD,
    "scenes of any kind": _ELSEWHERE[0],
    "single vehicles, unlike our street": _ELSEWHERE[1],
}


def put(figures: Figures) -> None:
    """Write the measured part of the page that tells sites which model to use."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_block(page, block(figures)), encoding="utf-8")


def with_block(page: str, words: str) -> str:
    """Return the page with its measured part replaced."""
    before, rest = page.split(_BEGIN)
    return before + _BEGIN + words + rest[rest.index(_END) :]


def measured(page: str) -> str:
    """Return the measured part of the page."""
    return page.split(_BEGIN, maxsplit=1)[1].split(_END, maxsplit=1)[0]


def block(figures: Figures) -> str:
    """Return the measured part: what each model is, and which is best at what."""
    return f"\n{_models(figures)}\n{_choices(figures)}\n{_enlarged(figures)}\n"


def _models(figures: Figures) -> str:
    rows = [
        [
            f"{name} {one['version']}",
            one["licence"],
            f"{one['input_px']} px",
            f"{one['size_bytes'] / 1e6:.2f}",
            f"{_look_ms(one):.2f}",
            f"{_look_ms(one) / _look_ms(figures['models'][OURS]):.1f}",
        ]
        for name, one in figures["models"].items()
    ]
    return table(("model", "licence", "input", "MB", "CPU ms a look", "/ street"), rows)


def _choices(figures: Figures) -> str:
    rows = [
        [label, *(_choice(figures, name, label) for name in _PLACES.values())] for label in TRAFFIC
    ]
    return table(("what matters most", *_PLACES), rows)


def _choice(figures: Figures, exam: str, label: str) -> str:
    """Return the best affordable model, what it reaches, and a dear one where that is better."""
    row = figures["exams"][exam]["labels"].get(label)
    if row is None:
        return "not labelled"
    marks, cheap = row["ap50"], _affordable(figures)
    best = max(cheap, key=lambda name: marks[name])
    words = f"**{best}** {marks[best]:.2f}"
    rival = OURS if best != OURS else max((n for n in cheap if n != OURS), key=lambda n: marks[n])
    words += f", {rival} {marks[rival]:.2f}"
    low, high = row["lead"][best if best != OURS else rival]
    if low <= 0.0 <= high:
        words = f"{words.replace('**', '')}: too close to tell"
    dear = [name for name in marks if name not in cheap and marks[name] > marks[best]]
    return words + "".join(f" ({name} {marks[name]:.2f})" for name in dear)


def _enlarged(figures: Figures) -> str:
    """Return what the lookout's crops are worth on small things, beside one look at the whole."""
    small = figures["small"]
    heights = ("all", "under 32")
    rows = [
        [
            name,
            *(
                f"{small['whole'][name]['ap50'][label][tall]:.2f} → "
                f"{small['followed'][name]['ap50'][label][tall]:.2f}"
                for label in ("two_wheeler", "car")
                for tall in heights
            ),
        ]
        for name in figures["models"]
    ]
    heading = ("overhead, whole → in crops", "two_wheeler", "under 32 px", "car", "under 32 px")
    return table(heading, rows)


def _affordable(figures: Figures) -> list[str]:
    most_ms = _DEAR * _look_ms(figures["models"][OURS])
    return [name for name, one in figures["models"].items() if _look_ms(one) <= most_ms]


def _look_ms(model: Figures) -> float:
    return float(model["cut_ms"] + model["network_ms"] + model["reading_ms"])
