"""One camera's reader thread: connect, keep the newest frame at hand, connect anew.

What a busy box drops is whole frames, never packets: one lost packet spoils all that follow until
the next key frame.
"""

import logging
from dataclasses import dataclass, replace

from edge_agent.domain.frame import Frame
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.backoff import Backoff
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.rate import Rate
from edge_agent.runtime.stop import Stop
from edge_agent.video.attention import Attention
from edge_agent.video.decode import Decoder, codec_name
from edge_agent.video.gate import Gate
from edge_agent.video.opening import LoginRefusedError, open_stream, read_packets
from edge_agent.video.options import Idle, StreamOptions
from edge_agent.video.stream_clock import StreamClock

log = logging.getLogger(__name__)

# Without a decoded key frame for this long, or for three groups of pictures, the stream is dead
# although packets flow (a frozen encoder, RTP of another codec).
_KEY_PATIENCE_S = 10.0
_KEY_PATIENCE_GROUPS = 3
# A connection that lasted this long was good: the next failure is a new one.
_GOOD_MINUTE_S = 60.0
# Cameras lock out who guesses: a refused password needs a person, or another camera.
_REFUSED_S = 3600.0
# Some refuse everybody while they start up.
_STARTING_S = 60.0
# Between two tries: how long a stop, or a new address, may go unnoticed.
_HEED_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderState:
    """What `edge-agent status` says of the stream."""

    is_streaming: bool = False
    codec: str = ""
    width_px: int = 0
    height_px: int = 0
    frames_per_second: float = 0.0
    connections: int = 0
    broken_frames: int = 0
    problem: str = ""


class CameraReader:
    """Reads until told to stop. `state` is replaced as a whole, never changed."""

    def __init__(
        self,
        options: StreamOptions,
        frames: Mailbox[Frame],
        attention: Attention,
        clock: Clock,
        stop: Stop,
        camera: str = "CAMERA",
    ) -> None:
        self.state = ReaderState()
        self._options = options
        self._moves: Mailbox[StreamOptions] = Mailbox()
        self._frames = frames
        self._attention = attention
        self._clock = clock
        self._stop = stop
        # Its id, for the command that sets its password.
        self._camera = camera
        # Whether this login has shown us pictures since it was last refused.
        self._is_proven = False
        self._stream_clock = StreamClock()
        self._rate = Rate()
        self._backoff = Backoff(first_s=1.0, most_s=60.0)

    def move(self, options: StreamOptions) -> None:
        """Read from there at the next connection, which is made at once if that is another place.

        For any thread.
        """
        self._moves.put(options)

    def run(self) -> None:
        """Read over all connections until told to stop."""
        pause_s = 0.0
        while not self._rest(pause_s):
            pause_s = self._try()

    def _try(self) -> float:
        """Read one connection, say how it ended, and return how long to leave the camera alone."""
        began, options = self._clock.mono(), self._options
        problem = "the camera closed the stream"
        try:
            self.run_once()
            if self._options is not options:
                problem = "the camera was found at another address"
        except LoginRefusedError as refusal:
            return self._give_up(refusal)
        except EdgeAgentError as error:
            problem = error.report()
        self._note(problem)
        if self._clock.mono() - began > _GOOD_MINUTE_S:
            self._backoff.reset()
        return self._backoff.next_s()

    def _give_up(self, refusal: LoginRefusedError) -> float:
        """Say once what a person can do, and return how long to keep the password to ourselves.

        A login that worked before gets one more try soon: cameras refuse anybody while they start.
        """
        pause_s, words = (_STARTING_S, "a minute") if self._is_proven else (_REFUSED_S, "an hour")
        self._is_proven = False
        told = EdgeAgentError(
            f"{refusal.what}; the next try is in {words}",
            hint=f"edge-agent camera set-password {self._camera}, "
            "then:  sudo systemctl reload edge-agent",
        )
        self._note(told.report(), is_repeated=told.report() == self.state.problem)
        return pause_s

    def _note(self, problem: str, *, is_repeated: bool = False) -> None:
        self.state = replace(self.state, is_streaming=False, problem=problem)
        if not self._stop.is_told and not is_repeated:
            log.warning("no picture: %s", problem)

    def _rest(self, pause_s: float) -> bool:
        """Wait for the next try, shorter where the camera was found elsewhere; return if told."""
        ends_mono = self._clock.mono() + pause_s
        while not self._stop.is_told and (left_s := ends_mono - self._clock.mono()) > 0:
            if self._heeds_move(min(left_s, _HEED_S)):
                break
        return self._stop.is_told

    def _heeds_move(self, within_s: float) -> bool:
        """Return whether the camera was found elsewhere within that time; then read from there."""
        options = self._moves.get(within_s)
        if options is None or options == self._options:
            return False
        self._options = options
        self._backoff.reset()
        return True

    def run_once(self) -> None:
        """Read one connection to its end.

        Returns when the camera closes or is found elsewhere, or when told to stop; raises
        EdgeAgentError otherwise.
        """
        container, stream = open_stream(self._options)
        with container:
            self.state = replace(
                self.state, codec=codec_name(stream), connections=self.state.connections + 1
            )
            decoder = Decoder(stream, self._stream_clock)
            gate = Gate(decoder, may_sleep=self._options.idle is Idle.KEY_FRAMES)
            seen_at = self._clock.mono()
            for packet in read_packets(container, stream, self._options):
                # Another camera may have its old address, and stream.
                if self._stop.is_told or self._heeds_move(0):
                    return
                now, wall = self._clock.mono(), self._clock.wall()
                awake = self._attention.is_held
                for frame in gate.pass_on(packet, awake=awake, mono=now, wall=wall):
                    self._hand_over(frame, decoder, now)
                    seen_at = now
                check_alive(now - seen_at, gate)

    def _hand_over(self, frame: Frame, decoder: Decoder, now: float) -> None:
        if not self.state.is_streaming:
            log.info("streaming: %s %dx%d", self.state.codec, frame.width_px, frame.height_px)
        self._frames.put(frame)
        self._is_proven = True
        self.state = replace(
            self.state,
            is_streaming=True,
            width_px=frame.width_px,
            height_px=frame.height_px,
            frames_per_second=self._rate.tick(now),
            broken_frames=decoder.broken,
            problem="",
        )


def check_alive(unseen_s: float, gate: Gate) -> None:
    """Raise EdgeAgentError when packets have shown no whole picture for too long."""
    patience_s = max(_KEY_PATIENCE_S, _KEY_PATIENCE_GROUPS * gate.key_interval_s)
    if unseen_s > patience_s:
        raise EdgeAgentError(
            f"packets flow but no whole picture came for {unseen_s:.0f} s",
            hint="restart the camera; set its codec to H.264 if this happens again",
        )
