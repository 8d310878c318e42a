LABELS = ("person", "two_wheeler", "car", "bus", "truck")
STRIDES = (8, 16, 32)
