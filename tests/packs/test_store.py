"""What is installed is whole, sound and bounded; a refused pack changes nothing."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import MODELS, load_card
from edge_agent.packs import store as store_module
from edge_agent.packs.choice import Choice
from edge_agent.packs.on_trial import Before
from edge_agent.packs.pack_file import _part, make_head
from edge_agent.packs.signature import sign
from edge_agent.packs.store import MOST_INSTALLED, Store
from edge_agent.packs.trial import try_model
from tests.packs.models import change_weights, packed, street

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packs.conftest import Key


def unseen(_folder: Path) -> None:
    """Take a model as it is: what a trial finds is tested beside it."""


def versions(store: Store, tmp_path: Path, *wanted: str) -> None:
    for version in wanted:
        folder = street(tmp_path / version, version)
        store.install(packed(folder, tmp_path / f"{version}.pack"), (), unseen)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_a_pack_becomes_a_model_folder(store: Store, street_pack: Path) -> None:
    arrival = store.install(street_pack, (), try_model)

    assert arrival.is_new
    assert store.find("street-9.9.9") == str(arrival.name) == "street-9.9.9"
    assert load_card(store.check("street-9.9.9", ())).version == "9.9.9"
    assert {path.name for path in store.folder.iterdir()} == {"street-9.9.9"}


def test_the_agent_s_user_may_read_what_sudo_installed(store: Store, street_pack: Path) -> None:
    store.install(street_pack, (), unseen)

    folder = store.folder_of("street-9.9.9")
    assert folder.stat().st_mode & 0o777 == 0o755
    assert all(file.stat().st_mode & 0o777 == 0o644 for file in folder.iterdir())


def test_a_model_that_fails_its_trial_leaves_nothing_behind(
    store: Store, street_pack: Path
) -> None:
    def fails(_folder: Path) -> None:
        raise EdgeAgentError("it crashes", hint="none")

    with pytest.raises(EdgeAgentError, match="it crashes"):
        store.install(street_pack, (), fails)

    assert list(store.folder.iterdir()) == []


@pytest.mark.parametrize("place", [10, 100, 600, 5_000, 1_000_000, -1])
def test_a_damaged_pack_is_refused_before_it_is_tried(
    store: Store, street_pack: Path, tmp_path: Path, place: int
) -> None:
    content = bytearray(street_pack.read_bytes())
    content[place] ^= 1
    damaged = tmp_path / "damaged.pack"
    damaged.write_bytes(content)
    before = Choice(wanted="street", good="street")
    store.save(lambda _: before)

    with pytest.raises(EdgeAgentError) as caught:
        store.install(damaged, (), lambda _folder: pytest.fail("it was run"))

    assert "\n" not in caught.value.what
    assert caught.value.hint
    assert store.installed() == ()
    assert store.choice() == before


def test_an_unsigned_pack_is_refused_where_the_site_has_keys(
    store: Store, street_pack: Path, key: Key
) -> None:
    with pytest.raises(EdgeAgentError, match="not signed"):
        store.install(street_pack, (key.public,), unseen)

    assert not store.folder.exists()


def test_a_signed_pack_stays_checkable(store: Store, tmp_path: Path, key: Key) -> None:
    folder = street(tmp_path / "street")
    pack = packed(folder, tmp_path / "a.pack", sign(make_head(folder), key.file))

    assert store.install(pack, (key.public,), unseen).key_id == key.id
    store.check("street-9.9.9", (key.public,))


def test_a_key_that_is_taken_off_the_list_takes_its_models_with_it(
    store: Store, tmp_path: Path, key: Key, other_key: Key
) -> None:
    folder = street(tmp_path / "street")
    store.install(
        packed(folder, tmp_path / "a.pack", sign(make_head(folder), key.file)), (), unseen
    )

    with pytest.raises(EdgeAgentError, match="does not trust"):
        store.check("street-9.9.9", (other_key.public,))


def test_installing_the_same_again_is_no_news(store: Store, street_pack: Path) -> None:
    store.install(street_pack, (), unseen)

    assert not store.install(street_pack, (), unseen).is_new


def test_the_same_again_with_a_signature_is_signed_then(
    store: Store, street_pack: Path, tmp_path: Path, key: Key
) -> None:
    store.install(street_pack, (), unseen)
    folder = store.folder_of("street-9.9.9")
    signed = packed(folder, tmp_path / "signed.pack", sign(make_head(folder), key.file))

    store.install(signed, (key.public,), unseen)

    store.check("street-9.9.9", (key.public,))


def test_other_bytes_under_a_known_name_are_refused(
    store: Store, street_pack: Path, tmp_path: Path
) -> None:
    store.install(street_pack, (), unseen)
    before = contents(store.folder)
    other = street(tmp_path / "other", licence='"MIT"')

    with pytest.raises(EdgeAgentError, match=r"another model is installed as street-9\.9\.9"):
        store.install(packed(other, tmp_path / "other.pack"), (), unseen)

    assert contents(store.folder) == before


def test_a_damaged_model_is_found_and_healed_by_its_pack(store: Store, street_pack: Path) -> None:
    store.install(street_pack, (), unseen)
    weights = store.folder_of("street-9.9.9") / "street.tflite"
    weights.write_bytes(weights.read_bytes()[:-1])

    with pytest.raises(EdgeAgentError, match="is not what was installed"):
        store.check("street-9.9.9", ())
    store.install(street_pack, (), unseen)

    store.check("street-9.9.9", ())


def test_a_name_without_a_version_means_its_youngest(store: Store, tmp_path: Path) -> None:
    for name, version in (("mine", "1.9"), ("mine", "1.10"), ("mine-2", "9")):
        folder = street(tmp_path / f"{name}{version}", version, name)
        store.install(packed(folder, tmp_path / "a.pack"), (), unseen)

    assert store.find("mine") == "mine-1.10"
    assert store.find("mine-1.9") == "mine-1.9"
    assert store.find("street") == "street"
    assert store.folder_of("street") == MODELS / "street"


def test_a_name_that_nobody_has_lists_those_there_are(store: Store, street_pack: Path) -> None:
    store.install(street_pack, (), unseen)

    with pytest.raises(EdgeAgentError, match='no model "streat"') as caught:
        store.find("streat")

    assert "street, street-9.9.9" in caught.value.hint


def test_a_handful_stays_and_what_is_needed_never_goes(store: Store, tmp_path: Path) -> None:
    versions(store, tmp_path, "1", "2")
    store.save(lambda _: Choice(wanted="street-2", good="street-1"))

    versions(store, tmp_path, "3", "4", "5", "6")

    kept = {str(name) for name in store.installed()}
    assert len(kept) == MOST_INSTALLED
    assert {"street-1", "street-2", "street-6"} <= kept


@pytest.mark.parametrize("needed", [Choice(wanted="street-9.9.9"), Choice(good="street-9.9.9")])
def test_what_is_chosen_or_gone_back_to_cannot_be_removed(
    store: Store, street_pack: Path, needed: Choice
) -> None:
    store.install(street_pack, (), unseen)
    store.save(lambda _: needed)

    with pytest.raises(EdgeAgentError, match="is the chosen model"):
        store.remove("street-9.9.9")

    store.check("street-9.9.9", ())


def test_what_nobody_needs_can_be_removed(store: Store, street_pack: Path) -> None:
    store.install(street_pack, (), unseen)

    store.remove("street-9.9.9")

    assert list(store.folder.iterdir()) == []


def test_what_comes_with_the_agent_stays(store: Store) -> None:
    with pytest.raises(EdgeAgentError, match="comes with edge-agent"):
        store.remove("street")


def test_what_a_killed_command_left_is_swept_and_what_another_fills_is_not(
    store: Store, street_pack: Path
) -> None:
    left, filled = (store.folder / f".coming-{name}" for name in ("left", "filled"))
    for folder in (left, filled):
        folder.mkdir(parents=True)
        (folder / "street.tflite").write_bytes(b"half")
    handle = os.open(filled, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)

    store.install(street_pack, (), unseen)

    os.close(handle)
    assert not left.exists()
    assert filled.exists()
    assert [str(name) for name in store.installed()] == ["street-9.9.9"]


def test_two_commands_at_once_do_not_undo_each_other(
    store: Store, street_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_LOCK_S", 0.1)
    store.folder.mkdir(parents=True)
    handle = os.open(store.folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)

    with pytest.raises(EdgeAgentError, match="another command is changing"):
        store.install(street_pack, (), unseen)

    os.close(handle)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, street_pack: Path) -> None:
    (tmp_path / "state").write_text("a file in the folder's place")

    with pytest.raises(EdgeAgentError, match="cannot write"):
        Store(tmp_path / "state").install(street_pack, (), unseen)


def test_a_maker_s_pack_of_other_weights_than_its_card_says_is_refused(
    store: Store, tmp_path: Path
) -> None:
    folder = street(tmp_path / "street")
    head = make_head(folder)
    other = change_weights(street(tmp_path / "other"), lambda content: content + b"more")
    shutil.copy(folder / "model.toml", other / "model.toml")
    weights = _part(other / "street.tflite")

    with pytest.raises(EdgeAgentError, match="are not those the card describes"):
        store.install(
            packed(other, tmp_path / "a.pack", replace(head, weights=weights)), (), unseen
        )

    assert store.installed() == ()


def test_a_command_that_is_killed_in_the_middle_leaves_no_model(
    store: Store, street_pack: Path
) -> None:
    words = (
        "import os, sys; from pathlib import Path; from edge_agent.packs.store import Store;"
        "Store(Path(sys.argv[1])).install(Path(sys.argv[2]), (), lambda _: os.kill(os.getpid(), 9))"
    )
    command = [sys.executable, "-c", words, store.folder.parent, street_pack]
    killed = subprocess.run(command, check=False, timeout=60)  # noqa: S603 (our own words)
    left = list(store.folder.iterdir())

    assert killed.returncode == -9
    assert len(left) == 1
    assert store.installed() == ()
    store.install(street_pack, (), unseen)
    assert [path.name for path in store.folder.iterdir()] == ["street-9.9.9"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_sudo_installs_belongs_to_the_agent(store: Store, street_pack: Path) -> None:
    store.folder.parent.mkdir()
    os.chown(store.folder.parent, 65534, 65534)

    store.install(street_pack, (), unseen)
    store.save(lambda choice: choice.choose("street-9.9.9"))

    paths = [store.folder, *store.folder.rglob("*")]
    assert len(paths) == 6
    assert {(path.stat().st_uid, path.stat().st_gid) for path in paths} == {(65534, 65534)}


def test_models_that_cannot_be_listed_are_not_called_absent(store: Store) -> None:
    # As for a user who may not read the folder; root may read all.
    store.folder.parent.mkdir(parents=True)
    store.folder.write_text("no folder")

    with pytest.raises(EdgeAgentError, match=r"cannot read .*: not a directory"):
        store.find("street-9.9.9")


def test_what_was_removed_while_it_was_tried_is_not_chosen(store: Store, street_pack: Path) -> None:
    name = str(store.install(street_pack, (), unseen).name)
    store.remove(name)

    with pytest.raises(EdgeAgentError, match=f'no model "{name}" is installed'):
        store.choose(name, name, Before(), 0.0)

    assert store.choice() == Choice()


def test_where_nobody_knows_what_is_chosen_a_pack_comes_in_and_nothing_goes(
    store: Store, tmp_path: Path
) -> None:
    before = [f"1.{number}" for number in range(MOST_INSTALLED)]
    versions(store, tmp_path, *before)
    (store.folder / "choice.json").write_text("{")

    versions(store, tmp_path, "2.0")

    assert [name.version for name in store.installed()] == [*before, "2.0"]
