"""What a broker's reason codes mean to a technician (MQTT 5.0, section 2.4)."""

from typing import Final

from edge_agent.errors import EdgeAgentError

# Taken, but nobody was subscribed: the broker has thrown it away.
NO_SUBSCRIBERS: Final = 0x10
UNSUPPORTED_PROTOCOL: Final = 0x84
# Another client came under our name.
TAKEN_OVER: Final = 0x8E
QUOTA_EXCEEDED: Final = 0x97
# No code of the standard: it hung up instead of answering our login.
NO_ANSWER: Final = -1
# From here on it is a refusal.
FAILURE: Final = 0x80

# What a broker says when it hangs up over something that we sent, not over its own state.
ABOUT_CONTENT: Final = frozenset({0x81, 0x82, 0x90, 0x94, 0x95, 0x99, 0x9A, 0x9B})

_LOG_IN = "check username, password_file and certificate_file of [broker], and the broker's users"
_LATER = "nothing to do here: we try again; ask the center if it stays so"

_MEANINGS = {
    0x85: ("it does not accept the box name as client id", "choose another box name in agent.toml"),
    0x86: ("wrong user name or password", _LOG_IN),
    0x87: ("not authorised: it does not accept our login or our rights", _LOG_IN),
    0x88: ("it is not available now", _LATER),
    0x89: ("it is too busy", _LATER),
    0x8A: ("it has banned this box", "ask the center why this box is banned"),
    0x8B: ("it shuts down", _LATER),
    0x8C: ("it wants another way to log in", "ask the center how boxes log in"),
    0x8D: ("it has not heard us in time", "check the network between this box and the broker"),
    TAKEN_OVER: (
        "somebody else connected under our name",
        "find the second box with this box name (or a copied certificate) and rename it",
    ),
    0x93: ("it takes fewer messages at once than it told us", "lower in_flight in [broker]"),
    0x95: ("a message was too large for it", "raise the broker's limit for message sizes"),
    QUOTA_EXCEEDED: ("our quota there is used up", "ask the center to raise the quota"),
    0x98: ("an administrator closed the connection", _LATER),
    0x9A: ("it keeps no retained messages", "allow retained messages at the broker"),
    0x9B: ("it does not take QoS 1", "allow QoS 1 at the broker"),
    0x9C: ("it sends us to another server", "ask the center for the new url of [broker]"),
    0x9D: ("it has moved for good", "ask the center for the new url of [broker]"),
    0x9F: ("too many connections at once", _LATER),
}


class LinkLostError(EdgeAgentError):
    """There is no connection to the broker, and why."""

    def __init__(self, what: str, *, hint: str = "", code: int = 0) -> None:
        super().__init__(what, hint=hint)
        # The broker's reason code, 0 if it gave none.
        self.code = code


def refusal(code: int, words: str) -> LinkLostError:
    """Return why the broker did not let us in; `words` is what the standard calls the code."""
    meaning, hint = _meaning(code, words)
    return LinkLostError(f"the broker refused us: {meaning}", hint=hint, code=code)


def hang_up(code: int, words: str) -> LinkLostError:
    """Return why the broker ended a connection."""
    meaning, hint = _meaning(code, words)
    return LinkLostError(f"the broker hung up: {meaning}", hint=hint, code=code)


def _meaning(code: int, words: str) -> tuple[str, str]:
    unknown = (f"{words.lower()} (0x{code:02x})", "look for this box in the broker's log")
    return _MEANINGS.get(code, unknown)
