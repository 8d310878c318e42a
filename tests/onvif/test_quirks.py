from __future__ import annotations

import re
from importlib import import_module
from inspect import isfunction
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.envelope import find_fault, parse
from edge_agent.onvif.quirks import QUIRKS, Quirk, Repair, mend
from tests.house.source import AGENT
from tests.soak.seeds import bodies

# The twenty that our notes counted before the first line was written; the twentieth was two.
_OURS = {
    "a wrong clock breaks the login",
    "a service on an address that nobody reaches",
    "a time zone in the login",
    "HTTP digest only",
    "ONVIF on another port than 80",
    "a fault in HTTP 400 or 500",
    "a web page instead of SOAP",
    "events announced and not served",
    "services told to anybody",
    "few places for subscribers",
    "a subscription of nonsense length",
    "a pull that never waits, or freezes",
    "a subscription lost in a reboot",
    "malformed XML",
    "no UTCDateTime, or an impossible one",
    "an empty hostname, or no name",
    "a snapshot that wants its own login",
    "user and password in an address",
    "a lock after wrong passwords",
    "H.265 alone, no sub stream",
    "IPv6 link-local addresses first",
}

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'


def reply(text: str | bytes, declaration: bytes = DECLARATION) -> bytes:
    content = text if isinstance(text, bytes) else text.encode()
    return (
        declaration
        + b"<s:Envelope xmlns:s='u'><s:Body><a>"
        + content
        + b"</a></s:Body></s:Envelope>"
    )


def told(content: bytes, charset: str = "") -> tuple[str, tuple[str, ...]]:
    mended = mend(content, charset)
    return "".join(mended.root.itertext()), mended.repairs


def refusal(content: bytes) -> str:
    with pytest.raises(EdgeAgentError) as caught:
        mend(content)
    assert caught.value.hint
    return caught.value.what


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name)
def test_each_quirk_is_handled_in_a_module_and_proven_by_a_test(quirk: Quirk) -> None:
    file, _, name = quirk.proof.partition("::")

    assert (AGENT / "onvif" / f"{quirk.handled_in}.py").exists()
    assert name.startswith("test_")
    assert isfunction(getattr(import_module(f"tests.{file.replace('/', '.')}"), name))
    assert quirk.policy
    assert quirk.seen_on


def test_no_quirk_is_told_twice_and_none_of_our_twenty_is_missing() -> None:
    names = [quirk.name for quirk in QUIRKS]

    assert len(set(names)) == len(names)
    assert set(names) >= _OURS


def test_each_repair_is_proven_by_a_reply() -> None:
    repaired = {name for body in bodies() for name in _repairs(body)}

    assert repaired == {repair.value for repair in Repair}


def _repairs(content: bytes) -> tuple[str, ...]:
    try:
        return mend(content).repairs
    except EdgeAgentError:
        return ()


@pytest.mark.parametrize("content", bodies(), ids=range(len(bodies())))
def test_zeep_reads_what_we_read(content: bytes) -> None:
    try:
        mended = mend(content)
    except EdgeAgentError:
        return

    strictly = etree.fromstring(mended.content, etree.XMLParser(resolve_entities=False))
    assert ET.canonicalize(mended.content) == ET.canonicalize(etree.tostring(strictly))
    assert ET.tostring(parse(mended.content)) == ET.tostring(mended.root)
    assert mend(mended.content).repairs == ()


def test_a_healthy_reply_is_passed_on_as_it_came() -> None:
    content = reply("A &amp; B")

    assert mend(content).content is content
    assert mend(content).repairs == ()


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zl"])))
def test_no_healthy_text_is_changed(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert told(reply(escaped)) == (text, ())


@given(st.text("aB &;#<é中", min_size=1))
def test_an_ampersand_is_never_lost(text: str) -> None:
    said, repairs = told(reply(text.replace("<", "")))

    assert said == re.sub("<", "", text)
    assert repairs == ((Repair.AMPERSANDS.value,) if "&" in text else ())


def test_an_ampersand_in_a_quotation_is_left_alone() -> None:
    said, _ = told(reply("A & B <![CDATA[C & D &amp; E]]><!-- F & G -->"))

    assert said == "A & B C & D &amp; E"


def test_a_prefix_in_a_quotation_needs_no_declaration() -> None:
    _, repairs = told(reply("A & B <![CDATA[<c:d e:f='g'/>]]> h:i = j"))

    assert repairs == (Repair.AMPERSANDS.value,)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Größe", "cp1252"),
        ("Caméra Sécurité", "latin-1"),
        ("Über “Tür”", "cp1252"),
        ("摄像机", "gb2312"),
        ("文_A", "gb2312"),
        ("主码流 1", "gbk"),
    ],
)
def test_a_makers_own_charset_is_known_by_its_bytes(text: str, charset: str) -> None:
    assert told(reply(text.encode(charset))) == (text, (Repair.CHARSET.value,))


def test_the_charset_that_http_names_is_heard_where_the_document_lies() -> None:
    assert told(reply("камера".encode("koi8-r")), "koi8-r")[0] == "камера"


def test_a_charset_that_is_declared_and_kept_to_is_no_defect() -> None:
    declaration = DECLARATION.replace(b"UTF-8", b"GB2312")

    assert told(reply("摄像机".encode("gb2312"), declaration)) == ("摄像机", ())


@pytest.mark.parametrize("charset", ["punycode", "unicode_escape", "utf-7", "no-such", "hex"])
def test_a_charset_that_nobody_needs_is_not_decoded_with(charset: str) -> None:
    declaration = DECLARATION.replace(b"UTF-8", charset.encode())

    assert told(reply("a\\x41+AGE-", declaration)) == (
        "a\\x41+AGE-",
        (Repair.DECLARATION.value,),
    )


def test_utf16_with_its_mark_is_read() -> None:
    content = reply("é").decode().replace("UTF-8", "UTF-16").encode("utf-16")

    assert told(content) == ("é", (Repair.CHARSET.value,))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (reply("x")[:-9], "cut off before its end"),
        (reply("<b>"), "mismatched tag"),
        (b"<html><body><br></html>", "mismatched tag"),
        (b"", "no element found"),
        (b"\0" * 50, "NUL"),
        (reply("<x>" * 64 + "</x>" * 64), "deeper than 64 levels"),
        (reply("<x/>" * 50_000), "too many elements"),
        (reply("<x " + " ".join(f"a{n}=''" for n in range(40_001)) + "/>"), "too many"),
        (reply(f"<x xmlns:q='{'u' * 257}'/>"), "a namespace without end"),
        (reply("x" * 1_100_000), "larger than 1024 KB"),
        (b"<!DOCTYPE a []>" + reply("x", b""), "DOCTYPE"),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_with_its_reason(content: bytes, words: str) -> None:
    assert words in refusal(content)


def test_a_fault_of_a_megabyte_is_told_in_a_line() -> None:
    told_at_length = reply("").replace(
        b"<a></a>",
        b"<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>"
        + b"no " * 300_000
        + b"</s:Text></s:Reason></s:Fault>",
    )

    fault = find_fault(mend(told_at_length).root)

    assert fault is not None
    assert fault.codes == ("Sender",)
    assert len(fault.reason) == 300


def test_what_is_no_soap_is_not_mended() -> None:
    assert "not well-formed" in refusal(b"<html>A & B</html>")
