"""Which channels of a recorder to add: those that were named, or the person's choice, or all."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.cli.login import Talk
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.profile import Channel, codec_word

# Recorders of 128 channels are sold; more is a slip of the hand.
_MOST_CHANNELS = 256
_HOW_TO_WRITE = "write numbers as in 1,3-5, or all"
_HEADER = ("CHANNEL", "NAME", "KNOWN AS", "STREAMS")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Channel numbers as somebody wrote them; none are all."""

    wanted: frozenset[int] = frozenset()

    @property
    def are_named(self) -> bool:
        """Whether each was asked for by its number, and is missed if it fails."""
        return bool(self.wanted)


def read_numbers(text: str) -> Numbers:
    """Return what `--channels` says; argparse tells the technician where it cannot be."""
    if text.strip().lower() == "all":
        return Numbers()
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        ends = [first, last if dash else first]
        if not all(end.isdecimal() and end.isascii() and len(end) < 4 for end in ends):  # noqa: PLR2004 (digits)
            raise argparse.ArgumentTypeError(f'"{text}" names no channels: {_HOW_TO_WRITE}')
        low, high = int(ends[0]), int(ends[1])
        if not 1 <= low <= high <= _MOST_CHANNELS:
            raise argparse.ArgumentTypeError(f'"{text}" names no channels: {_HOW_TO_WRITE}')
        numbers.update(range(low, high + 1))
    return Numbers(frozenset(numbers))


def with_stream(channels: Sequence[Channel], stream: str) -> tuple[Channel, ...]:
    """Return the channels that have the stream which was asked for: a token names one stream."""
    having = [one for one in channels if any(each.token == stream for each in one.profiles)]
    return tuple(having or channels)


def pick(channels: Sequence[Channel], numbers: Numbers) -> tuple[Channel, ...]:
    """Return the channels of these numbers.

    Raise EdgeAgentError for a number that the device does not have.
    """
    there = {channel.number for channel in channels}
    if missing := sorted(numbers.wanted - there):
        raise EdgeAgentError(
            f"it has no channel {', '.join(map(str, missing))}",
            hint=f"it has {', '.join(map(str, sorted(there)))}; a channel without a camera is none",
        )
    return tuple(one for one in channels if not numbers.wanted or one.number in numbers.wanted)


def choose_channels(
    channels: Sequence[Channel], known_as: Sequence[str], numbers: Numbers | None, talk: Talk
) -> tuple[tuple[Channel, ...], Numbers]:
    """Show what a recorder has and return what to add; a person is asked where nothing was said.

    `known_as` says of each channel the id that it has already. Raise EdgeAgentError for numbers
    that the recorder does not have.
    """
    if numbers is not None or len(channels) == 1:
        numbers = numbers or Numbers()
        return pick(channels, numbers), numbers
    _show(channels, known_as, talk)
    while talk.keyboard.is_there:
        answer = talk.keyboard.ask("add which channels? [all]: ") or "all"
        try:
            numbers = read_numbers(answer)
            return pick(channels, numbers), numbers
        except (argparse.ArgumentTypeError, EdgeAgentError) as wrong:
            talk.console.plain(f"{wrong}")
    return tuple(channels), Numbers()


def _show(channels: Sequence[Channel], known_as: Sequence[str], talk: Talk) -> None:
    rows = [
        (
            str(channel.number),
            channel.name or channel.source or "-",
            known or "-",
            _streams(channel),
        )
        for channel, known in zip(channels, known_as, strict=True)
    ]
    talk.console.table([_HEADER, *rows])


def _streams(channel: Channel) -> str:
    return ", ".join(
        f"{one.width_px}x{one.height_px} {codec_word(one.codec)}" for one in channel.profiles
    )
