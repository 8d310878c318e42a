"""The reference page of the contract: one HTML file that needs nothing else, for any screen."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

from tools.contract_members import Member, members
from tools.contract_table import TOPICS, Topic

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #0a66c2; }
@media (prefers-color-scheme: dark) { :root { --accent: #6db3ff; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem; }
h1 { line-height: 1.2; } h2 { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: 1rem; }
code, pre { font: 0.9em/1.45 ui-monospace, monospace; } code { overflow-wrap: anywhere; }
pre { background: var(--soft); border-radius: 6px; overflow-x: auto; padding: 0.8rem; }
a { color: var(--accent); } table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: 0.35rem 0.6rem 0.35rem 0; text-align: left;
  vertical-align: top; }
.facts { display: flex; flex-wrap: wrap; gap: 0.3rem; list-style: none; margin: 0.6rem 0; padding: 0; }
.facts li { background: var(--soft); border-radius: 6px; padding: 0.1rem 0.5rem; }
.may { opacity: 0.7; } summary { cursor: pointer; padding: 0.4rem 0; }
@media (max-width: 40rem) {
  table.members thead { display: none; }
  table.members tr { border-bottom: 1px solid var(--line); display: block; padding: 0.4rem 0; }
  table.members td { border: 0; display: block; padding: 0; }
}
"""
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>edge-agent: the message contract, version 1</title>
<style>{style}</style>
</head>
<body>
<!-- Written by `python -m tools.contract`; a test says when it is stale. -->
<h1>The message contract, version 1</h1>
<p>What a box says to the center over MQTT, and what the center says to it. Everything below stands under
<code>city/v1/{{site}}/{{box}}/</code>. The same for programs: <a href="asyncapi.json">AsyncAPI 3 document</a>,
one JSON Schema (2020-12) for each message. A program that receives all of it, ready to copy:
<a href="../subscriber.md">subscriber.md</a>. Rules of delivery: <a href="../topics.md">topics.md</a>.
Signatures: <a href="../chain.md">chain.md</a>.</p>
<ul>
<li>Members may be added within version 1: ignore those that you do not know.</li>
<li>Delivery is at least once. Remove duplicates of alerts by (<code>id</code>, <code>revision</code>),
of everything numbered by <code>seq</code>.</li>
<li><b>Two lines</b> means: the payload is the object, compact, a line feed, and
<code>{{"sig":"…"}}</code>, an Ed25519 signature over exactly the bytes before the line feed. Store both lines as they came;
below, schema and example are those of the first.</li>
<li>Times are RFC 3339 in UTC with milliseconds. A box may boot without knowing the time: alerts and health say so
(<code>clock.synced</code>).</li>
</ul>
"""


def page(schemas: dict[str, dict[str, Any]], examples: dict[str, Any]) -> str:
    """Return the page; schemas and examples are by name."""
    parts = [_HEAD.replace("{style}", _STYLE).replace("{{", "{").replace("}}", "}"), _overview()]
    parts += [_section(topic, schemas, examples) for topic in TOPICS]
    parts += [
        _inside("head", "The head: the text in `head` of a status and of health", schemas, examples)
    ]
    parts += [_inside("signature", "The second line", schemas, examples)]
    return "\n".join([*parts, "</body>", "</html>", ""])


def _overview() -> str:
    rows = "".join(
        f'<tr><td><a href="#{topic.name}"><code>{escape(topic.path)}</code></a></td>'
        f"<td>{_code(topic.title)}</td></tr>"
        for topic in TOPICS
    )
    head = "<thead><tr><th>topic</th><th>what</th></tr></thead>"
    return f'<h2>Topics</h2>\n<table class="members">{head}<tbody>{rows}</tbody></table>'


def _section(topic: Topic, schemas: dict[str, dict[str, Any]], examples: dict[str, Any]) -> str:
    facts = "".join(f"<li>{escape(fact)}</li>" for fact in _facts(topic))
    told = [
        f'<h2 id="{topic.name}"><code>{escape(topic.path)}</code></h2>',
        f"<p>{_code(topic.title)}.</p>",
        f'<ul class="facts">{facts}</ul>',
        f'<p>When: {_code(topic.when)}. More: <a href="../{topic.page}">{topic.page}</a>.</p>',
    ]
    is_alone = len(topic.messages) == 1
    told += [
        _message(name, schemas[name], examples[name], is_alone=is_alone) for name in topic.messages
    ]
    return "\n".join(told)


def _facts(topic: Topic) -> list[str]:
    facts = ["box → center" if topic.is_up else "center → box", f"QoS {topic.qos}"]
    facts.append("retained" if topic.is_retained else "not retained")
    if topic.expiry_s:
        facts.append(f"expires after {topic.expiry_s} s (MQTT 5)")
    facts.append(topic.content_type)
    if topic.is_signed:
        facts.append("two lines, signed by the " + ("box" if topic.is_up else "center"))
    if topic.most_bytes:
        facts.append(f"at most {topic.most_bytes:,} bytes")
    return facts


def _message(name: str, schema: dict[str, Any], example: object, *, is_alone: bool) -> str:
    title = "" if is_alone else f"<h3><code>{name}</code>: {_code(schema['title'])}</h3>\n"
    rows = "".join(map(_row, members(schema)))
    head = "<thead><tr><th>member</th><th>value</th><th>what it says</th></tr></thead>"
    shown = escape(json.dumps(example, indent=2, ensure_ascii=False), quote=False)
    return (
        f'{title}<p>Schema: <a href="{name}.schema.json">{name}.schema.json</a></p>\n'
        f'<table class="members">{head}<tbody>{rows}</tbody></table>\n'
        f'<details open><summary>Example: <a href="examples/{name}.json">{name}.json</a></summary>'
        f"<pre>{shown}</pre></details>"
    )


def _inside(
    name: str, title: str, schemas: dict[str, dict[str, Any]], examples: dict[str, Any]
) -> str:
    told = _message(name, schemas[name], examples[name], is_alone=True)
    return f'<h2 id="{name}">{_code(title)}</h2>\n{told}'


def _row(member: Member) -> str:
    may = "" if member.is_required else ' <span class="may">(may be missing)</span>'
    return (
        f"<tr><td><code>{escape(member.path)}</code>{may}</td>"
        f"<td>{escape(member.kind)}</td><td>{_code(member.says)}</td></tr>\n"
    )


def _code(text: str) -> str:
    """Escape a text, and show what stands in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
