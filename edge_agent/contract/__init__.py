"""For the center: whether a message is genuine, and whether every message of a box is there.

Needs Python and `cryptography` only; nothing else of edge-agent is loaded. The format in words, and
the same in ten lines of any language: docs/reference/chain.md.
"""

from edge_agent.contract.body import Body, Range, read_body, split
from edge_agent.contract.chain import Chain, Report, Restart
from edge_agent.contract.command import (
    Command,
    Response,
    Result,
    read_command,
    read_response,
    write_command,
    write_response,
)
from edge_agent.contract.letter import Letter, open_letter
from edge_agent.contract.receipt import Receipt, Refused, Stored, read_receipt, write_receipt
from edge_agent.contract.retention import (
    RETENTION,
    Retention,
    read_retention,
    write_retention,
)
from edge_agent.contract.signature import Verdict, key_id, read_key, verify_alert

__all__ = [
    "RETENTION",
    "Body",
    "Chain",
    "Command",
    "Letter",
    "Range",
    "Receipt",
    "Refused",
    "Report",
    "Response",
    "Restart",
    "Result",
    "Retention",
    "Stored",
    "Verdict",
    "key_id",
    "open_letter",
    "read_body",
    "read_command",
    "read_key",
    "read_receipt",
    "read_response",
    "read_retention",
    "split",
    "verify_alert",
    "write_command",
    "write_receipt",
    "write_response",
    "write_retention",
]
