"""What boxes write about themselves in English, in Indonesian where we know the sentence.

A box says it to whoever reads its health; what a camera or a library worded stays as it came.
"""

import re

from edge_agent.center.alarm_texts import tell_why

# As edge_agent/daemon/health.py words it: the sentence, and ours.
_KNOWN = [
    (re.compile(pattern), indonesian)
    for pattern, indonesian in (
        (r"(\d+) alerts were dropped for room", r"\1 peringatan dibuang karena disk penuh"),
        (r"(\d+) pictures were dropped", r"\1 gambar dibuang karena disk penuh"),
        (r"(\d+) alerts were refused by the broker", r"\1 peringatan ditolak broker"),
        (
            r"(\d+) times somebody came under this box's name: a copied certificate\?",
            r"\1 kali ada yang masuk dengan nama kotak ini: sertifikat disalin?",
        ),
        (r"(\d+) receipts were not believed", r"\1 tanda terima tidak dipercaya"),
        (r"(\d+) commands were refused", r"\1 perintah ditolak"),
        (r"(.{1,64}): its analysis has hung for (\d+) s", r"\1: analisisnya macet \2 detik"),
        (r"(.{1,64}): reports of itself: tamper", r"\1: kamera melaporkan gangguan"),
        (r"(.{1,64}): reports of itself: video_loss", r"\1: kamera melaporkan gambar hilang"),
    )
]
# What became of a new version, and why: the sentences of its alarm have the same whys.
_NEW_VERSION = re.compile(r"new version (.{1,64}), (going back|rolled back|stuck): (.*)")
_STATES = {
    "going back": "versi baru {} tidak berhasil, kembali ke versi sebelumnya",
    "rolled back": "versi baru {} tidak berhasil, versi sebelumnya dipakai lagi",
    "stuck": "versi baru {} tidak berhasil, versi sebelumnya tidak dapat dipasang lagi",
}


def tell_problem(problem: str, language: str) -> str:
    """Return what a box says of itself, in this language if we know how."""
    if language == "id":
        for pattern, indonesian in _KNOWN:
            if found := pattern.fullmatch(problem):
                return found.expand(indonesian)
        if found := _NEW_VERSION.fullmatch(problem):
            return f"{_STATES[found[2]].format(found[1])}: {tell_why(found[3])}"
    return problem
