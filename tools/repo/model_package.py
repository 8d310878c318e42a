"""A model pack as a small package of Debian's, so that it goes by the same rings as the agent.

The pack lies inside as it is: the box checks its signature and its hashes as those of any other. Nothing is
compressed, so whoever makes the package again, on whichever machine, has the same bytes.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.daemon.model_offer import FOLDER
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import load_card
from edge_agent.packs.names import PackName, read_pack_name
from edge_agent.packs.pack_file import check_folder, open_pack, read_parts, unpack
from edge_agent.packs.trial import try_model
from tools import debian
from tools.deb import archive, tree
from tools.repo.unfit import UnfitError

if TYPE_CHECKING:
    from edge_agent.inference.model_file import ModelCard

FAMILY = "edge-agent-model-"
_TEMPLATES = debian.REPOSITORY / "packaging" / "model"
# Of no machine's clock: the first of January 1980, as in edge-agent-updates.
_EPOCH = 315_532_800


@dataclass(frozen=True, slots=True)
class Named:
    """What a package of a model is called; Debian has no underscore in a name, and a model no dot."""

    model: PackName

    @property
    def package(self) -> str:
        """As apt knows it."""
        return FAMILY + self.model.name.replace("_", ".")


def model_of(package: str, version: str) -> str:
    """Return the model in a package, as the technician types it; "" where it has none of ours."""
    name = package.removeprefix(FAMILY).replace(".", "_")
    return f"{name}-{version}" if package.startswith(FAMILY) else ""


def named(text: str) -> Named | None:
    """Return which package `street-1.1.0` is in; None where that is no model's name."""
    model = read_pack_name(text)
    return Named(model) if model else None


def build(pack: Path, out: Path) -> Path:
    """Make the package of a pack in the folder `out`; return its path. Raises UnfitError."""
    with tempfile.TemporaryDirectory(prefix="edge-agent-model-") as work:
        name, card = _read(pack, Path(work))
        package = Named(name).package
        root = Path(work) / "tree"
        _lay(root / str(FOLDER).lstrip("/") / f"{name}.pack", pack.read_bytes())
        values = {
            "PACKAGE": package,
            "NAME": name.name,
            "VERSION": name.version,
            "MADE_BY": _one_line(card.made_by),
            "LICENCE": _one_line(card.licence),
        }
        _lay(root / "usr/share/doc" / package / "copyright", _filled("copyright.in", values))
        values["SIZE_KIB"] = str(tree.size_kib(root))
        control = {
            "control": _filled("control.in", values),
            "postinst": _filled("postinst", values),
        }
        target = out / f"{package}_{name.version}_all.deb"
        archive.write(target, root, control, None, epoch=_EPOCH, packing=archive.Packing.NONE)
        return target


def _read(pack: Path, work: Path) -> tuple[PackName, ModelCard]:
    folder = work / "model"
    folder.mkdir()
    try:
        with open_pack(pack) as (file, head):
            unpack(folder, head, read_parts(file, head), folder)
        name = check_folder(folder, head)
        # As each box does it: what all of them would refuse need not travel.
        try_model(folder)
        return name, load_card(folder)
    except EdgeAgentError as failure:
        raise UnfitError(
            f"{pack.name} is no pack that a box would take: {failure.what}"
        ) from failure


def _lay(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    file.chmod(0o644)


def _filled(template: str, values: dict[str, str]) -> bytes:
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text.encode()


def _one_line(text: str) -> str:
    """Return a maker's words as one field of a control file may have them."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
