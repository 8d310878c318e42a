"""The least anybody would write: open the stream with OpenCV and read every frame."""

import signal
import sys

import cv2


def main() -> None:
    """Read argv[1] until told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    camera = cv2.VideoCapture(sys.argv[1])
    while camera.read()[0]:
        pass


if __name__ == "__main__":
    main()
