"""Judge a pair of certificate and key as the broker will: by a whole TLS handshake, in memory.

OpenSSL says what mosquitto's and RabbitMQ's TLS would say: the chain, the dates, what it is for.
"""

import ssl
from pathlib import Path

from edge_agent.certificates.certificate import Certificate, day
from edge_agent.errors import EdgeAgentError

# Hello, answer, certificate, finished: three flights of TLS 1.3, five of 1.2, and some to spare.
_MOST_FLIGHTS = 12
# OpenSSL's x509_vfy.h; Python hands the number over as verify_code.
_NOT_YET_VALID, _EXPIRED, _WRONG_PURPOSE = 9, 10, 26
_UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21, 7, 24}


def judge_name_and_dates(found: Certificate, box: str, now_wall: float) -> None:
    """Raise EdgeAgentError where the certificate is another's, over, or not begun."""
    if found.name != box:
        raise EdgeAgentError(
            f'the certificate is for "{found.name}", this box is "{box}"',
            hint="have the center sign this box's own request, or correct box in agent.toml",
        )
    if now_wall < found.begins_wall:
        raise EdgeAgentError(
            f"the certificate begins on {day(found.begins_wall)}, the clock here says "
            f"{day(now_wall)}",
            hint="set the clock of this box: sudo timedatectl set-ntp true",
        )
    if now_wall >= found.ends_wall:
        raise EdgeAgentError(
            f"the certificate ended on {day(found.ends_wall)}",
            hint="ask for a new one: edge-agent enroll; and see that the clock is right: date",
        )


def judge_pair(pair: Path, ca_file: Path, shown: str = "") -> None:
    """Raise EdgeAgentError where a broker that trusts this authority would refuse the pair.

    `shown` is what a technician knows the authority's file by, where that is another name.
    """
    try:
        _shake_hands(pair, ca_file)
    except ssl.SSLCertVerificationError as error:
        raise _refusal(error, shown or str(ca_file)) from error
    except ssl.SSLError as error:
        raise EdgeAgentError(
            f"certificate and key do not work together ({(error.reason or 'no reason').lower()})",
            hint="have the center sign this box's own request: edge-agent enroll",
        ) from error


def _shake_hands(pair: Path, ca_file: Path) -> None:
    broker = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    broker.verify_mode = ssl.CERT_REQUIRED
    broker.load_verify_locations(ca_file)
    box = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The other end of this line is ourselves: it shows the same certificate, which is no server's.
    box.check_hostname = False
    box.verify_mode = ssl.CERT_NONE
    for end in (broker, box):
        end.load_cert_chain(pair, password=lambda: "")
    to_broker, to_box = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = box.wrap_bio(to_box, to_broker)
    theirs = broker.wrap_bio(to_broker, to_box, server_side=True)
    for _ in range(_MOST_FLIGHTS):
        _step(ours)
        if _step(theirs):
            return
    raise ssl.SSLError("no end of the handshake")


def _step(end: ssl.SSLObject) -> bool:
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _refusal(error: ssl.SSLCertVerificationError, ca_file: str) -> EdgeAgentError:
    code = error.verify_code
    if code in _UNKNOWN_AUTHORITY:
        return EdgeAgentError(
            f"the certificate is not signed by the authority in {ca_file}",
            hint="ask the center which authority signs its boxes, and name its file: --ca-file",
        )
    if code == _WRONG_PURPOSE:
        return EdgeAgentError(
            "the certificate is not for logging in at a broker (client authentication)",
            hint="have the center sign it with the usage clientAuth",
        )
    if code in {_NOT_YET_VALID, _EXPIRED}:
        return EdgeAgentError(
            "the certificate, or the one of its authority, is not valid now",
            hint="see that the clock of this box is right: date; else ask the center",
        )
    return EdgeAgentError(
        f"the certificate is not good: {error.verify_message}", hint="show this to the center"
    )
