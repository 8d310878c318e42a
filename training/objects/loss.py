"""What the network is told about its answers: which cells own an object, and how far off they are.

Task-aligned assignment, made cheap: an object asks only the 5x5 cells around its centre at each
stride, and lists of boxes replace padded tables.
"""

import tensorflow as tf

from training.objects.recipe import LABELS, STRIDES

# Cells per object that learn it.
OWNERS = 9
WINDOW = 2
# An object is expected on the stride where it is this many cells large.
USUAL_CELLS = 5.0
BOX_GAIN = 2.5
# Varifocal loss: how little an easy empty cell counts.
EMPTY_WEIGHT, EMPTY_POWER = 0.75, 2.0
COUNT = len(LABELS)


def flat(outputs: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Join the strides: logits [n, cells, labels], boxes in pixels [n, cells, 4], centres [cells, 3].

    The third column of the centres is the stride.
    """
    logits, boxes, centres = [], [], []
    for index, stride in enumerate(STRIDES):
        scores, raw = outputs[2 * index], outputs[2 * index + 1]
        pictures, side = tf.shape(scores)[0], tf.shape(scores)[1]
        middle = (tf.cast(tf.range(side), tf.float32) + 0.5) * stride
        x, y = tf.meshgrid(middle, middle)
        place = tf.stack([tf.reshape(x, [-1]), tf.reshape(y, [-1])], 1)
        # A leak keeps the gradient of a side that shrank to nothing; export cuts it off.
        reach = tf.reshape(tf.nn.leaky_relu(raw, 0.05), [pictures, -1, 4]) * stride
        boxes.append(tf.concat([place - reach[..., :2], place + reach[..., 2:]], -1))
        logits.append(tf.reshape(scores, [pictures, -1, COUNT]))
        strides = tf.fill([tf.shape(place)[0], 1], float(stride))
        centres.append(tf.concat([place, strides], 1))
    return tf.concat(logits, 1), tf.concat(boxes, 1), tf.concat(centres, 0)


def overlaps(first: tf.Tensor, second: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Intersection over union of boxes row by row, and its generalised form."""
    low, high = (
        tf.maximum(first[..., :2], second[..., :2]),
        tf.minimum(first[..., 2:], second[..., 2:]),
    )
    shared = tf.reduce_prod(tf.maximum(high - low, 0.0), -1)
    areas = [
        tf.reduce_prod(tf.maximum(one[..., 2:] - one[..., :2], 0.0), -1) for one in (first, second)
    ]
    union = areas[0] + areas[1] - shared + 1e-6
    low, high = (
        tf.minimum(first[..., :2], second[..., :2]),
        tf.maximum(first[..., 2:], second[..., 2:]),
    )
    hull = tf.reduce_prod(tf.maximum(high - low, 0.0), -1) + 1e-6
    return shared / union, shared / union - (hull - union) / hull


def candidates(boxes: tf.Tensor, side_px: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Cells [g, 75] around each box's centre at every stride, and which of them exist."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    window = tf.range(-WINDOW, WINDOW + 1)
    across, down = (tf.reshape(one, [1, -1]) for one in tf.meshgrid(window, window))
    found, valid, start = [], [], 0
    for stride in STRIDES:
        side = side_px // stride
        cell = tf.cast(tf.floor(centre / stride), tf.int32)
        x, y = cell[:, :1] + across, cell[:, 1:] + down
        inside = (x >= 0) & (y >= 0) & (x < side) & (y < side)
        found.append(tf.where(inside, y * side + x, 0) + start)
        valid.append(inside)
        start += side * side
    return tf.concat(found, 1), tf.concat(valid, 1)


def liking(boxes: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """How natural it is for a cell to own a box: near its centre, at the usual size."""
    centre, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    stride = places[..., 2]
    steps = tf.reduce_sum(tf.square(places[..., :2] - centre[:, None]), -1) / tf.square(stride)
    cells = tf.sqrt(tf.reduce_prod(size, -1))[:, None] / (stride * USUAL_CELLS)
    octaves = tf.math.log(cells + 1e-6) / tf.math.log(2.0)
    return tf.exp(-steps / 8.0 - tf.square(octaves) / 2.0)


def owners(
    logits: tf.Tensor, predicted: tf.Tensor, centres: tf.Tensor, batch: dict[str, tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Assign cells to objects: flat cell numbers, object numbers and the score each should reach."""
    boxes, labels, owner = batch["boxes"], batch["labels"], batch["owner"]
    total = tf.shape(centres)[0]
    near, valid = candidates(boxes, batch["side_px"])
    places = tf.gather(centres, near)
    inside = tf.reduce_all(
        (places[..., :2] > boxes[:, None, :2]) & (places[..., :2] < boxes[:, None, 2:]), -1
    )
    valid &= inside & (batch["weights"] > 0)[:, None]
    where = owner[:, None] * total + near
    scores = tf.sigmoid(tf.gather(tf.reshape(logits, [-1]), where * COUNT + labels[:, None]))
    iou = overlaps(tf.gather(tf.reshape(predicted, [-1, 4]), where), boxes[:, None])[0]
    fit = tf.sqrt(scores) * tf.pow(iou, 3.0) * liking(boxes, places)
    fit = tf.where(valid, fit + 1e-9 * liking(boxes, places), 0.0)
    best, index = tf.math.top_k(fit, OWNERS)
    top_iou = tf.reduce_max(tf.where(fit > 0, iou, 0.0), 1, keepdims=True)
    wanted = best / (tf.reduce_max(best, 1, keepdims=True) + 1e-12)
    wanted *= tf.maximum(top_iou, 0.1) * batch["weights"][:, None]
    cell = tf.gather(where, index, batch_dims=1)
    kept = tf.where(best > 0)
    cell, fit = tf.gather_nd(cell, kept), tf.gather_nd(best, kept)
    # Two objects may want one cell; the better fit has it.
    highest = tf.math.unsorted_segment_max(fit, cell, tf.shape(logits)[0] * total)
    won = tf.where(fit >= tf.gather(highest, cell))[:, 0]
    wanted = tf.gather(tf.gather_nd(wanted, kept), won)
    return tf.gather(cell, won), tf.gather(tf.cast(kept[:, 0], tf.int32), won), wanted


def judged(centres: tf.Tensor, batch: dict[str, tf.Tensor], pictures: tf.Tensor) -> tf.Tensor:
    """Trust [n, cells, labels] in each label's absence; none inside boxes of weight 0."""
    trust, parts = batch["trust"], []
    for stride in STRIDES:
        repeat = STRIDES[-1] // stride
        level = tf.repeat(tf.repeat(trust, repeat, 1), repeat, 2)
        parts.append(tf.reshape(level, [pictures, -1, COUNT]))
    doubtful = tf.where(batch["weights"] <= 0)[:, 0]
    boxes = tf.gather(batch["boxes"], doubtful)[:, None]
    place = centres[None, :, :2]
    within = tf.reduce_all((place >= boxes[..., :2]) & (place <= boxes[..., 2:]), -1)
    rows = tf.gather(batch["owner"], doubtful) * COUNT + tf.gather(batch["labels"], doubtful)
    blind = tf.math.unsorted_segment_sum(tf.cast(within, tf.float32), rows, pictures * COUNT)
    blind = tf.transpose(tf.reshape(blind, [pictures, COUNT, -1]), [0, 2, 1])
    return tf.concat(parts, 1) * tf.cast(tf.equal(blind, 0.0), tf.float32)


def street_loss(
    outputs: list[tf.Tensor], batch: dict[str, tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the class loss and the box loss of one batch."""
    logits, predicted, centres = flat(outputs)
    pictures = tf.shape(logits)[0]
    fixed = tf.stop_gradient(logits), tf.stop_gradient(predicted)
    cell, thing, wanted = owners(fixed[0], fixed[1], centres, batch)
    wanted = tf.stop_gradient(wanted)
    label = tf.gather(batch["labels"], thing)
    size = tf.size(logits)
    target = tf.scatter_nd((cell * COUNT + label)[:, None], wanted, [size])
    target = tf.reshape(target, tf.shape(logits))
    share = tf.pow(tf.sigmoid(logits), EMPTY_POWER) * EMPTY_WEIGHT
    weight = tf.where(target > 0, target, share * judged(centres, batch, pictures))
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(target, logits)
    amount = tf.maximum(tf.reduce_sum(wanted), 1.0)
    class_loss = tf.reduce_sum(entropy * tf.stop_gradient(weight)) / amount
    own = tf.gather(tf.reshape(predicted, [-1, 4]), cell)
    closeness = overlaps(own, tf.gather(batch["boxes"], thing))[1]
    box_loss = BOX_GAIN * tf.reduce_sum((1.0 - closeness) * wanted) / amount
    return class_loss, box_loss


def echo_loss(logits: list[tf.Tensor], scores: list[tf.Tensor]) -> tf.Tensor:
    """Return how far the echo is from the teacher; cells that already agree weigh nothing."""
    total, amount = 0.0, 1.0
    for one, wanted in zip(logits, scores, strict=True):
        apart = tf.square(wanted - tf.sigmoid(one))
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(wanted, one)
        total += tf.reduce_sum(tf.stop_gradient(apart) * entropy)
        amount += tf.reduce_sum(wanted * wanted)
    return total / amount
