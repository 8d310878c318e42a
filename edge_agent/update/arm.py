"""Before a new version is unpacked: note how the old one does, and set a watcher upon the new one.

Called by the old version's `prerm`, and by apt before dpkg starts; both from the old version's file.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from edge_agent.domain.update import TRIAL_FILE, Phase, Update
from edge_agent.runtime.files import write_whole
from edge_agent.update import packages, unit
from edge_agent.update.condition import Condition
from edge_agent.update.dpkg import Dpkg
from edge_agent.update.places import Places
from edge_agent.update.trial import Trial, is_going_on, read_trial, write_trial


def keep(places: Places, dpkg: Dpkg, files: Sequence[Path]) -> list[str]:
    """Keep the packages of ours among those that apt is about to install; say what was not kept."""
    ours = [file for file in files if file.name.startswith("edge-agent_")]
    if not ours:
        return []
    trial = read_trial(places.folder / TRIAL_FILE)
    wanted = {dpkg.installed().version, *(dpkg.fields(file)[1] for file in ours)}
    wanted |= {trial.update.old} if is_going_on(trial) and trial else set()
    packages.forget(places.packages, but=wanted)
    said = _kept(lambda: packages.keep_installed(places.root, places.packages, dpkg), "the old")
    for file in ours:
        said += _kept(lambda file=file: packages.keep(file, places.packages, dpkg), file.name)  # type: ignore[misc]
    return said


def _kept(keep_it: Callable[[], object], what: str) -> list[str]:
    try:
        keep_it()
    except OSError as error:
        why = (error.strerror or "the disk refuses").lower()
        return [f"edge-agent: {what} is not kept to go back to: {why}"]
    return []


def arm(
    places: Places,
    dpkg: Dpkg,
    new: str,
    *,
    program: Path,
    now: Condition,
    wall: Callable[[], float],
) -> list[str]:
    """Set a watcher upon the version that is about to come; return the lines that say so, or why not.

    `program` is this one's own file, `now` how the old version does. Raises OSError,
    EdgeAgentError where the disk refuses.
    """
    file = places.folder / TRIAL_FILE
    earlier, old = read_trial(file), dpkg.installed().version
    is_way_back = earlier and earlier.update.phase is Phase.GOING_BACK
    if is_way_back or not old or not dpkg.is_newer(new, old):
        return []
    trial = earlier if earlier and is_going_on(earlier) else _began(old, now)
    if trial is None:
        return ["edge-agent: it does not run, so nobody watches how the new version does"]
    back = trial.update.old
    said = _kept(lambda: packages.keep_installed(places.root, places.packages, dpkg), old)
    if not packages.find(places.packages, back):
        none = f"edge-agent: there is no package of {back} to go back to, so nobody watches"
        return [*said, none, "  next: after this, look yourself:  sudo edge-agent status"]
    # As a trial that begins: what was spent on another version is not this one's.
    update = Update(phase=Phase.WATCHED, old=back, new=new, since_wall=wall())
    write_whole(places.copy, program.read_bytes(), mode=0o755)
    write_trial(file, replace(trial, update=update, old_start=now.start, spent_s=0.0))
    unit.start(places)
    # The power may go while dpkg works.
    os.sync()
    return [
        f"edge-agent: {new} is watched; if it does worse for 10 minutes, {back} comes back",
        "  next: see how it stands:  sudo edge-agent-updates status",
    ]


def _began(old: str, now: Condition) -> Trial | None:
    """Return a trial of what comes after the version that runs now; None where none runs."""
    if not now.start:
        return None
    return Trial(
        update=Update(phase=Phase.WATCHED, old=old, new=""),
        was_seeing=now.is_seeing,
        was_connected=now.is_connected,
    )
