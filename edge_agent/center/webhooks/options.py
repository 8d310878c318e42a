"""What a `[[webhooks]]` of center.toml may say."""

import base64
import binascii
import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.runtime.secret import Secret
from edge_agent.toml.reader import Table
from edge_agent.toml.values import check_file, read_file, read_url

_PREFIX = "whsec_"
# Standard Webhooks 1.0.0: 24 to 64 bytes.
_LEAST_BYTES = 24
_MOST_BYTES = 64
_MAKE = "printf 'whsec_%s\\n' \"$(openssl rand -base64 32)\" > {file}; chmod 600 {file}"
# As in a rule's `agencies`.
_LONGEST_TAG = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOptions:
    """Where the alerts of one agency go."""

    agency: str
    url: str
    # `whsec_` and base64, as Standard Webhooks writes it; shared with the agency.
    secret: Secret
    secret_file: Path
    # The authority that signed the agency's certificate; None: the usual ones.
    ca_file: Path | None = None
    # Plain HTTP beyond this machine shows every alert to the network.
    insecure: bool = False


def read_webhooks(table: Table, folder: Path) -> tuple[WebhookOptions, ...]:
    """Return all of them; problems go where the table's go."""
    return tuple(_read(one, folder) for one in table.tables("webhooks"))


def secret_bytes(secret: Secret) -> bytes | None:
    """Return the key that a secret stands for; None where it is none."""
    text = secret.reveal().removeprefix(_PREFIX)
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if _LEAST_BYTES <= len(key) <= _MOST_BYTES else None


def _read(table: Table, folder: Path) -> WebhookOptions:
    agency = table.need("agency", 'write the tag that rules name: agency = "satpol-pp"')
    if len(agency) > _LONGEST_TAG or not agency.isprintable():
        table.refuse("agency", "is no tag", 'write the tag that rules name: agency = "satpol-pp"')
    url = read_url(table, "url", ("https", "http"), "https://alerts.agency.example/hook")
    insecure = table.flag("insecure", default=False)
    if url.lower().startswith("http://") and not insecure and not _is_loopback(url):
        hint = "use https://, or set insecure = true here for a network of your own"
        table.refuse("url", "http:// shows every alert to the network", hint)
    secret_file, secret = _read_secret(table, folder)
    return WebhookOptions(
        agency=agency,
        url=url,
        secret=secret,
        secret_file=secret_file,
        ca_file=read_file(table, "ca_file", folder),
        insecure=insecure,
    )


def _read_secret(table: Table, folder: Path) -> tuple[Path, Secret]:
    table.need("secret_file", 'write secret_file = "secrets/satpol-pp"')
    file = table.path("secret_file", folder)
    if file is None or not check_file(table, "secret_file", file, is_private=True):
        return file or folder, Secret("")
    secret = Secret(file.read_text(encoding="utf-8", errors="replace").strip())
    if secret_bytes(secret) is None:
        hint = _MAKE.format(file=file)
        table.refuse("secret_file", f"{file} must hold whsec_ and 24 to 64 bytes in base64", hint)
    return file, secret


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
