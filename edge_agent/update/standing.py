"""How updates stand on this box, for `edge-agent-updates status`."""

from collections.abc import Sequence

from edge_agent.domain.update import TRIAL_FILE, Update
from edge_agent.runtime.clock import rfc3339
from edge_agent.update import packages
from edge_agent.update.dpkg import Dpkg
from edge_agent.update.places import Places
from edge_agent.update.refused import refused
from edge_agent.update.source import told_source
from edge_agent.update.trial import read_trial

_NO_MODEL = "none comes; to change that: sudo apt install edge-agent-model-NAME"


def standing(places: Places, dpkg: Dpkg) -> Sequence[str]:
    """Return the lines to show."""
    installed = dpkg.installed()
    trial = read_trial(places.folder / TRIAL_FILE)
    versions = {installed.version, *([trial.update.old] if trial else [])} - {""}
    kept = [one for one in sorted(versions) if packages.find(places.packages, one)]
    whole = "" if installed.is_whole else " (not whole: sudo dpkg --configure -a)"
    return [
        f"installed  {installed.version or 'nothing'}{whole}",
        f"model      {', '.join(dpkg.models()) or _NO_MODEL}",
        f"source     {told_source(places) or 'none'}",
        f"latest     {_told(trial.update) if trial else 'none was watched'}",
        f"kept       {', '.join(kept) or 'none to go back to yet'}",
        f"refused    {', '.join(refused(places.refused)) or 'none'}",
    ]


def _told(update: Update) -> str:
    why = f": {update.why}" if update.why else ""
    return f"{update.old} -> {update.new}, {update.phase} since {rfc3339(update.since_wall)}{why}"
