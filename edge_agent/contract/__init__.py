"""For the center: whether a message is genuine, and whether every message of a box is there.

Needs Python and `cryptography` only; nothing else of edge-agent is loaded. The format in words, and
the same in ten lines of any language: docs/reference/chain.md.
"""

from edge_agent.contract.body import Body, Range, read_body, split
from edge_agent.contract.chain import Chain, Report, Restart
from edge_agent.contract.signature import Verdict, key_id, read_key, verify_alert

__all__ = [
    "Body",
    "Chain",
    "Range",
    "Report",
    "Restart",
    "Verdict",
    "key_id",
    "read_body",
    "read_key",
    "split",
    "verify_alert",
]
