"""What a camera is to be called here: the name it has, the one that was given, or one like its own.

Zones drawn on one picture must not come to lie on another: the name of another camera is refused.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.cli.candidate import LONGEST_WORD, Candidate, word_from
from edge_agent.cli.configured import Configured
from edge_agent.cli.login import Talk
from edge_agent.config.checks import WORD_RULE, is_word
from edge_agent.config.load import CAMERAS_FOLDER, camera_ids, load_camera
from edge_agent.config.problems import BadConfiguration
from edge_agent.config.settings import CameraSettings
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, host_of, read_address
from edge_agent.onvif.presence import look
from edge_agent.runtime.clock import Clock

# A camera in the same building answers within this; one that moved never does.
_STILL_THERE_S = 2.0
# With room for the number of a channel behind it.
_LONGEST_STEM = LONGEST_WORD - 4


@dataclass(slots=True)
class Naming:
    """Gives ids, each once in a visit."""

    folder: Path
    known: Configured
    talk: Talk
    clock: Clock
    _given: set[str] = field(default_factory=set)

    def name(self, candidate: Candidate, wanted: str, *, is_recorder: bool = False) -> str:
        """Return the id to save under; a person is asked.

        Raise EdgeAgentError for what cannot be an id and for the name of another camera.
        """
        same = self._same(candidate, is_recorder=is_recorder)
        suggested = wanted or same or self._free(candidate.name)
        keyboard = self.talk.keyboard
        if wanted or not keyboard.is_there:
            return self._give(suggested, same)
        while True:
            camera_id = keyboard.ask(f"save it as [{suggested}]: ") or suggested
            try:
                return self._give(camera_id, same)
            except BadConfiguration:
                raise
            except EdgeAgentError as wrong:
                self.talk.console.failure(camera_id, wrong)

    def name_all(
        self, candidates: Mapping[int, Candidate], wanted: str, recorder: str
    ) -> dict[int, str]:
        """Return the ids of several channels of a recorder, by number: NAME-1, NAME-2 and so on.

        A channel that has an id keeps it. A person is asked once, for NAME; `recorder` is what the
        recorder calls itself. Raise EdgeAgentError as `name` does.
        """
        same = {
            number: self._same(candidate, is_recorder=True)
            for number, candidate in candidates.items()
        }
        new = [number for number, camera_id in same.items() if not camera_id]
        stem = wanted or (self._ask_stem(recorder, new) if new else "")
        return {
            number: self._give(same[number] or f"{stem}-{number}", same[number])
            for number in candidates
        }

    def known_as(self, address: Address, endpoint: str, source: str) -> str:
        """Return the id of a channel whose streams are not known yet; "" if it has none."""
        return self.known.of_device(address, endpoint, source, is_recorder=True)

    def _same(self, candidate: Candidate, *, is_recorder: bool) -> str:
        """Return the id of the camera that this is already."""
        found = self.known.with_stream(filter(None, (candidate.analysis, candidate.main)))
        if found or not candidate.onvif_url:
            return self._unless_given(found)
        source = candidate.source
        found = self.known.of_device(
            candidate.address, candidate.identity.endpoint, source, is_recorder=is_recorder
        )
        if not found:
            like = self.known.like(candidate.identity, source, is_recorder=is_recorder)
            found = like.id if like and self._has_moved(like, candidate) else ""
        return self._unless_given(found)

    def _has_moved(self, camera: CameraSettings, candidate: Candidate) -> bool:
        """Tell whether nothing answers any more where the camera was; say that it moved."""
        self.talk.console.progress(f"looking whether {camera.id} is still where it was …")
        try:
            look(read_address(camera.onvif_url), self.clock, deadline_s=_STILL_THERE_S)
        except EdgeAgentError:
            self.talk.console.note(
                camera.id,
                f"this is {camera.id}, which was at {host_of(camera.onvif_url)}: it has moved to "
                f"{candidate.address.place}",
            )
            return True
        return False

    def _unless_given(self, camera_id: str) -> str:
        return "" if camera_id in self._given else camera_id

    def _give(self, camera_id: str, same: str) -> str:
        self._refuse_another(camera_id, same)
        self._given.add(camera_id)
        return camera_id

    def _refuse_another(self, camera_id: str, same: str) -> None:
        if not is_word(camera_id):
            raise _no_word(camera_id)
        if camera_id == same or camera_id not in camera_ids(self.folder):
            return
        # A file that cannot be read does not say which camera it is; it complains for itself.
        other = load_camera(self.folder, camera_id)
        file = self.folder / CAMERAS_FOLDER / f"{camera_id}.toml"
        raise EdgeAgentError(
            f"{camera_id} is the name of another camera, {other.stream.url}",
            hint=f"choose another with --name; where this one took its place, write its url into {file}",
        )

    def _ask_stem(self, recorder: str, numbers: list[int]) -> str:
        taken = {each.rpartition("-")[0] for each in camera_ids(self.folder)}
        suggested = _free_id(word_from(recorder)[:_LONGEST_STEM] or "recorder", taken)
        if not self.talk.keyboard.is_there:
            return suggested
        shown = ", ".join(f"NAME-{number}" for number in numbers[:3])
        question = f"save them as {shown} …; NAME [{suggested}]: "
        console = self.talk.console
        while True:
            stem = self.talk.keyboard.ask(question) or suggested
            if is_word(f"{stem}-{max(numbers)}"):
                return stem
            console.failure(stem, _no_word(stem))

    def _free(self, name: str) -> str:
        stem = word_from(name) or "camera"
        return _free_id(stem, {*camera_ids(self.folder), *self._given})


def _free_id(stem: str, taken: Container[str]) -> str:
    wanted, count = stem, 1
    while wanted in taken:
        count += 1
        wanted = f"{stem}-{count}"
    return wanted


def _no_word(text: str) -> EdgeAgentError:
    return EdgeAgentError(f"'{text}' cannot be a camera's id", hint=WORD_RULE)
