"""From what a technician typed to the one address to talk to."""

from edge_agent.onvif.address import Address, port_of, read_address
from edge_agent.onvif.discovery import PORT, UnsentError, ask_host
from edge_agent.onvif.matches import Found


def locate(text: str, *, discovery_port: int = PORT) -> tuple[Address, Found | None]:
    """Return where to talk to the camera, and its answer to a WS-Discovery question if it gave one.

    A port that was typed is used; else the camera's own answer tells it; else it is 80. Raise
    EdgeAgentError for what is no address or no host.
    """
    address = read_address(text)
    try:
        answers = ask_host(address.host, port=discovery_port)
    except UnsentError:
        # No route, say: whoever talks to the camera next says it with its address.
        answers = ()
    if port_of(text if "://" in text else f"http://{text}") is None:
        return (answers[0].address, answers[0]) if answers else (address, None)
    # Several cameras on one host (a recorder, a test) are told apart by their ports.
    same = [found for found in answers if found.address.port == address.port]
    return address, same[0] if same else None
