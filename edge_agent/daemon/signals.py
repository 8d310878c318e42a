"""What a signal means to the agent: to end, or to read its files again."""

import signal
from collections.abc import Callable
from types import FrameType

from edge_agent.runtime.notify import is_supervised
from edge_agent.runtime.stop import Stop


def stop_on_signals(
    stop: Stop, ended: Stop | None = None, reload: Callable[[], None] | None = None
) -> None:
    """Let SIGTERM, SIGINT and SIGHUP end the agent in order. Call from the main thread.

    `ended` is told by signals only: who is told to end must not begin anew. Under systemd SIGHUP is
    for `reload`: nobody's terminal closes there.
    """

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.tell()
        if ended:
            ended.tell()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    if reload and is_supervised():
        signal.signal(signal.SIGHUP, lambda *_: reload())
    # A terminal that closes, or a lost ssh; whoever said `nohup` wants it to go on.
    elif signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, told)
