"""What a camera is to be called here: the name it has, the one that was given, or one like its own.

Zones drawn on one picture must not come to lie on another: the name of another camera is refused,
and another camera at the same address gets the name of the one before only from a person.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.cli.candidate import LONGEST_WORD, Candidate, word_from
from edge_agent.cli.configured import Configured
from edge_agent.cli.folder import with_folder
from edge_agent.cli.login import Talk
from edge_agent.config.checks import WORD_RULE, is_word
from edge_agent.config.load import CAMERAS_FOLDER, camera_ids, load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, host_of, read_address
from edge_agent.onvif.identity import Identity
from edge_agent.onvif.presence import look
from edge_agent.runtime.clock import Clock
from edge_agent.toml.problems import BadConfiguration

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
    # A person said it of one channel: it is true of the recorder.
    _is_replaced: bool = False

    def name(self, candidate: Candidate, wanted: str, *, is_recorder: bool = False) -> str:
        """Return the id to save under; a person is asked.

        Raise EdgeAgentError for what cannot be an id and for the name of another camera.
        """
        same = self._same(candidate, is_recorder=is_recorder)
        if replaced := self._stand_in(candidate, same, wanted):
            return self._give(replaced, same)
        same = [each for each in same if not each.identity.is_another(candidate.identity)]
        suggested = wanted or (same[0].id if same else self._free(candidate.name))
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
        for number, candidate in candidates.items():
            self._stand_in(candidate, same[number], wanted, f"-{number}")
        new = [number for number, known in same.items() if not known]
        stem = wanted or (self._ask_stem(recorder, new) if new else "")
        return {
            number: self._give(known[0].id if known else f"{stem}-{number}", known)
            for number, known in same.items()
        }

    def label(self, address: Address, identity: Identity, name: str) -> str:
        """Return what to call a device before its id is sure: mostly this becomes its id."""
        found = self.known.of_device(address, identity, "", is_recorder=False)
        if found:
            return found.id
        return self._free(name) if word_from(name) else address.host

    def known_as(self, address: Address, identity: Identity, source: str) -> str:
        """Return the id of a channel whose streams are not known yet; "" if it has none."""
        found = self.known.of_device(address, identity, source, is_recorder=True)
        return found.id if found else ""

    def _same(self, candidate: Candidate, *, is_recorder: bool) -> list[CameraSettings]:
        """Return the camera that this is already; it may be there under several names."""
        found = self.known.with_stream(filter(None, (candidate.analysis, candidate.main)))
        if not found and candidate.onvif_url:
            one = self._of_device(candidate, is_recorder=is_recorder)
            found = [one] if one else []
        here = [camera for camera in found if camera.id not in self._given]
        return sorted(here, key=lambda camera: camera.identity.is_another(candidate.identity))

    def _of_device(self, candidate: Candidate, *, is_recorder: bool) -> CameraSettings | None:
        source, identity = candidate.source, candidate.identity
        found = self.known.of_device(candidate.address, identity, source, is_recorder=is_recorder)
        if found:
            return found
        like = self.known.like(identity, source, is_recorder=is_recorder)
        return like if like and self._has_moved(like, candidate) else None

    def _stand_in(
        self,
        candidate: Candidate,
        same: Sequence[CameraSettings],
        wanted: str,
        suffix: str = "",
    ) -> str:
        """Return the id of the camera whose place another one takes by a person's word; else "".

        `suffix` is what a channel's id ends with. Raise EdgeAgentError where nobody said so.
        """
        named = [each for each in same if each.id == f"{wanted}{suffix}"]
        here = next(iter(named or same), None)
        words = here.identity.told_apart(candidate.identity) if here else None
        if here is None or words is None:
            return ""
        was, is_ = words
        what = f"at this address {here.id} was {was}; this is {is_}"
        if not named and not self._is_replaced and not wanted:
            self._is_replaced = self.talk.agrees(f"{what}: is it in {here.id}'s place?")
        if not named and not self._is_replaced:
            advice = self._advice(candidate.address.place, here.id, here.id.removesuffix(suffix))
            raise EdgeAgentError(what, hint=advice)
        console, hint = self.talk.console, ""
        if here.zones:
            hint = f"look whether its zones lie right:  edge-agent zone show {here.id}"
            hint = with_folder(hint, self.folder)
        console.note(here.id, f"{is_} takes the place of {was}", hint)
        return here.id

    def _advice(self, place: str, camera_id: str, name: str) -> str:
        """Return what can be meant by another camera in the place of one that we know."""
        replace = with_folder(f"edge-agent add {place} --name {name}", self.folder)
        find = with_folder(f"edge-agent camera rediscover {camera_id}", self.folder)
        return (
            f"if it took {camera_id}'s place:  {replace}\n"
            f"if {camera_id} has another address now:  {find}\n"
            "if it is a new one, give it another address"
        )

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

    def _give(self, camera_id: str, same: Sequence[CameraSettings]) -> str:
        known = [camera.id for camera in same]
        self._refuse_another(camera_id, known)
        if known and camera_id not in known:
            remove = with_folder(f"edge-agent camera remove {known[0]}", self.folder)
            hint = f"if one of them is enough:  {remove}"
            console = self.talk.console
            console.note(camera_id, f"this is also {known[0]}: it will be watched twice", hint)
        self._given.add(camera_id)
        return camera_id

    def _refuse_another(self, camera_id: str, known: Sequence[str]) -> None:
        if not is_word(camera_id):
            raise _no_word(camera_id)
        if camera_id in known or camera_id not in camera_ids(self.folder):
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
