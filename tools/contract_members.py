"""The members of a message as rows for a person, read from its JSON Schema."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

# What a pattern means, in words; a pattern that is not here is shown as it is.
PATTERNS = {
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$": "time",
    "^[0-9a-f]{64}$": "64 hex digits",
    "^[0-9a-f]{16}$": "16 hex digits",
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$": "time",
    "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$": "UUID",
    "^[a-z0-9_-]{1,32}$": "word",
    "^[A-Za-z0-9+/]{86}==$": "base64, 88 characters",
}


@dataclass(frozen=True)
class Member:
    """One row: where it stands (`thumb.sha256`, `objects[].label`), what it may be, what it says."""

    path: str
    kind: str
    says: str
    is_required: bool


def members(schema: dict[str, Any], place: str = "") -> list[Member]:
    """Return every member, those inside right behind the one they are in."""
    rows: list[Member] = []
    required = set(schema.get("required", ()))
    for name, told in schema.get("properties", {}).items():
        path = f"{place}.{name}" if place else name
        rows.append(Member(path, kind_of(told), told.get("description", ""), name in required))
        for inside, suffix in _inside(told):
            rows += members(inside, path + suffix)
    return rows


def _inside(told: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Return the schemas of what is in a member, and what stands for the step into it."""
    found = [(told, "")] if "properties" in told else []
    found += [(each, "") for each in told.get("anyOf", ()) if "properties" in each]
    if "properties" in told.get("items", {}):
        found.append((told["items"], "[]"))
    free = told.get("additionalProperties")
    if isinstance(free, dict) and "properties" in free:
        found.append((free, ".*"))
    return found


def kind_of(told: dict[str, Any]) -> str:
    """Return in words what a value may be."""
    if "const" in told:
        return json.dumps(told["const"])
    if "enum" in told:
        return ", ".join(json.dumps(each) for each in told["enum"])
    if "anyOf" in told:
        return " or ".join(sorted({kind_of(each) for each in told["anyOf"]}))
    if told.get("type") == "array":
        return _list_of(told)
    types = told.get("type", "object")
    return " or ".join(_type(each, told) for each in ([types] if isinstance(types, str) else types))


def _list_of(told: dict[str, Any]) -> str:
    least, most = told.get("minItems"), told.get("maxItems")
    kind = kind_of(told.get("items", {}))
    many = f"list of {most}" if least == most and most else "list"
    bound = "" if most is None or least == most else f"; at most {most}"
    return f"{many}: {'objects' if kind == 'object' else kind}{bound}"


def _type(name: str, told: dict[str, Any]) -> str:
    if name == "string":
        if told.get("format") == "uuid":
            return "UUID"
        return PATTERNS.get(told.get("pattern", ""), "text")
    if name in {"integer", "number"}:
        word = "whole number" if name == "integer" else "number"
        least, most = told.get("minimum"), told.get("maximum")
        if least is not None and most is not None and most < 2**63:
            return f"{word}, {least} to {most}"
        return word if least is None else f"{word}, {least} or more"
    return {"boolean": "true or false", "null": "null", "object": "object"}[name]
