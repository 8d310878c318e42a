"""What a site may say about showing alerts in other people's formats."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorOptions:
    """Copies of alerts for programs that know nothing of us; neither signed nor repeated."""

    # Events in JSON as ONVIF's cameras publish them over MQTT.
    onvif: bool = False
    # Binary sensors that Home Assistant finds by itself.
    home_assistant: bool = False
