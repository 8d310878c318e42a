"""What the house tests ask about: our files, and every sentence that a technician may read."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AGENT = ROOT / "edge_agent"
# What stands for a value in a message, in the code's %s and {…} as in the field guide.
HOLE = "…"
_LEVELS = {"warning", "error", "critical", "exception"}
# Where configuration problems are noted, and which argument says what is wrong.
_PROBLEM_CALLS = {"refuse": 1, "add_at_line": 1}
# What a command shows as wrong, or as worth a next step; what it only passes on is raised elsewhere.
_SHOWN_CALLS = {"console.bad": 2, "console.note": 3}
_PERCENT = re.compile(r"%[-+ #0]*[\d.]*[sdrfgx]")


@dataclass(frozen=True)
class Message:
    """One sentence: `text` has … for values; "" where the code does not say it literally."""

    where: str
    kind: str
    text: str
    # The next step is there, and not an empty text.
    is_hinted: bool


def modules(folder: Path = AGENT) -> list[Path]:
    return sorted(folder.rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def error_names() -> frozenset[str]:
    """EdgeAgentError and all that inherit from it, by name."""
    bases = {
        node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
    }
    names = {"EdgeAgentError"}
    while more := {name for name, its in bases.items() if its & names and name not in names}:
        names |= more
    return frozenset(names)


@cache
def messages() -> tuple[Message, ...]:
    """Every sentence of the agent, in the order of the files."""
    return tuple(message for path in modules() for message in _in_file(path))


def _in_file(path: Path) -> list[Message]:
    found: list[Message] = []
    tree = tree_of(path)
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for scope in functions:
        for call in (node for node in ast.walk(scope) if isinstance(node, ast.Call)):
            if any(_is_inside(call, inner) for inner in functions if _is_inside(inner, scope)):
                continue
            where = f"{path.relative_to(ROOT)}:{call.lineno}"
            found += [Message(where, *told) for told in _told(call, scope)]
    return found


def _is_inside(inner: ast.AST, outer: ast.AST) -> bool:
    return inner is not outer and any(node is inner for node in ast.walk(outer))


def _told(call: ast.Call, scope: ast.AST) -> list[tuple[str, str, bool]]:
    name = ast.unparse(call.func).rpartition(".")[2]
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "log":
        return (
            [("log", text, True) for text in _texts(call.args[0], scope)] if name in _LEVELS else []
        )
    if name in error_names() and call.args:
        hints = [word.value for word in call.keywords if word.arg == "hint"]
        is_hinted = any(not isinstance(hint, ast.Constant) or bool(hint.value) for hint in hints)
        return [("error", text, is_hinted) for text in _texts(call.args[0], scope)]
    if len(call.args) >= _SHOWN_CALLS.get(ast.unparse(call.func), 99):
        texts = _texts(call.args[1], scope)
        return [("shown", text, True) for text in texts if text.strip(f"{HOLE} ;:")]
    if name in _PROBLEM_CALLS and isinstance(call.func, ast.Attribute):
        place = _PROBLEM_CALLS[name]
        if len(call.args) > place:
            return [("problem", text, True) for text in _texts(call.args[place], scope)]
    return []


def _texts(node: ast.expr, scope: ast.AST) -> list[str]:
    """Return all that an expression may say; a name is looked up in its function's assignments."""
    match node:
        case ast.Constant(value=str(text)):
            return [tidy(text)]
        case ast.JoinedStr() | ast.BinOp():
            return [tidy(_joined(node))]
        case ast.IfExp(body=yes, orelse=no):
            return _texts(yes, scope) + _texts(no, scope)
        case ast.Name(id=name):
            return [text for value in _assigned(name, scope) for text in _texts(value, scope)] or [
                ""
            ]
    return [""]


def _joined(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_joined(value) for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined(left) + _joined(right)
    return HOLE


def _assigned(name: str, scope: ast.AST) -> list[ast.expr]:
    values: list[ast.expr] = []
    for node in ast.walk(scope):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == name:
                values.append(node.value)
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=False)
                values += [v for t, v in pairs if isinstance(t, ast.Name) and t.id == name]
    return values


def tidy(text: str) -> str:
    """One line, one … a value: how a message stands in the field guide."""
    text = _PERCENT.sub(HOLE, text).replace("%%", "%")
    text = re.sub(rf"{HOLE}(?:[:\s]?{HOLE})+", HOLE, text)
    return re.sub(r"\s+", " ", text).strip()
