"""Write the contract's documents anew: `python -m tools.contract`, after a change of a topic or schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edge_agent import __version__
from tools.contract_asyncapi import document
from tools.contract_page import page

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference" / "contract"
_SCHEMA = ".schema.json"


def documents() -> dict[str, str]:
    """Return what each document should say, by its name in the contract's folder."""
    schemas = {
        path.name.removesuffix(_SCHEMA): _read(path) for path in sorted(FOLDER.glob(f"*{_SCHEMA}"))
    }
    examples = {path.stem: _read(path) for path in sorted((FOLDER / "examples").glob("*.json"))}
    asyncapi = json.dumps(document(examples, __version__), indent=2, ensure_ascii=False)
    return {"asyncapi.json": asyncapi + "\n", "index.html": page(schemas, examples)}


def main() -> None:
    """Write them."""
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


if __name__ == "__main__":
    main()
