"""What a camera's file may say about ONVIF beyond where it answers."""

from enum import StrEnum


class Events(StrEnum):
    """Whether to listen to what the camera itself reports."""

    # Wherever the camera offers it: it wakes the analysis sooner, and tells tampering.
    AUTO = "auto"
    # For cameras that freeze or restart under a subscription (Reolink E1 Zoom, onvif2mqtt #44).
    OFF = "off"
