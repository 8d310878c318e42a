"""The model's card: what the agent reads before it trusts a model file."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from training.objects.recipe import LABELS, STRIDES

# Every source whose pictures shaped the weights, with its licence.
MADE_FROM = (
    "idn_tidar train (CC BY 4.0)",
    "ktm_dashcam (CC BY 4.0)",
    "capston_person train (CC BY 4.0)",
    "atl_cctv train (CC BY 4.0)",
    "vehicles_closeup train (MIT)",
    "garbage_detection_dataset (CC BY 4.0)",
    "intel sample videos (CC BY 4.0)",
    "google automl-video-ondevice traffic_frames (Apache-2.0)",
    "bgslibrary and Person-Tracker clips (MIT)",
    "Debian opencv-doc vtest.avi (Apache-2.0)",
    "pseudo-labels of YOLOX-nano and NanoDet-m (Apache-2.0)",
)


@dataclass(frozen=True, slots=True)
class Origin:
    """What tells a network that began with NanoDet-m's weights from one that began with nothing."""

    version: str
    decoding: str
    owes: tuple[str, ...] = ()


LENT = Origin(
    "1.2.0",
    "nanodet",
    ("the weights of NanoDet-m 320 (RangiLyu/nanodet, Apache-2.0), which saw COCO 2017",),
)
# 1.0.0 was the first such one, by an older recipe.
FROM_NOTHING = Origin("1.0.1", "ltrb")
NMS_IOU = 0.5


def card(file: Path, origin: Origin, side_px: int, score: float, quality: dict[str, float]) -> str:
    """Write the card of a finished model file, with one score for all labels."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    sources = "".join(f'  "{one}",\n' for one in (*MADE_FROM, *origin.owes))
    measured = "".join(f'"{name}" = {value:.3f}\n' for name, value in quality.items())
    names = ", ".join(f'"{label}"' for label in LABELS)
    return f"""\
# Written by training/objects; how it was made and measured: training/RESULTS.md.
name = "street"
version = "{origin.version}"
file = "{file.name}"
sha256 = "{digest}"
licence = "Apache-2.0"
made_by = "edge-agent"
made_from = [
{sources}]

[input]
width_px = {side_px}
height_px = {side_px}
channels = "rgb"
mean = [0.0, 0.0, 0.0]
scale = [255.0, 255.0, 255.0]

[output]
decoding = "{origin.decoding}"
strides = {list(STRIDES)}

[labels]
names = [{names}]

[thresholds]
score = {score}
nms_iou = {NMS_IOU}

[quality]
{measured}"""
