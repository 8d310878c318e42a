"""How large a crop suits people of a known height.

Measured with our model by cutting crops of twelve sizes around 623 labelled objects of overhead
cameras (docs/design/0009-crop-scheduler.md): best found are those of 28 to 48 pixels of the input;
at 18 a tenth more is missed, at 8 most; enlarging what is small helps up to twice, and no more.
"""

# Height in pixels of the model's input that is found best, and the least that is worth a look.
GOOD_HEIGHT_PX, LEAST_HEIGHT_PX = 28.0, 18.0
LARGEST_ZOOM = 2.0


def least_crop_px(height_px: float, side_px: int) -> int:
    """Return the side of the smallest crop that helps to see somebody of this height."""
    wanted = height_px * side_px / GOOD_HEIGHT_PX
    return int(min(side_px, max(side_px / LARGEST_ZOOM, wanted)))


def most_crop_px(height_px: float, side_px: int) -> int:
    """Return the side of the largest crop in which somebody of this height is still seen."""
    return max(least_crop_px(height_px, side_px), int(height_px * side_px / LEAST_HEIGHT_PX))
