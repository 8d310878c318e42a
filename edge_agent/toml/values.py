"""Values that name something else: addresses without passwords, files, private files."""

import os
import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from edge_agent.runtime.secret import Secret
from edge_agent.toml.reader import Table

_OTHERS = 0o007
# Of systemd's credentials: by these words a file's place is left to the unit.
CREDENTIAL = "credential:"
# Where systemd keeps those of our unit while it runs (systemd.exec(5)); in the service itself
# $CREDENTIALS_DIRECTORY says it.
_CREDENTIALS = "/run/credentials/edge-agent.service"
_CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_PRIVATE_HINT = "sudo chmod 0640 {file}"


def read_url(table: Table, key: str, schemes: tuple[str, ...], example: str) -> str:
    """Return an address: a known scheme, a host, no user name and no password in it."""
    url = table.need(key, f'write {key} = "{example}"')
    if url:
        _judge_url(table, key, url, schemes, example)
    return url


def read_urls(table: Table, key: str, schemes: tuple[str, ...], example: str) -> tuple[str, ...]:
    """Return a list of such addresses, perhaps an empty one."""
    urls = table.raw(key)
    if urls is None:
        return ()
    if not isinstance(urls, list) or not all(isinstance(url, str) and url for url in urls):
        table.refuse(key, "needs a list of texts in quotes", f'write {key} = ["{example}"]')
        return ()
    for url in urls:
        _judge_url(table, key, url, schemes, example)
    return tuple(urls)


def _judge_url(table: Table, key: str, url: str, schemes: tuple[str, ...], example: str) -> None:
    parts = _split(url)
    # Looked at first, and by hand: a password may hold what urlsplit takes for something else.
    if "@" in url.partition("://")[2].partition("/")[0]:
        hint = "take it out; use username and password_file"
        table.refuse(key, "has a user name or password in it", hint)
    elif parts is None:
        table.refuse(key, "is not an address", f"write it like {example}")
    elif parts.scheme not in schemes:
        expected = " or ".join(f"{scheme}://" for scheme in schemes)
        table.refuse(key, f"must begin with {expected}", f"write it like {example}")
    elif not parts.hostname:
        table.refuse(key, "names no host", f"write it like {example}")


def read_password(
    table: Table, folder: Path, key: str = "password_file"
) -> tuple[Path | None, Secret]:
    """Return where the password is, and the password."""
    file = read_place(table, key, folder)
    if file is None:
        return None, Secret("")
    if not check_file(table, key, file, is_private=True):
        return file, Secret("")
    password = _text_of(file)
    if not password.isprintable() or not password:
        table.refuse(key, f"{file} must hold the password on one line, nothing else")
        return file, Secret("")
    return file, Secret(password)


def read_file(table: Table, key: str, folder: Path, *, is_private: bool = False) -> Path | None:
    """Return the path of a file that must be there and readable."""
    file = read_place(table, key, folder)
    if file is not None:
        check_file(table, key, file, is_private=is_private)
    return file


def credentials_folder() -> Path:
    """Return where systemd lays the credentials of our unit."""
    return Path(os.environ.get("CREDENTIALS_DIRECTORY") or _CREDENTIALS)


def is_credential(file: Path) -> bool:
    """Tell whether systemd gives us this file, for our user alone whatever its mode says of a group."""
    return file.parent == credentials_folder()


def read_place(table: Table, key: str, folder: Path) -> Path | None:
    """Return where a file is: a path, or the place of a credential that is named."""
    text = table.raw(key)
    if not isinstance(text, str) or not text.startswith(CREDENTIAL):
        return table.path(key, folder)
    name = text.removeprefix(CREDENTIAL)
    if not _CREDENTIAL_NAME.fullmatch(name) or name.strip(".") == "":
        table.refuse(
            key, f'"{name}" cannot be the name of a credential', f"write it like {CREDENTIAL}broker"
        )
    return credentials_folder() / name


def check_file(table: Table, key: str, file: Path, *, is_private: bool) -> bool:
    """Tell whether a file can be read, and only by those who should; note why not."""
    try:
        with file.open("rb"):
            mode = file.stat().st_mode
    except FileNotFoundError:
        _refuse_missing(table, key, file)
        return False
    except IsADirectoryError:
        table.refuse(key, f"{file} is a folder", "name a file")
        return False
    except OSError as error:
        hint = "run this with sudo, or let the user of the agent read it"
        table.refuse(key, f"cannot read {file}: {error.strerror}", hint)
        return False
    if is_private and mode & _OTHERS:
        hint = _PRIVATE_HINT.format(file=file)
        table.refuse(key, f"every user of this box can read {file}", hint)
        return False
    return True


def says_missing(what: str) -> bool:
    """Tell whether a problem is that a credential is not there."""
    return what.startswith("there is no credential ")


def _refuse_missing(table: Table, key: str, file: Path) -> None:
    if not is_credential(file):
        table.refuse(key, f"there is no file {file}", "create it, or correct the path")
        return
    what = f"there is no credential {file.name} (only while the service runs can it be read)"
    unit = credentials_folder().name.removesuffix(".service")
    hint = f"name it in a drop-in: LoadCredential=, then sudo systemctl restart {unit}"
    table.refuse(key, what, hint)


def _text_of(file: Path) -> str:
    """Return what the file says, without the end of its line; empty if it is no text."""
    try:
        return file.read_text(encoding="utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        return ""


def _split(url: str) -> SplitResult | None:
    if not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        is_good = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts if is_good else None
