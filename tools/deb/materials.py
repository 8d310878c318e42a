"""The bill of materials (CycloneDX 1.5) that lies beside the package: what is inside, and whence."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from tools.deb import elf, wheels

if TYPE_CHECKING:
    from pathlib import Path

    from tools.deb.target import Target

_Part = dict[str, Any]
_LICENCES = {
    "ai-edge-litert": "Apache-2.0",
    "av": "BSD-3-Clause",
    "onvif-zeep": "MIT",
    "opencv-python-headless": "Apache-2.0",
    "paho-mqtt": "EPL-2.0 OR BSD-3-Clause",
}


def bill(private: Path, found: dict[str, Path], target: Target, version: str) -> str:
    """Return it as JSON: packages by their locked hashes, libraries by those of the files."""
    packages = [_package(name, found.get(name)) for name in sorted(_LICENCES)]
    libraries = [
        _library(path, private) for path in sorted(private.rglob("*.so*")) if elf.is_elf(path)
    ]
    main = _ours("edge-agent", version, target.processor.name, target)
    return _whole(main, [*packages, *_inside(found), *libraries], needs=packages)


def center_bill(control: str, target: Target, version: str) -> str:
    """Return the center's: nothing is inside of others; what it needs is the agent and Debian's."""
    field = re.search(r"^Depends: (.+)$", control, re.MULTILINE)
    names = [part.strip().split(" ")[0] for part in field[1].split(",")] if field else []
    needs = [_needed(name, version, target) for name in names]
    return _whole(_ours("edge-agent-center", version, "all", target), needs, needs=needs)


def _whole(main: _Part, parts: list[_Part], *, needs: list[_Part]) -> str:
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, main['purl'])}",
        "version": 1,
        "metadata": {"component": main},
        "components": parts,
        "dependencies": [
            {"ref": main["bom-ref"], "dependsOn": [part["bom-ref"] for part in needs]}
        ],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _ours(name: str, version: str, architecture: str, target: Target) -> _Part:
    return {
        "type": "application",
        "bom-ref": name,
        "name": name,
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "purl": f"pkg:deb/{name}@{version}?arch={architecture}&distro={target.release.name}",
    }


def _needed(name: str, version: str, target: Target) -> _Part:
    """Return a package that must be there; of Debian's its own security updates say the version."""
    if name == "edge-agent":
        return {"type": "application", "bom-ref": name, "name": name, "version": version}
    purl = f"pkg:deb/debian/{name}?distro={target.release.name}"
    return {"type": "library", "bom-ref": purl, "name": name, "purl": purl}


def _package(name: str, wheel: Path | None) -> _Part:
    version = wheels.version_of(name)
    part: _Part = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
        "licenses": [{"expression": _LICENCES[name]}],
    }
    if wheel:
        part["hashes"] = [_hash(wheel)]
    return part


def _inside(found: dict[str, Path]) -> list[_Part]:
    """Return what a wheel's own bill says of libraries that came from another distribution."""
    parts = {}
    for wheel in found.values():
        for file, content in wheels.papers(wheel):
            if file.endswith(".cdx.json"):
                for part in json.loads(content)["components"]:
                    if part["purl"].startswith("pkg:rpm/"):
                        parts[part["purl"]] = {**part, "bom-ref": part["purl"]}
    return [parts[purl] for purl in sorted(parts)]


def _library(path: Path, private: Path) -> _Part:
    inside = str(path.relative_to(private))
    return {
        "type": "file",
        "bom-ref": f"file:{inside}",
        "name": inside,
        "hashes": [_hash(path)],
    }


def _hash(path: Path) -> dict[str, str]:
    return {"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}
