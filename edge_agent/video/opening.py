"""Open a camera's stream, or say in a technician's words why it does not open.

FFmpeg waits for ever by default, and its errors name numbers. Both end here.
"""

import errno
import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from edge_agent.errors import EdgeAgentError
from edge_agent.video.options import StreamOptions

# Generic in PyAV's type stubs, but not in PyAV.
if TYPE_CHECKING:
    VideoPacket = Packet[VideoStream]
else:
    VideoPacket = Packet

# FFmpeg keeps "user:password", percent-encoded, in 128 bytes (libavformat/rtsp.c) and cuts the rest.
_LONGEST_LOGIN = 127
# The network's words, not the stream's: nobody is there, or the way broke off.
_NO_WAY = frozenset({
    errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.ECONNRESET,
    errno.ECONNABORTED,
})  # fmt: skip
# Restarted, switched off, or a router between that forgot the connection. FFmpeg calls each of them
# by another name, "input/output error" among them.
_CUT = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.EIO})
# Part of the deadline after which a failure is silence, not an answer we could not read.
_SILENCE_SHARE = 0.95


class LoginRefusedError(EdgeAgentError):
    """The camera does not let us see this stream as the one we said we are, or as nobody."""


def open_stream(options: StreamOptions) -> tuple[InputContainer, VideoStream]:
    """Connect over TCP and return the container and its first video stream.

    Raises EdgeAgentError when there is no connection, no right or no video. Never waits longer
    than `open_s`; later reads never longer than `read_s`.
    """
    began = time.monotonic()
    try:
        container = av.open(
            _with_login(options),
            mode="r",
            options=_rtsp_options(options) if _is_rtsp(options.url) else {},
            timeout=(options.open_s, options.read_s),
        )
    except av.error.FFmpegError as error:
        raise _refusal(options, error, time.monotonic() - began) from error
    if not container.streams.video:
        container.close()
        raise EdgeAgentError(
            f"{options.url} carries no video", hint="look at the stream's path in the camera's page"
        )
    return container, container.streams.video[0]


def read_packets(
    container: InputContainer, stream: VideoStream, options: StreamOptions
) -> Iterator[VideoPacket]:
    """Yield packets until the other end closes; a clean close and a reset look the same here.

    Raises EdgeAgentError when nothing comes for `read_s`, or what comes cannot be read.
    """
    began = time.monotonic()
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
            began = time.monotonic()
    except av.error.FFmpegError as error:
        place = urlsplit(options.url).netloc
        silent_s = time.monotonic() - began
        if silent_s >= options.read_s * _SILENCE_SHARE:
            what = f"{place} has sent nothing for {silent_s:.0f} s"
        else:
            what = f"{place} broke off the stream: {_why_broken(error)}"
        raise EdgeAgentError(what, hint="check the camera's power and network") from error


def _is_rtsp(url: str) -> bool:
    return urlsplit(url).scheme in {"rtsp", "rtsps"}


def _rtsp_options(options: StreamOptions) -> dict[str, str]:
    """Return what was measured to open in 0.05-0.26 s instead of 2.6-4.8 s, and never to hang.

    `timeout` ends a silent TCP connection but not one that drips a byte a second; PyAV's own
    deadline ends both, so both are set. `stimeout` and `rw_timeout` do nothing here. No
    `fflags=nobuffer`: it opens no faster and throws away the first key frame, which with a group
    of 2 s brought the first picture after 2.1 s instead of 0.2 s (GStreamer 1.22, FFmpeg 8.1).
    """
    return {
        "rtsp_transport": "tcp",
        "timeout": str(int(options.read_s * 1_000_000)),
        "analyzeduration": "500000",
        "probesize": "65536",
    }


def _with_login(options: StreamOptions) -> str:
    if not options.username:
        return options.url
    login = quote(options.username, safe="")
    login += ":" + quote(options.password.reveal(), safe="")
    if len(login) > _LONGEST_LOGIN:
        raise EdgeAgentError(
            "user name and password are too long for RTSP",
            hint="give the camera a user with a shorter password, up to about 40 characters",
        )
    parts = urlsplit(options.url)
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))


def _refusal(options: StreamOptions, error: av.error.FFmpegError, took_s: float) -> EdgeAgentError:
    url = options.url
    place = urlsplit(url).netloc
    match error:
        case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
            return _refused_login(options)
        case av.error.HTTPNotFoundError():
            return EdgeAgentError(
                f"{place} has no stream at {urlsplit(url).path or '/'}",
                hint="look up the stream's path in the camera's own page, or add it by ONVIF",
            )
        case ConnectionRefusedError():
            return EdgeAgentError(
                f"{place} refused the connection",
                hint="check the port, and that RTSP is switched on in the camera",
            )
        case FileNotFoundError():
            return EdgeAgentError(f"there is no file {url}", hint="check the path")
        case _ if took_s >= options.open_s * _SILENCE_SHARE or isinstance(error, TimeoutError):
            return EdgeAgentError(
                f"{place} did not answer within {options.open_s:g} s",
                hint="check the cable, the power and the address; try `ping` from this box",
            )
        case _:
            return _not_opened(url, error)


def _not_opened(url: str, error: av.error.FFmpegError) -> EdgeAgentError:
    if not _is_rtsp(url):
        return EdgeAgentError(
            f"{url} is no video: {_words(error)}", hint="name a video file, for example an MP4"
        )
    if error.errno == errno.EIO and not _has_address(url):
        return EdgeAgentError(
            f"no host is called '{urlsplit(url).hostname}'",
            hint="check the name, or give the IP address",
        )
    if error.errno in _NO_WAY:
        return EdgeAgentError(
            f"cannot talk to {urlsplit(url).netloc}: {_words(error)}",
            hint="check power, cable and address, and that this box is in the camera's subnet",
        )
    return EdgeAgentError(
        f"{url} could not be opened: {_words(error)}",
        hint="check the address, and that it is a video stream",
    )


def _refused_login(options: StreamOptions) -> LoginRefusedError:
    if not options.username:
        return LoginRefusedError(
            f"{options.url} wants a user name and a password",
            hint=f"give them:  edge-agent add {options.url} --user NAME --password-file FILE",
        )
    return LoginRefusedError(
        f"{options.url} refused our user name or password",
        hint="check both in the camera's page, and do not guess: cameras lock; tell a saved camera's new "
        "password:  edge-agent camera set-password NAME",
    )


def _has_address(url: str) -> bool:
    """Tell whether the host has one; FFmpeg calls an unknown name an "input/output error"."""
    try:
        socket.getaddrinfo(urlsplit(url).hostname, None)
    except (socket.gaierror, UnicodeError):
        return False
    return True


def _why_broken(error: av.error.FFmpegError) -> str:
    """Return why a stream that flowed ended, in a technician's words where we know them."""
    if error.errno in _CUT:
        return "the connection was cut"
    if error.errno in _NO_WAY:
        return "there is no way to it any more"
    if isinstance(error, av.error.InvalidDataError):
        return "it sends what is no video"
    return _words(error)


def _words(error: av.error.FFmpegError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
