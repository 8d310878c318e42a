"""SOAP in plain words, for what runs all day: no zeep, which costs 27 MB."""

from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.envelope import local, parse
from edge_agent.onvif.line import Line

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
    "<s:Header>{header}</s:Header><s:Body>"
    '<op:{operation} xmlns:op="{namespace}" xmlns:tt="http://www.onvif.org/ver10/schema">'
    "{body}</op:{operation}></s:Body></s:Envelope>"
)


def ask(  # noqa: PLR0913 (most by name)
    line: Line,
    url: str,
    namespace: str,
    operation: str,
    body_xml: str = "",
    *,
    header_xml: str = "",
    action: str = "",
    deadline_s: float | None = None,
) -> Element:
    """Return the answer: the first element of the reply's body.

    `body_xml` may use the prefixes `op` (the operation's namespace) and `tt` (ONVIF's schema).
    Raise PasswordRefusedError, FaultError, or EdgeAgentError for no answer or another one.
    """
    envelope = _ENVELOPE.format(
        header=header_xml, operation=operation, namespace=namespace, body=body_xml
    )
    reply = line.post(
        url, action or f"{namespace}/{operation}", envelope.encode(), deadline_s=deadline_s
    )
    answer = parse(reply.content).find("{*}Body/*")
    if answer is None or local(answer.tag) != f"{operation}Response":
        what = "nothing" if answer is None else local(answer.tag)[:80]
        raise EdgeAgentError(
            f"{line.address.place} answers {operation} with {what}",
            hint="restart the camera; if it stays so, update its firmware",
        )
    return answer


def text(value: str) -> str:
    """Return a text as XML wants it, in elements and in quoted attributes."""
    return escape(value, {'"': "&quot;"})
