"""A model from afar: only a signed pack, only by its hash, only from where the command says."""

from __future__ import annotations

import hashlib
import shutil
import socket
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from edge_agent.packs.pack_file import make_head
from edge_agent.packs.signature import make_key, sign
from tests.packs.models import packed, street
from tests.peers import dripping
from tests.peers.dripping import DrippingServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.daemon.commands.conftest import Post
    from tests.peers.commander import Commander

pytestmark = pytest.mark.journey


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/model.pack")
            self.end_headers()
        else:
            super().do_GET()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Serve a folder over HTTP on loopback."""
    folder = tmp_path / "store"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)  # noqa: TID251 (the center's side)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pack(tmp_path: Path, store: tuple[Path, str]) -> tuple[str, str, str]:
    """Return where a signed pack is, its hash, and the key that signed it."""
    folder, url = store
    public = make_key(tmp_path / "fleet.key")
    model = street(tmp_path / "street")
    file = packed(model, tmp_path / "a.pack", sign(make_head(model), tmp_path / "fleet.key"))
    shutil.copy(file, folder / "model.pack")
    return f"{url}/model.pack", hashlib.sha256(file.read_bytes()).hexdigest(), public


def test_a_signed_pack_is_tried_and_used_from_the_next_start(
    obeys: Callable[..., Commander], post: Post, pack: tuple[str, str, str]
) -> None:
    url, digest, public = pack
    center = obeys(more=f'[models]\nsigning_keys = ["{public}"]\n')

    before = center.session()
    sent = center.send("model_install", {"url": url, "sha256": digest})

    post.listener.wait_for(lambda _: (post.agent.status() or {}).get("model") == "street 9.9.9", 60)
    assert [one.result for one in center.answers(sent.id)] == ["accepted"]
    post.listener.wait_for(lambda _: center.session() > before, 20)
    assert center.ask("ping").result == "done"


def test_another_file_is_not_installed(
    obeys: Callable[..., Commander], pack: tuple[str, str, str]
) -> None:
    url, digest, public = pack
    center = obeys(more=f'[models]\nsigning_keys = ["{public}"]\n')

    wrong = center.ask("model_install", {"url": url, "sha256": "0" * 64}, seconds=30)
    moved = center.ask(
        "model_install", {"url": url.replace("model.pack", "away"), "sha256": digest}, seconds=30
    )

    assert wrong.result == moved.result == "failed"
    assert digest in wrong.reason
    assert "302" in moved.reason


def test_a_pack_of_somebody_else_is_not_installed(
    obeys: Callable[..., Commander], pack: tuple[str, str, str], tmp_path: Path
) -> None:
    url, digest, _ = pack
    center = obeys(more=f'[models]\nsigning_keys = ["{make_key(tmp_path / "other.key")}"]\n')

    answer = center.ask("model_install", {"url": url, "sha256": digest}, seconds=30)

    assert answer.result == "failed"
    assert "signed" in answer.reason


def test_a_box_that_trusts_no_signature_takes_none_from_afar(
    obeys: Callable[..., Commander], pack: tuple[str, str, str]
) -> None:
    url, digest, _ = pack

    answer = obeys().ask("model_install", {"url": url, "sha256": digest})

    assert (answer.result, "trusts no signing key" in answer.reason) == ("refused", True)


@pytest.mark.parametrize(
    "url",
    [
        "http://store.example/model.pack",
        "http://192.168.1.9/model.pack",
        "file:///etc/passwd",
        "https://user:word@store.example/x",
        "https://",
        "ftp://127.0.0.1/x",
        "http://127.0.0.1:99999/x",
        "http://[::1/x",
    ],
)
def test_other_addresses_are_not_asked(
    obeys: Callable[..., Commander], pack: tuple[str, str, str], url: str
) -> None:
    center = obeys(more=f'[models]\nsigning_keys = ["{pack[2]}"]\n')

    assert center.ask("model_install", {"url": url, "sha256": "0" * 64}).result == "refused"


def test_a_box_that_was_killed_while_it_fetched_says_so(
    obeys: Callable[..., Commander], post: Post, pack: tuple[str, str, str]
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/model.pack"
        center = obeys(more=f'[models]\nsigning_keys = ["{pack[2]}"]\n')
        sent = center.send("model_install", {"url": url, "sha256": pack[1]})
        post.listener.wait_for(lambda _: bool(center.answers(sent.id)))

        post.agent.kill()
        post.agent.start()

        answer = center.last(sent, 30)
    assert answer.result == "failed"
    assert "before it was installed" in answer.reason


@pytest.mark.parametrize("says", [dripping.HEADERS, dripping.BODY], ids=["headers", "body"])
def test_a_store_that_drips_holds_nobody_up_when_the_box_stops(
    obeys: Callable[..., Commander], post: Post, pack: tuple[str, str, str], says: bytes
) -> None:
    center = obeys(more=f'[models]\nsigning_keys = ["{pack[2]}"]\n')
    with DrippingServer(says) as server:
        url = f"http://{server.address}/model.pack"
        sent = center.send("model_install", {"url": url, "sha256": pack[1]})
        assert server.was_asked.wait(20)

        assert post.agent.stop() == 0
        assert "did not end in time" not in post.agent.words()

    post.agent.start()
    assert center.last(sent, 30).result == "failed"
