"""What a camera saw in a while, as a message: plain JSON, neither kept on disk nor signed."""

import json

from edge_agent.domain.tally import Tally
from edge_agent.runtime.clock import rfc3339

# Of the message; like the alert's.
VERSION = 1
OBSERVATION = "observation"


def write_observation(
    tally: Tally, *, site: str, box: str, camera: str, ended_wall: float
) -> bytes:
    """Return the message for one period that ended then, by the box's clock."""
    body = {
        "v": VERSION,
        "type": OBSERVATION,
        "time": rfc3339(ended_wall),
        "site": site,
        "box": box,
        "camera": camera,
        "began": rfc3339(ended_wall - tally.lasted_s),
        "lasted_s": round(tally.lasted_s, 2),
        "frames": tally.frames,
        "moving": round(tally.moving / max(1, tally.frames), 3),
        "objects": {
            label.value: {"new": count.new, "most": count.most}
            for label, count in sorted(tally.counts.items())
        },
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
