"""How a line logs in, as real cameras ask for it, and when it gives up."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.device import read_device
from edge_agent.onvif.exchange import StoppedError
from edge_agent.onvif.http_auth import Challenge, best_challenge, digest
from edge_agent.onvif.line import Line, PasswordRefusedError
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.fakes.authority import Authority
from tests.fakes.onvif_box import PICTURE
from tests.fakes.onvif_camera import Firmware, OnvifCamera
from tests.peers.silent import SilentServer

RIGHT = Credentials("admin", Secret("a & b <c>"))
WRONG = Credentials("admin", Secret("guess"))
DIGESTS = ["SHA-256", "MD5", "MD5-sess", "MD5 without qop"]


def line_to(camera: OnvifCamera, credentials: Credentials | None = RIGHT, **more: Any) -> Line:
    address = Address("127.0.0.1", camera.port)
    return Line(address, credentials, clock=SystemClock(), **more)


def failure(act: Callable[..., Any], *args: Any) -> EdgeAgentError:
    with pytest.raises(EdgeAgentError) as caught:
        act(*args)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_a_digest_is_the_one_of_the_standard(algorithm: str, response: str) -> None:
    # RFC 7616 section 3.9.1.
    challenge = Challenge(
        realm="http-auth@example.org",
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
        algorithm=algorithm,
        has_qop=True,
    )
    who = Credentials("Mufasa", Secret("Circle of Life"))
    used = ("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 1)

    assert digest(challenge, who, "GET", "/dir/index.html", used) == response


@pytest.mark.parametrize("way", DIGESTS)
def test_a_camera_that_logs_in_over_http_is_logged_in_to(way: str) -> None:
    with OnvifCamera(Firmware(http_logins=(way,))) as camera:
        asking = line_to(camera)
        first, second = read_device(asking), read_device(asking)

        assert camera.seen.operations.count("GetDeviceInformation") == 3
        assert camera.door.refused == 0
    assert first == second
    assert first.maker == "Acme"


def test_of_several_logins_the_safest_is_taken() -> None:
    with OnvifCamera(Firmware(http_logins=("Basic", "MD5", "SHA-256"))) as camera:
        assert read_device(line_to(camera)).maker == "Acme"


def test_several_challenges_may_stand_in_one_header() -> None:
    header = 'Basic realm="a, b", Digest realm="c", nonce="n", algorithm=SHA-512, qop="auth", Digest realm="d", nonce="m"'

    best = best_challenge([header])

    assert best is not None
    assert (best.realm, best.nonce, best.has_qop) == ("d", "m", False)


def test_the_password_goes_in_plain_only_where_nothing_else_is_offered() -> None:
    with OnvifCamera(Firmware(http_logins=("Basic",))) as camera:
        assert read_device(line_to(camera)).maker == "Acme"


def test_the_password_goes_in_plain_to_nobody_who_is_not_known_to_be_our_camera() -> None:
    with OnvifCamera(Firmware(http_logins=("Basic",))) as camera:
        asking = line_to(camera, may_show_password=False)

        assert isinstance(failure(read_device, asking), PasswordRefusedError)
        assert camera.door.refused == 0


@pytest.mark.parametrize("says_stale", [True, False])
def test_a_login_that_became_old_is_renewed_without_a_word(says_stale: bool) -> None:  # noqa: FBT001 (pytest gives it)
    firmware = Firmware(http_logins=("MD5",), nonce_uses=2, says_stale=says_stale)
    with OnvifCamera(firmware) as camera:
        asking = line_to(camera)

        assert [read_device(asking).maker for _ in range(7)] == ["Acme"] * 7
        assert camera.door.refused == 0


def test_a_question_that_comes_too_late_names_the_whole_deadline() -> None:
    with OnvifCamera() as camera:
        asking = line_to(camera)
        said = failure(lambda: asking.post(camera.url, "", b"<a/>", deadline_s=1e-9))

    assert said.what.endswith("within 1e-09 s")


@pytest.mark.parametrize("ways", [(), ("MD5",), ("SHA-256", "Basic"), ("Basic",)])
def test_a_wrong_password_is_sent_once_for_each_way_to_log_in(ways: tuple[str, ...]) -> None:
    with OnvifCamera(Firmware(http_logins=ways)) as camera:
        asking = line_to(camera, WRONG)
        refusal = failure(read_device, asking)
        again = failure(read_device, asking)
        picture = failure(asking.get_picture, camera.snapshot_url)

        assert (camera.seen.refused, camera.door.refused) == ((0, 1) if ways else (1, 0))
    assert isinstance(refusal, PasswordRefusedError)
    assert again is refusal
    assert picture is refusal


def test_a_stranger_is_not_logged_in_over_http_either() -> None:
    with OnvifCamera(Firmware(http_logins=("MD5",))) as camera:
        refusal = failure(read_device, line_to(camera, None))

    assert "wants a user name" in refusal.what


@pytest.mark.parametrize("way", [*DIGESTS, "Basic"])
def test_a_picture_may_want_another_login_than_the_rest(way: str) -> None:
    with OnvifCamera(Firmware(picture_logins=(way,))) as camera:
        asking = line_to(camera)
        before = read_device(asking)
        pictures = [asking.get_picture(camera.snapshot_url) for _ in range(2)]
        after = read_device(asking)

    assert pictures == [PICTURE, PICTURE]
    assert before == after


@pytest.mark.parametrize("is_known", [False, True])
def test_a_login_that_we_do_not_speak_is_no_wrong_password(is_known: bool) -> None:  # noqa: FBT001 (pytest gives it)
    with OnvifCamera(Firmware(http_logins=("SHA-512-256",))) as camera:
        asking = line_to(camera)
        asking.is_known = is_known
        said = failure(read_device, asking)
        asked = len(camera.seen.operations)
        again = failure(read_device, asking)

        assert len(camera.seen.operations) == asked
    assert not isinstance(said, PasswordRefusedError)
    assert "wants an HTTP login that we do not speak (SHA-512-256)" in said.what
    assert again is said


def test_a_stranger_hears_of_the_password_first() -> None:
    with OnvifCamera(Firmware(http_logins=("SHA-512-256",))) as camera:
        assert isinstance(failure(read_device, line_to(camera, None)), PasswordRefusedError)


def test_a_picture_that_is_refused_leaves_the_rest_as_it_was() -> None:
    with OnvifCamera(Firmware(picture_logins=("MD5",))) as camera:
        camera.picture_door.password = "of another list"
        asking = line_to(camera)
        refusals = [failure(asking.get_picture, camera.snapshot_url) for _ in range(2)]

        assert camera.picture_door.refused == 1
        assert read_device(asking).maker == "Acme"
    assert isinstance(refusals[0], PasswordRefusedError)
    assert refusals[0] is refusals[1]


def test_what_is_no_picture_is_not_taken_for_one() -> None:
    with OnvifCamera() as camera:
        said = failure(line_to(camera).get_picture, f"http://127.0.0.1:{camera.port}/other")

    assert "sends no JPEG picture (HTTP status 404)" in said.what


def test_a_clock_that_jumps_is_no_wrong_password() -> None:
    with OnvifCamera() as camera:
        asking = line_to(camera)
        read_device(asking)
        camera.skew_s = 7200.0

        assert read_device(asking).maker == "Acme"
        assert abs(asking.clock_offset_s - 7200) < 3


def test_a_clock_that_jumps_does_not_send_a_wrong_password_twice() -> None:
    with OnvifCamera() as camera:
        refusal = failure(read_device, line_to(camera, WRONG))

        assert camera.seen.refused == 1
    assert isinstance(refusal, PasswordRefusedError)


def test_who_may_look_and_not_set_has_the_right_password() -> None:
    with OnvifCamera(Firmware(forbidden=frozenset({"GetDeviceInformation"}))) as camera:
        asking = line_to(camera)
        asking.is_known = True
        said = [failure(read_device, asking) for _ in range(2)]

    assert not isinstance(said[0], PasswordRefusedError)
    assert "does not let user 'admin' do this" in said[1].what


def test_a_camera_may_sign_for_itself(tmp_path: Path) -> None:
    pair = Authority(tmp_path / "authority").issue("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    camera = OnvifCamera(Firmware(http_logins=("MD5",)))
    camera._server.socket = context.wrap_socket(camera._server.socket, server_side=True)
    with camera:
        address = Address("127.0.0.1", camera.port, scheme="https")

        assert read_device(Line(address, RIGHT, clock=SystemClock(), stop=Stop())).maker == "Acme"


def test_a_camera_without_tls_is_said_to_have_none() -> None:
    with OnvifCamera() as camera:
        address = Address("127.0.0.1", camera.port, scheme="https")
        said = failure(read_device, Line(address, RIGHT, clock=SystemClock(), deadline_s=2))

    assert "does not speak TLS with us" in said.what


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_whoever_is_told_to_stop_waits_no_longer(scheme: str) -> None:
    stop = Stop()
    with SilentServer() as silent:
        address = Address("127.0.0.1", silent.port, scheme=scheme)
        asking = Line(address, None, clock=SystemClock(), stop=stop, deadline_s=30)
        stopper = Worker("stopper", lambda: _tell_later(stop), on_failure=stop.tell)
        stopper.start()
        began = monotonic()
        said = failure(read_device, asking)
        took_s = monotonic() - began
        assert stopper.join(5)

    assert isinstance(said, StoppedError)
    assert took_s < 5


def test_whoever_is_told_to_stop_does_not_wait_for_a_connection() -> None:
    stop = Stop()
    # A queue of one that nobody empties: the kernel lets the next caller wait.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        callers = [socket.socket() for _ in range(3)]
        for caller in callers:
            caller.settimeout(0)
            caller.connect_ex(("127.0.0.1", port))
        stop.tell()
        asking = Line(Address("127.0.0.1", port), None, clock=SystemClock(), stop=stop)
        began = monotonic()
        said = failure(read_device, asking)
        took_s = monotonic() - began
        for caller in callers:
            caller.close()

    assert isinstance(said, StoppedError)
    assert took_s < 5


def test_a_redirect_is_told_and_not_followed() -> None:
    reply = (
        b"HTTP/1.1 302 Found\r\nLocation: https://192.168.1.64/onvif\r\nContent-Length: 0\r\n\r\n"
    )
    stop = Stop()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def send_away() -> None:
            with server.accept()[0] as wire:
                wire.recv(65536)
                wire.sendall(reply)
                stop.wait(5)

        worker = Worker("redirect", send_away, on_failure=stop.tell)
        worker.start()
        address = Address("127.0.0.1", server.getsockname()[1])
        said = failure(read_device, Line(address, RIGHT, clock=SystemClock()))
        stop.tell()
        assert worker.join(5)

    assert "sends us to 'https://192.168.1.64/onvif', which is not followed" in said.what


def _tell_later(stop: Stop) -> None:
    Stop().wait(0.2)
    stop.tell()
