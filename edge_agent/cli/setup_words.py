"""What `edge-agent setup` says, in English and in Indonesian: each question with a short why.

ASCII alone, and no line above 78 signs: a serial console shows no more.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, and why it is asked."""

    why: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All that is said in one language."""

    welcome: str
    site: Ask
    box: Ask
    state_dir: Ask
    url: Ask
    insecure: Ask
    username: Ask
    password: Ask
    ca_file: Ask
    center_key: Ask
    no_key: str
    key_known: str
    enroll: Ask
    enroll_url: Ask
    cameras: Ask
    address: Ask
    none_found: str
    zone: Ask
    zone_name: Ask
    corners: Ask
    label: Ask
    check: Ask
    needed: str
    again: str
    left: str
    done: str
    done_running: str
    not_done: str


ENGLISH = Words(
    welcome="First configuration of this box. Enter takes what stands in [ ];\n"
    "q leaves, and the next `edge-agent setup` goes on from there.",
    site=Ask("The site is the first part of every address at the center.", "site"),
    box=Ask("The name of this box, once only in the whole site.", "box"),
    state_dir=Ask("Alerts that wait and the key of this box are kept here.", "folder"),
    url=Ask("Where alerts go. The center tells it: mqtts://HOST or mqtts://HOST:PORT", "broker"),
    insecure=Ask(
        "mqtt:// shows every alert to the network. Only for a laboratory.", "allow it? y/n"
    ),
    username=Ask("Only if the broker knows this box by name and password.", "user name"),
    password=Ask("It is kept in a file of its own that only the agent can read.", "password"),
    ca_file=Ask(
        "Who signed the broker's certificate: a file of the center's. Empty: a\npublic authority.",
        "CA file",
    ),
    center_key=Ask(
        "The center's key proves what the center says. Paste the line that\n"
        "`edge-agent center key` has printed there, or name a file that holds it.\n"
        "Enter: later.",
        "center's key",
    ),
    no_key="Later, then. Until this box knows the key, an alert leaves its disk when the\n"
    "broker has it, not when the center has it, and the center can ask it nothing.\n"
    "The next `edge-agent setup` asks again.",
    key_known="compare it with what the center shows",
    enroll=Ask(
        "A certificate of its own proves to the broker which box this is. You need\n"
        "the center's token.",
        "get one now? y/n",
    ),
    enroll_url=Ask("The center's certificate service.", "address"),
    cameras=Ask("Cameras on this network are looked for by ONVIF.", "look for them? y/n"),
    address=Ask(
        "A number of the list, an address (192.168.1.64 or rtsp://...), or - to go on.", "add"
    ),
    none_found="Nobody answered; an address can be typed all the same.",
    zone=Ask("Without a zone and a rule there is no alert.", "draw a zone? y/n"),
    zone_name=Ask("What people call that part of the picture.", "zone"),
    corners=Ask(
        "Corners as X,Y between 0 and 1: X to the right, Y down. As it stands: the\n"
        "whole picture. `add` has left a picture to look at.",
        "corners",
    ),
    label=Ask(
        "Who or what raises the alert: person, two_wheeler, car, bus, truck, garbage.", "alert on"
    ),
    check=Ask("Everything is tried once: disk, clock, broker, cameras.", "check now? y/n"),
    needed="an answer is needed",
    again="please answer again",
    left="left; `edge-agent setup` goes on from here",
    done="this box is configured; start it:",
    done_running="this box is configured; have the running agent take it in:",
    not_done="something is not right yet; correct it, then:",
)
INDONESIAN = Words(
    welcome="Pengaturan pertama kotak ini. Enter mengambil isi [ ];\n"
    "q keluar, dan `edge-agent setup` berikutnya melanjutkan dari situ.",
    site=Ask("Lokasi adalah bagian pertama dari setiap alamat di pusat.", "lokasi"),
    box=Ask("Nama kotak ini, hanya sekali di seluruh lokasi.", "kotak"),
    state_dir=Ask("Peringatan yang menunggu dan kunci kotak ini disimpan di sini.", "folder"),
    url=Ask("Tujuan peringatan. Pusat yang memberi: mqtts://HOST atau mqtts://HOST:PORT", "broker"),
    insecure=Ask("mqtt:// terbuka bagi seluruh jaringan. Hanya untuk uji coba.", "izinkan? y/n"),
    username=Ask("Hanya jika broker mengenal kotak ini dengan nama dan sandi.", "nama pengguna"),
    password=Ask("Disimpan di berkas sendiri yang hanya dapat dibaca agen.", "kata sandi"),
    ca_file=Ask(
        "Penanda tangan sertifikat broker: berkas dari pusat. Kosong: otoritas umum.", "berkas CA"
    ),
    center_key=Ask(
        "Kunci pusat membuktikan apa yang dikatakan pusat. Tempel baris yang dicetak\n"
        "`edge-agent center key` di sana, atau sebut berkas yang berisi baris itu.\n"
        "Enter: nanti.",
        "kunci pusat",
    ),
    no_key="Nanti saja. Selama kunci belum dikenal, peringatan meninggalkan disk ketika\n"
    "broker menerimanya, bukan ketika pusat menyimpannya, dan pusat tidak dapat\n"
    "meminta apa pun. `edge-agent setup` berikutnya bertanya lagi.",
    key_known="bandingkan dengan yang ditampilkan pusat",
    enroll=Ask(
        "Sertifikat sendiri membuktikan kepada broker kotak mana ini. Perlu token\ndari pusat.",
        "ambil sekarang? y/n",
    ),
    enroll_url=Ask("Layanan sertifikat di pusat.", "alamat"),
    cameras=Ask("Kamera di jaringan ini dicari dengan ONVIF.", "cari? y/n"),
    address=Ask(
        "Nomor dari daftar, alamat (192.168.1.64 atau rtsp://...), atau - untuk lanjut.", "tambah"
    ),
    none_found="Tidak ada yang menjawab; alamat tetap dapat diketik.",
    zone=Ask("Tanpa zona dan aturan tidak ada peringatan.", "gambar zona? y/n"),
    zone_name=Ask("Sebutan orang untuk bagian gambar itu.", "zona"),
    corners=Ask(
        "Sudut sebagai X,Y antara 0 dan 1: X ke kanan, Y ke bawah. Isi bawaan:\n"
        "seluruh gambar. `add` telah menyimpan sebuah gambar.",
        "sudut",
    ),
    label=Ask(
        "Yang memicu peringatan: person, two_wheeler, car, bus, truck, garbage.", "peringatan untuk"
    ),
    check=Ask("Semuanya dicoba sekali: disk, jam, broker, kamera.", "periksa sekarang? y/n"),
    needed="harus diisi",
    again="jawab sekali lagi",
    left="keluar; `edge-agent setup` melanjutkan dari sini",
    done="kotak ini sudah diatur; nyalakan:",
    done_running="kotak ini sudah diatur; minta agen yang berjalan membacanya:",
    not_done="masih ada yang salah; perbaiki, lalu jalankan:",
)
LANGUAGES = {"en": ENGLISH, "id": INDONESIAN}
