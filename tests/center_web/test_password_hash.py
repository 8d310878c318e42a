from __future__ import annotations

from werkzeug.security import check_password_hash, generate_password_hash

from edge_agent.center.password_hash import fits, hashed


def test_a_password_fits_its_own_hash_alone() -> None:
    told = hashed("a long password")

    assert fits(told, "a long password")
    assert not fits(told, "a long passworD")
    assert hashed("a long password") != told


def test_werkzeug_and_we_read_each_others_hashes() -> None:
    """Files of operators that a center with a later Werkzeug has written stay good."""
    assert check_password_hash(hashed("kata sandi yang panjang"), "kata sandi yang panjang")
    assert fits(generate_password_hash("kata sandi", method="scrypt"), "kata sandi")


def test_what_is_no_hash_of_ours_fits_nothing() -> None:
    good = hashed("word")
    salted = good.partition("$")[2]
    cases = (
        "",
        "x",
        "pbkdf2:sha256:1$a$b",
        f"scrypt:3:8:1${salted}",
        f"scrypt:1048576:99:9${salted}",
    )

    assert [told for told in cases if fits(told, "word")] == []
