"""A model that came with a package (`edge-agent-model-street`): installed and chosen without anybody asking.

The package has the pack as a file and does nothing itself: dpkg cannot fail over it, and what a network
does when it is tried is done as the agent's user, not as root. What became of it is noted beside the
models; after a power cut the same is done again.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

from edge_agent.config.settings import Settings
from edge_agent.daemon.model_start import is_pinned
from edge_agent.errors import EdgeAgentError
from edge_agent.packs.on_trial import Before
from edge_agent.packs.pack_file import reading, writing
from edge_agent.packs.store import Store
from edge_agent.packs.trial import try_model
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.files import write_whole

log = logging.getLogger(__name__)

# Where the package lays it: /usr/share/edge-agent/models/street-1.1.0.pack.
FOLDER = Path("/usr/share/edge-agent/models")
_NOTE_FILE = "offer.json"
# A full disk, or a technician who is changing models.
_RETRY_S = 600.0


class ModelOffer:
    """Looks at one folder. `problem` is what somebody should see to; "" is nothing."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        folder: Path = FOLDER,
        examine: Callable[[Path], None] = try_model,
    ) -> None:
        self._settings, self._store, self._clock = settings, store, clock
        self._folder, self._examine = folder, examine
        self._note_file = store.folder / _NOTE_FILE
        # The file as it was when it was dealt with; a look at its inode costs nothing.
        self._done: tuple[str, os.stat_result] | None = None
        self._not_before_mono = clock.mono()
        self.problem = ""

    def look(self, before: Callable[[], Before]) -> bool:
        """Take what is new; tell whether the agent must begin with it. `before` is how the box does."""
        pack = self._offered()
        if pack is None or self._clock.mono() < self._not_before_mono:
            return False
        try:
            digest = _digest(pack)
            if self._noted() == [pack.name, digest]:
                is_chosen = False
            else:
                is_chosen = self._take(pack, before)
                self._note(pack, digest)
            self._done, self.problem = (pack.name, pack.stat()), ""
        except (EdgeAgentError, OSError) as failure:
            self._put_off(pack, failure)
            return False
        return is_chosen

    def _offered(self) -> Path | None:
        """Return the one pack that is there; None where it was dealt with, and while dpkg exchanges it."""
        packs = sorted(self._folder.glob("*.pack"))
        if len(packs) > 1:
            names = ", ".join(pack.stem for pack in packs)
            problem = f"several models came, so none is taken: {names}"
            if problem != self.problem:
                log.warning("several models came, so none is taken: %s", names)
            self.problem = problem
            return None
        try:
            if packs and self._done and self._done == (packs[0].name, packs[0].stat()):
                return None
        except OSError:
            return None
        return packs[0] if packs else None

    def _take(self, pack: Path, before: Callable[[], Before]) -> bool:
        settings, name = self._settings, pack.stem
        if name in self._store.refused():
            log.info("model %s came again; this box went back from it, so it is not chosen", name)
            return False
        try:
            arrival = self._store.install(pack, settings.packs.signing_keys, self._examine)
        except EdgeAgentError as failure:
            if isinstance(failure.__cause__, OSError):
                raise
            self._refuse(name, failure)
            return False
        name = str(arrival.name)
        if is_pinned(settings):
            log.warning("model %s came and is installed, not used: agent.toml names another", name)
            return False
        if name == self._store.choice().wanted:
            return False
        self._store.choose(name, name, before(), self._clock.wall())
        log.info("model %s came and is chosen; the agent starts anew with it", name)
        return True

    def _refuse(self, name: str, failure: EdgeAgentError) -> None:
        log.error("model %s came and is not installed: %s", name, failure.report())
        why = f"not installed: {failure.what.splitlines()[0]}"
        self._store.save(lambda choice: choice.refuse(name, why))

    def _put_off(self, pack: Path, failure: EdgeAgentError | OSError) -> None:
        """Not the pack's doing: it is tried again later."""
        self._not_before_mono = self._clock.mono() + _RETRY_S
        why = failure.report() if isinstance(failure, EdgeAgentError) else str(failure.strerror)
        self.problem = f"model {pack.stem} came and cannot be installed yet: {why}".split("\n")[0]
        log.warning("model %s came and cannot be installed yet: %s", pack.stem, why)

    def _noted(self) -> list[str]:
        try:
            told = json.loads(self._note_file.read_bytes())
            return [str(told["file"]), str(told["sha256"])]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return []

    def _note(self, pack: Path, digest: str) -> None:
        told = json.dumps({"file": pack.name, "sha256": digest}).encode() + b"\n"
        with writing(self._note_file):
            write_whole(self._note_file, told, mode=0o600)


def _digest(pack: Path) -> str:
    with reading(pack), pack.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
