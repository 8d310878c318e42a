"""What cameras get wrong, and the one thing we do about each: QUIRKS says where and what proves it.

Here itself: their XML. Strict reading comes first; only a reply that fails it is mended, by rules
with names, each told to whoever asked, never in silence. Nothing is invented: what is cut off
stays refused, for nobody knows what is missing. What is no SOAP envelope is not mended at all.
"""

import codecs
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from xml.etree.ElementTree import Element

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.envelope import LARGEST_REPLY_BYTES, parse


@dataclass(frozen=True, slots=True)
class Quirk:
    """A defect that real cameras have: where it was seen, and our policy."""

    name: str
    # A device and what tells of it: HA is home-assistant/core, "measured" is our own notes.
    seen_on: str
    # The module of this package where the policy is.
    handled_in: str
    policy: str
    # The test that fails without it, below tests/.
    proof: str


# The first twenty-one are what we had measured or read of before the first line was written.
QUIRKS = (
    Quirk("a wrong clock breaks the login", "HA 92384: 1970", "line",
          "ask the time first, sign by the camera's clock, ask again when it jumps",
          "onvif/test_line::test_a_clock_that_jumps_is_no_wrong_password"),
    Quirk("a service on an address that nobody reaches", "CamHipro (HA 92308, 164813)", "address",
          "ask the host that answered; path and query are the camera's",
          "onvif/test_recorded::test_a_camhipro_that_names_its_factory_address_is_asked_where_it_answered"),
    Quirk("a time zone in the login", "Hikvision (a comment in onvif-zeep-async)", "wsse",
          "write the time with Z",
          "onvif/test_session::test_the_time_is_written_in_zulu_form"),
    Quirk("HTTP digest only", "Hikvision recorders (HA 119024)", "line",
          "answer the challenge, then Basic where it is all there is",
          "onvif/test_recorded::test_a_hikvision_recorder_is_answered_in_http_digest_and_believed_when_it_refuses_that"),
    Quirk("ONVIF on another port than 80", "Tapo: 2020 (scrypted 1775)", "matches",
          "believe the port of an XAddr, sweep the usual ones",
          "onvif/test_recorded::test_a_tapo_is_asked_at_its_own_port"),
    Quirk("a fault in HTTP 400 or 500", "gSOAP firmwares (HA 73985)", "line",
          "read the envelope before the status",
          "onvif/test_recorded::test_a_fault_says_its_own_words_whatever_the_status"),
    Quirk("a web page instead of SOAP", "Hikvision: 401 (HA 119024)", "line",
          "401 is a refusal, any other page is no ONVIF",
          "onvif/test_recorded::test_a_web_page_of_any_status_is_no_onvif"),
    Quirk("events announced and not served", "onvif_srvd, measured", "pull_point",
          "give up after three refusals and say so once",
          "daemon/test_camera_events::test_a_camera_that_hangs_up_on_subscribers_is_given_up_after_three"),
    Quirk("services told to anybody", "onvif_srvd, measured", "device",
          "believe a password only after a question that needs a right",
          "onvif/test_recorded::test_an_onvif_srvd_that_tells_anybody_its_services_has_not_accepted_a_password"),
    Quirk("few places for subscribers", "onvif_simple_server: 8, measured", "pull_point",
          "give the place back, wait before the next try",
          "daemon/test_camera_events::test_a_camera_without_a_free_place_is_said_once_and_not_hammered"),
    Quirk("a subscription of nonsense length", "several (onvif-zeep-async's workaround)", "pull_point",
          "ask for an absolute end where a relative one fails",
          "daemon/test_camera_events::test_a_camera_with_broken_times_is_listened_to_all_the_same"),
    Quirk("a pull that never waits, or freezes", "onvif2mqtt 44", "pull_point",
          "never ask without a pause, end each wait",
          "daemon/test_listening::test_a_camera_that_never_waits_is_asked_once_a_second"),
    Quirk("a subscription lost in a reboot", "HA pull request 37711", "pull_point",
          "subscribe again",
          "daemon/test_camera_events::test_after_a_reboot_it_subscribes_again"),
    Quirk("malformed XML", "VIKVIZ (HA 89620), python-onvif 48, measured", "quirks",
          "strict first, then named repairs, told",
          "onvif/test_recorded::test_no_letter_is_lost_where_a_reply_is_mended_and_each_repair_is_told"),
    Quirk("no UTCDateTime, or an impossible one", "measured against onvif-zeep", "presence",
          "take the HTTP Date, else none",
          "onvif/test_recorded::test_a_camera_without_a_usable_time_is_asked_by_its_web_server"),
    Quirk("an empty hostname, or no name", "onvif_simple_server, measured", "matches",
          'an empty text, shown as "-"',
          "onvif/test_recorded::test_a_camera_without_a_name_has_none"),
    Quirk("a snapshot that wants its own login", "seen in onvif-zeep-async", "line",
          "log in as the picture wants it; drop what the address says",
          "onvif/test_line::test_a_picture_may_want_another_login_than_the_rest"),
    Quirk("user and password in an address", "measured", "address",
          "take them out; they are kept apart",
          "onvif/test_recorded::test_addresses_lose_the_password_and_the_host_that_is_none"),
    Quirk("a lock after wrong passwords", "ONVIFCameraAndroid 24: 29 attempts", "line",
          "never send a refused password again",
          "onvif/test_recorded::test_a_refusal_is_one_whatever_the_status_and_asked_for_once"),
    Quirk("H.265 alone, no sub stream", "known, not measured", "media2",
          "show it as what it is; the box decodes it where it must",
          "onvif/test_recorded::test_a_camera_of_h265_alone_is_shown_as_what_it_is"),
    Quirk("IPv6 link-local addresses first", "known, not measured", "matches",
          "ask the host that answered",
          "onvif/test_recorded::test_a_camera_that_names_its_ipv6_address_first_is_asked_where_it_answered"),
    Quirk("prefixes that nobody declared", "home-assistant.io 40942", "quirks",
          "declare them as ONVIF's examples do, told",
          "onvif/test_recorded::test_prefixes_that_nobody_declared_mean_what_they_usually_mean"),
    Quirk("a reply that is cut off", "measured: others read the half of it", "quirks",
          "refuse aloud",
          "onvif/test_recorded::test_what_nobody_can_complete_is_refused_aloud"),
    Quirk("a redirect", "rebuilt by us", "presence",
          "never follow, say where to",
          "onvif/test_recorded::test_a_camera_that_sends_us_elsewhere_is_not_followed_and_says_where"),
    Quirk("a connection that never ends", "rebuilt by us", "exchange",
          "one deadline for all of it",
          "onvif/test_recorded::test_a_reply_without_an_end_on_a_connection_that_stays_is_left_at_the_deadline"),
    Quirk("profiles twice, or without pictures", "rebuilt by us", "profile",
          "the first counts; the others are left out",
          "onvif/test_recorded::test_of_equal_profiles_the_first_counts_and_one_without_pictures_is_left_out"),
    Quirk("huge scopes", "rebuilt by us", "matches",
          "keep a few",
          "onvif/test_recorded::test_of_huge_scopes_a_few_are_kept"),
)  # fmt: skip


class Repair(Enum):
    """A defect of a reply that we mend; the value is its name in reports and logs."""

    # Empty lines, NULs, a second byte order mark or a stray chunk size before the document.
    PROLOGUE = "junk before the XML"
    # `encoding="utf8mb4"`, `standalone=no`: what declares nothing that exists.
    DECLARATION = "an XML declaration that does not read"
    # Says UTF-8, or nothing, and sends the maker's own charset; read as what its bytes say.
    CHARSET = "a wrong charset"
    # A name cut in the middle of a letter by a firmware's fixed field.
    BROKEN_LETTERS = "letters that are not whole"
    CONTROL_CHARACTERS = "control characters"
    AMPERSANDS = "raw ampersands"
    PREFIXES = "undeclared prefixes"
    EPILOGUE = "junk after the XML"


@dataclass(frozen=True, slots=True)
class Mended:
    """A reply that reads strictly, as bytes and as a tree, and what had to be repaired for it."""

    content: bytes
    root: Element
    repairs: tuple[str, ...]


# What cameras declare or send, and Python's name for it. Not every codec of Python's is safe with
# a stranger's bytes: punycode takes time by the square of their number.
_CHARSETS = {
    "": "utf-8", "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii",
    "iso-8859-1": "latin-1", "latin1": "latin-1", "latin-1": "latin-1", "iso-8859-2": "iso-8859-2",
    "iso-8859-15": "iso-8859-15", "windows-1250": "cp1250", "windows-1251": "cp1251",
    "windows-1252": "cp1252", "cp1252": "cp1252", "koi8-r": "koi8-r", "gb2312": "gb18030",
    "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5", "euc-kr": "euc-kr",
    "ks_c_5601-1987": "cp949", "shift_jis": "shift_jis", "euc-jp": "euc-jp",
}  # fmt: skip

_DECLARATION = re.compile(
    rb"""<\?xml\s+version\s*=\s*["']1\.0["'](?:\s+encoding\s*=\s*["']([\w.:-]+)["'])?"""
    rb"""(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>"""
)
_ANY_DECLARATION = re.compile(rb"<\?xml\b[^<>]{0,200}>")
# The longest stray thing met before a document is a chunk size; a page has more before it.
_MOST_JUNK_BYTES = 256
_JUNK = re.compile(rb"[^<]{0,%d}" % _MOST_JUNK_BYTES)
_OPENING = re.compile(r"<((?:[\w.-]+:)?Envelope)[\s>]")
# A letter of two to four bytes, as UTF-8 writes it.
_WHOLE_LETTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
# The common characters of GB2312. Accented letters seldom stand in pairs, and small ones never
# begin like these.
_CHINESE = re.compile(rb"[\xa1-\xd7][\xa1-\xfe]")
# XML 1.0 section 2.2, "Characters": what may not stand there, written out or by its number.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NUMBERED = re.compile(r"&#(?:([0-9]{1,9})|x([0-9a-fA-F]{1,8}));")
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,9}|#x[0-9a-fA-F]{1,8});)")
# Where an ampersand is a letter like others, and what ends that.
_APART = re.compile(r"<!\[CDATA\[|<!--")
_ENDS = {"<![CDATA[": "]]>", "<!--": "-->"}
_USED = re.compile(
    r"""</?([A-Za-z_][\w.-]{0,30}):|\s([A-Za-z_][\w.-]{0,30}):[\w.-]{1,99}\s?=\s?["']"""
)
_BOUND = re.compile(r"\sxmlns:([\w.-]{1,31})\s?=")
# What a prefix that is nowhere declared means by ONVIF's own examples.
_USUAL = {
    "SOAP-ENV": "http://www.w3.org/2003/05/soap-envelope",
    "env": "http://www.w3.org/2003/05/soap-envelope",
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "ter": "http://www.onvif.org/ver10/error",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "tr2": "http://www.onvif.org/ver20/media/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tt": "http://www.onvif.org/ver10/schema",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "wsa5": "http://www.w3.org/2005/08/addressing",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"


def mend(content: bytes, charset: str = "", *, largest_bytes: int = LARGEST_REPLY_BYTES) -> Mended:
    """Return a reply read strictly, or mended and then read strictly.

    `charset` is what HTTP says of it, heard only where the document itself is wrong. Raise
    EdgeAgentError for what stays unreadable, is too large, or is cut off.
    """
    try:
        plain = _in_utf8(content)
        return Mended(plain, parse(plain, largest_bytes=largest_bytes), ())
    except EdgeAgentError:
        if len(content) > largest_bytes or b"<!DOCTYPE" in content:
            raise
        text, repairs = _read_text(content, charset.lower())
        if not _OPENING.search(text):
            raise
    for repair, fix in _REPAIRS:
        fixed = fix(text)
        if fixed != text:
            text = fixed
            repairs.append(repair)
    whole = text.encode()
    names = tuple(repair.value for repair in repairs)
    return Mended(whole, parse(whole, largest_bytes=2 * largest_bytes), names)


def _in_utf8(content: bytes) -> bytes:
    """Return a document that declares another charset, and keeps to it, in UTF-8."""
    declared = _DECLARATION.match(content)
    codec = _CHARSETS.get(_name(declared)) if declared else None
    if declared is None or codec is None or _name(declared) in {"", "utf-8"}:
        return content
    try:
        return content[declared.end() :].decode(codec).encode()
    except UnicodeError:
        return content


def _read_text(content: bytes, charset: str) -> tuple[str, list[Repair]]:
    """Return the document without its declaration, and what was wrong so far."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16", errors="replace")
        return text[text.find("?>") + 2 :] if "<?xml" in text[:9] else text, [Repair.CHARSET]
    repairs = []
    junk = _JUNK.match(content)
    body = content[junk.end() :] if junk else content
    if len(body) < len(content) and content.removeprefix(codecs.BOM_UTF8) != body:
        repairs.append(Repair.PROLOGUE)
    declared = _DECLARATION.match(body)
    name = _name(declared) if declared else ""
    if body.startswith(b"<?xml") and (declared is None or name not in _CHARSETS):
        repairs.append(Repair.DECLARATION)
    document = _ANY_DECLARATION.sub(b"", body, count=1) if body.startswith(b"<?xml") else body
    text, repair = _decoded(document, _CHARSETS.get(name, "utf-8"), charset)
    return text, [*repairs, *([repair] if repair else [])]


def _decoded(document: bytes, codec: str, charset: str) -> tuple[str, Repair | None]:
    """Return the text by the document's own word, else by HTTP's, else by what its bytes say."""
    runs = _HIGH_BYTES.findall(document)
    count = sum(map(len, runs))
    whole = sum(len(letter) for run in runs for letter in _WHOLE_LETTER.findall(run))
    chinese = sum(len(letter) for run in runs for letter in _CHINESE.findall(run))
    is_mostly_whole = 2 * whole > count
    guesses: list[tuple[str, Repair | None]] = [
        (codec, None),
        (_CHARSETS.get(charset, ""), Repair.CHARSET),
    ]
    if not is_mostly_whole:
        is_paired = not any(len(run) % 2 for run in runs)
        looks_chinese = is_paired and 2 * chinese > count
        guesses.append(("gb18030" if looks_chinese else "cp1252", Repair.CHARSET))
    for guess, repair in guesses:
        # A server says Latin-1 for whatever it sends, and Latin-1 says yes to everything.
        if repair and guess in {"", "ascii", "latin-1"}:
            continue
        with suppress(UnicodeError):
            return document.decode(guess), repair
    if is_mostly_whole:
        return document.decode(errors="replace"), Repair.BROKEN_LETTERS
    return document.decode("latin-1"), Repair.CHARSET


def _name(declared: re.Match[bytes]) -> str:
    return (declared[1] or b"").decode().lower()


def _end_with_the_envelope(text: str) -> str:
    opening = _OPENING.search(text)
    closing = opening and re.compile(rf"</{re.escape(opening[1])}\s*>").search(text, opening.end())
    if not closing:
        raise EdgeAgentError(
            "the reply is cut off before its end",
            hint="try again; if it stays so, restart the camera or update its firmware",
        )
    return text[: closing.end()] if text[closing.end() :].strip() else text


def _without_control_characters(text: str) -> str:
    """NULs are what is left of a fixed field; what else stood there nobody knows."""
    text = _FORBIDDEN.sub(_UNKNOWN, text.replace("\0", ""))
    return _outside_quotations(text, lambda part: _NUMBERED.sub(_allowed, part))


def _allowed(reference: re.Match[str]) -> str:
    number = int(reference[1]) if reference[1] else int(reference[2], 16)
    is_allowed = number <= sys.maxunicode and not _FORBIDDEN.match(chr(number))
    return reference[0] if is_allowed else _UNKNOWN


def _with_escaped_ampersands(text: str) -> str:
    return _outside_quotations(text, lambda part: _AMPERSAND.sub("&amp;", part))


def _with_declared_prefixes(text: str) -> str:
    parts = [part for part, is_quoted in _pieces(text) if not is_quoted]
    used = {tag or attribute for part in parts for tag, attribute in _USED.findall(part)}
    unbound = sorted(used - {"xml", "xmlns", *_BOUND.findall(text)})
    opening = _OPENING.search(text)
    if not unbound or not opening:
        return text
    bound = "".join(f' xmlns:{name}="{_USUAL.get(name, "urn:undeclared")}"' for name in unbound)
    return f"{text[: opening.end(1)]}{bound}{text[opening.end(1) :]}"


def _outside_quotations(text: str, fix: Callable[[str], str]) -> str:
    return "".join(part if is_quoted else fix(part) for part, is_quoted in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Return the text in parts, and whether each is CDATA or a comment; in one pass."""
    at = 0
    while opening := _APART.search(text, at):
        end = text.find(_ENDS[opening[0]], opening.end())
        if end < 0:
            break
        yield text[at : opening.start()], False
        yield text[opening.start() : end], True
        at = end
    yield text[at:], False


_REPAIRS: tuple[tuple[Repair, Callable[[str], str]], ...] = (
    (Repair.EPILOGUE, _end_with_the_envelope),
    (Repair.CONTROL_CHARACTERS, _without_control_characters),
    (Repair.AMPERSANDS, _with_escaped_ampersands),
    (Repair.PREFIXES, _with_declared_prefixes),
)
