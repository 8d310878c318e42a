"""Every topic of the contract, once. The AsyncAPI document and the reference page are made of this.

tests/house/test_contract_documents.py holds it against the code that publishes.
"""

from __future__ import annotations

from dataclasses import dataclass

JSON = "application/json"
TWO_LINES = "application/x-ndjson"
JPEG = "image/jpeg"
ROOT = "city/v1/{site}/{box}"

# What stands for a level of a topic, and an example.
PARAMETERS = {
    "site": ("the town or compound that the box belongs to: `site` in its agent.toml", "palembang"),
    "box": (
        "the box: `box` in its agent.toml, its MQTT client id, and the common name of its certificate",
        "plaju-01",
    ),
    "camera": ("the name of the camera's file in cameras.d/", "gate"),
    "alert_id": (
        "`id` of the alert that the picture belongs to",
        "01a1ee56-5e00-752e-89a7-834df2a74de4",
    ),
    "command_id": ("`id` of the command that asked for it", "0b0d4b2e-3c57-4a53-9e2b-7d1f0f6f3a55"),
}


@dataclass(frozen=True)
class Topic:
    """One topic, and what every message on it has in common.

    `messages` are the names of schemas in docs/reference/contract; a picture has none.
    """

    name: str
    path: str
    title: str
    when: str
    messages: tuple[str, ...] = ()
    qos: int = 1
    is_retained: bool = False
    expiry_s: int | None = None
    content_type: str = JSON
    most_bytes: int | None = None
    # Where one may read on, from docs/reference.
    page: str = "topics.md"

    @property
    def address(self) -> str:
        """The whole topic, with {…} for what differs."""
        return f"{ROOT}/{self.path}"

    @property
    def is_up(self) -> bool:
        """Whether the box says it, and not the center."""
        return self.path.startswith("up/")

    @property
    def is_signed(self) -> bool:
        """Whether it is two lines."""
        return self.content_type == TWO_LINES


TOPICS = (
    Topic(
        name="alert",
        path="up/alert/{camera}",
        title="Somebody has to look: one revision of a visit, or of what a camera reports of itself",
        when="at each revision; again until it is acknowledged, and confirmed where the site asks for that",
        messages=("alert",),
        content_type=TWO_LINES,
        most_bytes=2048,
        page="alert.md",
    ),
    Topic(
        name="record",
        path="up/record",
        title="What the box says of its own chain; numbered and signed like an alert",
        when="when alerts were given up, the key changed, the clock was set, a new version was kept or taken back, or the chain began anew",
        messages=("dropped", "key_rotated", "chain_restarted", "clock_set", "updated"),
        content_type=TWO_LINES,
        most_bytes=2048,
        page="chain.md",
    ),
    Topic(
        name="picture",
        path="up/thumb/{camera}/{alert_id}",
        title="The picture of an alert; its SHA-256 stands in the alert",
        when="after its alert was acknowledged; MQTT 5 user property `revision`",
        content_type=JPEG,
        most_bytes=65_536,
        page="alert.md",
    ),
    Topic(
        name="status",
        path="up/status",
        title="Whether the box is there: birth, goodbye, and the will that the broker publishes",
        when="at each connection, when a camera goes dark or comes back, at the end, by the broker when the box vanishes",
        messages=("status",),
        is_retained=True,
    ),
    Topic(
        name="health",
        path="up/health",
        title="How the box is",
        when="every 60 s while connected; lost otherwise",
        messages=("health",),
        qos=0,
        expiry_s=180,
    ),
    Topic(
        name="observation",
        path="up/observation/{camera}",
        title="What a camera saw in a while; nobody has to act, and it is not signed",
        when="every `[observations] every_s`; off unless the site asks for it",
        messages=("observation",),
        qos=0,
        expiry_s=3600,
        page="observation.md",
    ),
    Topic(
        name="check",
        path="up/check",
        title="A technician's try; pass it over",
        when="when somebody runs `edge-agent check`",
        messages=("check",),
    ),
    Topic(
        name="response",
        path="up/res",
        title="What became of a command; signed by the box",
        when="after each command that was understood; `accepted` is followed by a second one",
        messages=("response",),
        content_type=TWO_LINES,
        most_bytes=65_536,
        page="commands.md",
    ),
    Topic(
        name="snapshot",
        path="up/snapshot/{camera}/{command_id}",
        title="The picture that a `snapshot` command asked for; heads are blurred unless it said otherwise",
        when="before the response that says `done`",
        content_type=JPEG,
        most_bytes=524_288,
        page="commands.md",
    ),
    Topic(
        name="receipt",
        path="down/receipt",
        title="What the center has durably stored; signed by the center",
        when="after the transaction that stored it; never for a message that is forged, altered or foreign",
        messages=("receipt",),
        content_type=TWO_LINES,
        most_bytes=65_536,
    ),
    Topic(
        name="command",
        path="down/cmd",
        title="What the center asks of the box; signed by the center, for one box, for a while, once",
        when="when somebody at the center wants it",
        messages=("command",),
        expiry_s=60,
        content_type=TWO_LINES,
        most_bytes=65_536,
        page="commands.md",
    ),
)
