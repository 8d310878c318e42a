"""What `[web]` of center.toml may say."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from edge_agent.toml.reader import Table

_LANGUAGES = ("id", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """Where the page listens, how it speaks, and who may change anything."""

    # Only this machine: whoever wants it further away puts a server with TLS before it. "": no page.
    listen: str = "127.0.0.1:8480"
    # What a browser gets that has not chosen: "id" or "en".
    language: str = "id"
    # Palembang's; "Asia/Makassar" and "Asia/Jayapura" are the others of Indonesia.
    time_zone: str = "Asia/Jakarta"
    # Who may change the handling of an alert; None: nobody, the page only shows.
    operators_file: Path | None = None
    # Whether looking needs a login as well.
    login_to_read: bool = False
    # The address that people type, where a server with TLS stands before the page.
    url: str = ""
    # From where that server asks, mostly "127.0.0.1": its word for who asks it is believed. "": nobody's.
    trusted_proxy: str = ""
    # Plain HTTP beyond this machine shows pictures and passwords to whoever shares the network.
    insecure: bool = False


def read_web(table: Table, folder: Path) -> WebOptions:
    """Return what `[web]` says; problems go where the table's go."""
    default = WebOptions()
    language = table.text("language", default.language)
    if language not in _LANGUAGES:
        table.refuse("language", f"does not know {language!r}", 'write "id" or "en"')
    url = table.text("url", default.url)
    if url and not url.startswith(("https://", "http://")):
        table.refuse("url", "is not an address", "write it like https://center.example")
    operators_file = table.path("operators_file", folder)
    login_to_read = table.flag("login_to_read", default=default.login_to_read)
    if login_to_read and operators_file is None:
        hint = "add operators_file, and somebody: edge-agent center operator add NAME"
        table.refuse("login_to_read", "lets nobody in without operators", hint)
    return WebOptions(
        listen=table.text("listen", default.listen),
        language=language if language in _LANGUAGES else default.language,
        time_zone=table.text("time_zone", default.time_zone),
        operators_file=operators_file,
        login_to_read=login_to_read,
        url=url,
        trusted_proxy=_read_proxy(table, default.trusted_proxy),
        insecure=table.flag("insecure", default=default.insecure),
    )


def _read_proxy(table: Table, default: str) -> str:
    told = table.text("trusted_proxy", default)
    try:
        # As it stands in a request.
        return str(ipaddress.ip_address(told)) if told else ""
    except ValueError:
        hint = 'write from where your web server asks: trusted_proxy = "127.0.0.1"'
        table.refuse("trusted_proxy", f'"{told}" is no IP address', hint)
        return ""
