"""Open a TOML file, or say in plain words why it cannot be read."""

import re
import tomllib
from pathlib import Path

from edge_agent.toml.problems import Problems
from edge_agent.toml.reader import Table

# What tomllib says (Python 3.11 to 3.14), and what it means to somebody who never heard of TOML.
_PLAIN_WORDS = {
    "Invalid value": "the value is not complete, or a text without quotes",
    "Invalid statement": "it is neither a [section] nor name = value",
    "Invalid initial character for a key": "it is neither a [section] nor name = value",
    "Expected '=' after a key": "there is no = after the name",
    "Expected newline or end of document": "something stands behind the end of the value",
    "Expected ']'": "a ] is missing",
    "Unclosed array": "a list has no ] at its end, or no , between two values",
    "Unterminated string": "a text has no quotes at its end",
    "Illegal character": "a text has no quotes at its end, or holds a character that cannot be typed",
    "Unescaped '\\'": "write \\\\ for a backslash, or put the text into '…'",
    "Cannot overwrite a value": "this option stands twice; delete one of the lines",
    "Cannot declare": "this section was there before; sections that repeat have [[double]] brackets",
}


def open_table(file: Path, first_step: str) -> tuple[Table | None, Problems]:
    """Return the file's table, or None and why; `first_step` helps where there is no such file."""
    problems = Problems(file)
    try:
        return parse_table(file, file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        is_there = file.parent.is_dir()
        what = "there is no such file" if is_there else "there is no such folder"
        make = f"name the right one with --config, or make it:  sudo mkdir -p {file.parent}   then "
        problems.add_at_line(None, what, first_step if is_there else make + first_step)
    except NotADirectoryError:
        hint = f"name the folder that holds {file.name} with --config, not a file"
        problems.add_at_line(None, f"{file.parent} is a file, not a folder", hint)
    except UnicodeDecodeError:
        problems.add_at_line(None, "is not a UTF-8 text", "save it as UTF-8 in your editor")
    except OSError as error:
        hint = "run this with sudo, or let the user of the agent read it"
        problems.add_at_line(None, f"cannot be read: {error.strerror}", hint)
    return None, problems


def parse_table(file: Path, text: str) -> tuple[Table | None, Problems]:
    """Return the table that a file with this text would hold, or None and why."""
    problems = Problems(file, text)
    try:
        return Table(tomllib.loads(text), problems), problems
    except tomllib.TOMLDecodeError as error:
        why, line = _syntax_error(error, text)
        what = f"this line cannot be read: {why}"
        problems.add_at_line(line, what, 'values look like name = "text", number = 5, flag = true')
    return None, problems


def _syntax_error(error: tomllib.TOMLDecodeError, text: str) -> tuple[str, int]:
    """Return tomllib's complaint in plain words; it tells the line only inside its sentence."""
    message = str(error)
    what, _, place = message.partition(" (at ")
    line = re.match(r"line (\d+)", place)
    last = text.count("\n") + 1
    plain = (words for start, words in _PLAIN_WORDS.items() if what.startswith(start))
    return next(plain, f"{what[:1].lower()}{what[1:]}"), int(line[1]) if line else last
