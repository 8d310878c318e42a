"""An alert as an ONVIF event in JSON: Core specification, chapter "Event Broker", prefix onvif-ej.

The topic ends in the values of the event's source, so that a broker keeps one for each rule.
"""

import json

from edge_agent.alerts.standing import Standing

# No level of a topic may hold these; the specification leaves them out.
_OMITTED = str.maketrans("", "", "/+#\0")
# What an alert's type is called in ONVIF; both are properties, so they are retained.
_RULE_TOPIC = "RuleEngine/FieldDetector/ObjectsInside"
_TROUBLE_TOPICS = {
    "tamper": "VideoSource/GlobalSceneChange/AnalyticsService",
    "video_loss": "VideoSource/SignalLoss",
}
# The one analytics configuration of a box.
_CONFIGURATION = "edge-agent"


def onvif_topic(standing: Standing) -> str:
    """Return what follows `onvif-ej/`."""
    local = _TROUBLE_TOPICS.get(standing.kind, _RULE_TOPIC)
    values = "/".join(value.translate(_OMITTED) for value in _source(standing).values())
    return f"{local}/&{values}"


def onvif_event(standing: Standing) -> bytes:
    """Return the message."""
    data: dict[str, object] = {"State": standing.is_on}
    if standing.kind not in _TROUBLE_TOPICS:
        data = {"IsInside": standing.is_on}
        if standing.track is not None:
            data = {"ObjectId": str(standing.track), **data}
    event = {"UtcTime": standing.time, "Source": _source(standing), "Data": data}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _source(standing: Standing) -> dict[str, str]:
    if standing.kind in _TROUBLE_TOPICS:
        return {"Source": standing.camera}
    return {
        "VideoSource": standing.camera,
        "AnalyticsConfiguration": _CONFIGURATION,
        "Rule": standing.rule,
    }
