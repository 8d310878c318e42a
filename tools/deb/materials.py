"""The bill of materials (CycloneDX 1.5) that lies beside the package: what is inside, and whence."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from tools.deb import elf, wheels

if TYPE_CHECKING:
    from pathlib import Path

    from tools.deb.target import Target

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
    main = {
        "type": "application",
        "bom-ref": "edge-agent",
        "name": "edge-agent",
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "purl": f"pkg:deb/edge-agent@{version}?arch={target.processor.name}&distro={target.release.name}",
    }
    identity = f"edge-agent/{version}/{target.release.name}/{target.processor.name}"
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, identity)}",
        "version": 1,
        "metadata": {"component": main},
        "components": [*packages, *_inside(found), *libraries],
        "dependencies": [
            {"ref": "edge-agent", "dependsOn": [part["bom-ref"] for part in packages]}
        ],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _package(name: str, wheel: Path | None) -> dict[str, Any]:
    version = wheels.version_of(name)
    part: dict[str, Any] = {
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


def _inside(found: dict[str, Path]) -> list[dict[str, Any]]:
    """Return what a wheel's own bill says of libraries that came from another distribution."""
    parts = {}
    for wheel in found.values():
        for file, content in wheels.papers(wheel):
            if file.endswith(".cdx.json"):
                for part in json.loads(content)["components"]:
                    if part["purl"].startswith("pkg:rpm/"):
                        parts[part["purl"]] = {**part, "bom-ref": part["purl"]}
    return [parts[purl] for purl in sorted(parts)]


def _library(path: Path, private: Path) -> dict[str, Any]:
    inside = str(path.relative_to(private))
    return {
        "type": "file",
        "bom-ref": f"file:{inside}",
        "name": inside,
        "hashes": [_hash(path)],
    }


def _hash(path: Path) -> dict[str, str]:
    return {"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}
