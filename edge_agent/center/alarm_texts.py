"""What an alarm says: a word and its facts, and every sentence in English and Indonesian.

The word and the facts are stored, so that a page shows them in whatever language is asked for. The
English sentence is stored beside them, for the log, for exports, and for whoever asks the database.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# Before a word: it is said of the signed head of a box's chain.
OF_HEAD = "head."
_HEAD = ("the head of its chain: ", "kepala rantainya: ")
# What: English, Indonesian. A fact that is called `time` or `since` is RFC 3339.
_SENTENCES: dict[str, tuple[str, str]] = {
    "damaged": (
        "a message that is damaged, or no message of a box",
        "pesan yang rusak, atau bukan pesan sebuah kotak",
    ),
    "unsigned": ("a message without a signature", "pesan tanpa tanda tangan"),
    "altered": (
        "a message that was changed after it was signed",
        "pesan yang diubah setelah ditandatangani",
    ),
    "foreign": (
        "another box's message came on its topic",
        "pesan kotak lain datang pada topiknya",
    ),
    "unknown_key": (
        "signed by a key that nobody vouches for",
        "ditandatangani dengan kunci yang tidak dijamin siapa pun",
    ),
    "retired_key": (
        "signed by a key that was not in use at that number",
        "ditandatangani dengan kunci yang tidak dipakai pada nomor itu",
    ),
    "unreadable": (
        "alert {number} is genuine, but has no id or no revision",
        "peringatan {number} asli, tetapi tanpa id atau revisi",
    ),
    "not_taken": (
        "the database does not take one of its messages",
        "basis data tidak menerima salah satu pesannya",
    ),
    "certificate_copied": (
        "somebody else came to the broker under this box's name: is its certificate copied?",
        "ada yang masuk ke broker dengan nama kotak ini: apakah sertifikatnya disalin?",
    ),
    "unknown_box": (
        "a box that is not in the list of boxes sends",
        "kotak yang tidak ada dalam daftar mengirim pesan",
    ),
    "fork": (
        "two different messages with number {number}: a copy of its key signs, or of its disk",
        "dua pesan berbeda bernomor {number}: salinan kunci atau salinan disknya dipakai",
    ),
    "gap": ("missing: {numbers}", "hilang: {numbers}"),
    "gap_more": ("missing: {numbers} and more", "hilang: {numbers} dan lainnya"),
    "cut": (
        "missing at the end: {numbers}; at {time} they had been sent",
        "hilang di ujung: {numbers}; pada {time} semuanya sudah dikirim",
    ),
    "restarted": (
        "the box lost its place and went on at {number}: nothing lost",
        "kotak kehilangan urutannya dan melanjutkan dari {number}: tidak ada yang hilang",
    ),
    "restarted_lost": (
        "the box lost its place and went on at {number}: {numbers} cannot be accounted for",
        "kotak kehilangan urutannya dan melanjutkan dari {number}: {numbers} tidak jelas nasibnya",
    ),
    "key_lost": (
        "the box says that it lost its key; {kid} vouches only for itself",
        "kotak menyatakan kuncinya hilang; {kid} hanya menjamin dirinya sendiri",
    ),
    "deaf": (
        "the broker cannot be reached: no box is heard",
        "broker tidak terjangkau: tidak ada kotak yang terdengar",
    ),
    "rolled_back": (
        "new version {new} did not do, {old} is back: {why}",
        "versi baru {new} tidak berhasil, {old} dipakai lagi: {why}",
    ),
    "stuck": (
        "new version {new} did not do, and {old} could not be put back: {why}",
        "versi baru {new} tidak berhasil, dan {old} tidak dapat dipasang lagi: {why}",
    ),
    "model_rolled_back": (
        "new model {new} did not do, {old} is in use: {why}",
        "model baru {new} tidak berhasil, {old} yang dipakai: {why}",
    ),
    "silent": ("nothing heard since {since}", "tidak terdengar sejak {since}"),
}
# How boxes say what a new version did not do (update/condition.py), in Indonesian.
_WHYS = {
    "the service does not run": "layanannya tidak berjalan",
    "it runs, and does not answer": "layanannya berjalan, tetapi tidak menjawab",
    "no camera's pictures are looked at": "gambar kamera tidak diperiksa",
    "the broker is not reached": "broker tidak terjangkau",
}
_TIMES = frozenset({"time", "since"})


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence before it is put into a language."""

    word: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def english(self) -> str:
        """The sentence for logs, exports and the command line."""
        return say(self, "en", str) or self.word

    @property
    def json(self) -> str:
        """What is stored."""
        return json.dumps({**self.facts, "word": self.word})


def said(word: str, **facts: object) -> Said:
    """Return a sentence of this word with these facts."""
    return Said(word, {name: str(fact) for name, fact in facts.items()})


def read_said(told: Mapping[str, object]) -> Said:
    """Return what was stored, whatever it is by now."""
    facts = {name: str(fact) for name, fact in told.items() if isinstance(fact, str)}
    return Said(facts.pop("word", ""), facts)


def tell_why(why: str) -> str:
    """Return in Indonesian why a new version did not do, as far as we know the words."""
    first, semicolon, rest = why.partition("; ")
    return f"{_WHYS.get(first, first)}{semicolon}{rest}"


def say(one: Said, language: str, moment: Callable[[str], str]) -> str:
    """Return the sentence; "" where it has none. `moment` writes a time for people."""
    is_indonesian = language == "id"
    is_of_head = one.word.startswith(OF_HEAD)
    sentences = _SENTENCES.get(one.word.removeprefix(OF_HEAD))
    if sentences is None:
        return ""
    facts = {name: moment(fact) if name in _TIMES else fact for name, fact in one.facts.items()}
    if is_indonesian and "why" in facts:
        facts["why"] = tell_why(facts["why"])
    try:
        sentence = sentences[is_indonesian].format_map(facts)
    except KeyError:
        return ""
    return f"{_HEAD[is_indonesian]}{sentence}" if is_of_head else sentence
