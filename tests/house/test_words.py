"""What a technician reads: every message has an entry in the field guide, and says a next step."""

from __future__ import annotations

import ast
import re

from tests.house.source import HOLE, ROOT, messages, modules, tidy, tree_of

GUIDE = ROOT / "docs" / "field-guide.md"
# What the package says while it is installed and removed; lines of a next step begin with blanks.
SCRIPTS = [
    ROOT / "packaging" / package / name
    for package in ("debian", "center")
    for name in ("configured", "postinst", "postrm")
]

# Failures after which we know no next step. Each with the reason why there is none.
WE_DO_NOT_KNOW: dict[str, str] = {}

# Sentences that are put together elsewhere, by file: the code that says them, and why it is apart.
SAID_ELSEWHERE = {
    "edge_agent/center/settings.py": "BadConfiguration shows its problems",
    "edge_agent/cli/check_box.py": "certificates/expiry.py words it, for status and center, too",
    "edge_agent/cli/setup_seed.py": "config/outline.py judges an outline",
    "edge_agent/config/camera.py": "config/outline.py judges an outline, for files and for `zone`",
    "edge_agent/config/checks.py": "judge_name, for files and for `zone`",
    "edge_agent/config/load.py": "BadConfiguration shows its problems; tomllib words a bad line",
    "edge_agent/daemon/reload.py": "BadConfiguration shows its problems",
    "edge_agent/packs/pack_file.py": "inference/model_file.py and packs/examine.py say it of a folder",
    "edge_agent/packs/trial.py": "packs/examine.py says it, in a process of its own",
    "edge_agent/config/store.py": "BadConfiguration shows its problems",
}


def guide_entries() -> set[str]:
    """The messages that the guide explains: every `…` span of a heading and of an "also:" line."""
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith(("### ", "Also: "))]
    return {tidy(span) for line in headings for span in re.findall(r"`+ ?(.+?) ?`+(?=,|$)", line)}


def told_by_scripts() -> set[str]:
    """The sentences of the package's scripts, without the name that stands before them."""
    lines = [line for script in SCRIPTS for line in script.read_text("utf-8").splitlines()]
    told = {
        found[1]
        for line in lines
        if (found := re.search(r'echo "(?:edge-agent(?:-center)?: )?(\S[^"]*)"', line))
    }
    sentences = {text for text in told if not text.startswith(("next: ", "postinst ", "postrm "))}
    return {tidy(re.sub(r"\$\w+", HOLE, text)) for text in sentences}


def test_every_sentence_of_the_package_has_an_entry_in_the_field_guide() -> None:
    assert told_by_scripts() <= guide_entries()


def test_every_message_has_an_entry_in_the_field_guide() -> None:
    entries = guide_entries()

    unexplained = [f"{m.where}: {m.text}" for m in messages() if m.text and m.text not in entries]

    assert not unexplained, "explain these in docs/field-guide.md:\n" + "\n".join(unexplained)


def test_the_field_guide_explains_nothing_that_nobody_says() -> None:
    said = {message.text for message in messages()} | _returned_by("outline.py", "checks.py")
    said |= told_by_scripts()

    stale = sorted(guide_entries() - said)

    assert not stale, "nobody says these any more:\n" + "\n".join(stale)


def test_every_entry_says_it_in_indonesian_too() -> None:
    entries = re.split(r"^### ", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]

    assert [entry.splitlines()[0] for entry in entries if "**ID:**" not in entry] == []


def test_a_message_without_literal_words_is_said_elsewhere_for_a_reason() -> None:
    silent = {message.where.partition(":")[0] for message in messages() if not message.text}

    assert silent <= SAID_ELSEWHERE.keys(), "write the message where it is raised"


def test_what_outlines_and_names_get_wrong_is_in_the_field_guide() -> None:
    unexplained = _returned_by("outline.py", "checks.py") - guide_entries()

    assert not unexplained, "\n".join(sorted(unexplained))


def test_every_error_says_the_next_step() -> None:
    bare = [m for m in messages() if m.kind == "error" and m.text and not m.is_hinted]

    unknown = [f"{m.where}: {m.text}" for m in bare if m.text not in WE_DO_NOT_KNOW]

    assert not unknown, "add a hint, or list it with its reason:\n" + "\n".join(unknown)


def test_messages_are_lower_case_and_have_no_full_stop() -> None:
    wrong = [
        f"{m.where}: {m.text}"
        for m in messages()
        if m.text.endswith(".") or (m.text[:1].isupper() and not m.text.startswith("MQTT"))
    ]

    assert not wrong, "\n".join(wrong)


def test_foreign_failures_are_translated_with_their_cause() -> None:
    """`raise EdgeAgentError(...)` inside an except clause carries `from error`."""
    forgotten = [
        f"{path.relative_to(ROOT)}:{raised.lineno}"
        for path in modules()
        for handler in ast.walk(tree_of(path))
        if isinstance(handler, ast.ExceptHandler)
        for raised in ast.walk(handler)
        if isinstance(raised, ast.Raise) and raised.exc is not None and raised.cause is None
    ]

    assert not forgotten, "\n".join(forgotten)


def _returned_by(*names: str) -> set[str]:
    """The sentences that functions called judge… and read_outline return."""
    found: set[str] = set()
    for name in names:
        tree = tree_of(ROOT / "edge_agent" / "config" / name)
        for scope in ast.walk(tree):
            if isinstance(scope, ast.FunctionDef) and re.match(
                r"_?judge_|read_outline", scope.name
            ):
                returns = (node for node in ast.walk(scope) if isinstance(node, ast.Return))
                found |= {text for node in returns for text in _sentences(node.value)}
    return found


def _sentences(value: ast.expr | None) -> set[str]:
    match value:
        case ast.Constant(value=str(text)) if text:
            return {tidy(text)}
        case ast.JoinedStr(values=parts):
            return {
                tidy("".join(str(p.value) if isinstance(p, ast.Constant) else HOLE for p in parts))
            }
        case ast.Tuple(elts=elements):
            return {text for element in elements for text in _sentences(element)}
    return set()
