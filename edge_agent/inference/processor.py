"""What this box's processor can do: the TFLite runtimes die without a word where it cannot.

An illegal instruction ends the whole process (SIGILL), so we look before we import.
"""

import platform
from pathlib import Path

from edge_agent.errors import EdgeAgentError

CPUINFO = Path("/proc/cpuinfo")
# x86-64-v2, as Linux spells it. ai-edge-litert 2.3, numpy 2.4 and OpenCV 5 were run under
# qemu-user -cpu Nehalem, which has just these and no AVX.
_X86_64_V2 = frozenset({"cx16", "popcnt", "ssse3", "sse4_1", "sse4_2"})
# The official tflite-runtime wheels are built with AVX and end in SIGILL on AVX-less Celerons.
# 64-bit ARM is not here: both runtimes, numpy, OpenCV and PyAV of our locks ran both networks under
# qemu-user -cpu cortex-a53 and cortex-a72, the oldest there are (no atomics, no dot products).
_NEEDS = {
    ("ai_edge_litert", "x86_64"): _X86_64_V2,
    ("tflite_runtime", "x86_64"): _X86_64_V2 | {"avx"},
    ("tflite_runtime", "armv7l"): frozenset({"neon"}),
}


def require_instructions(package: str, machine: str | None = None, cpuinfo: Path = CPUINFO) -> None:
    """Raise EdgeAgentError where this processor lacks an instruction that the package needs."""
    machine = machine or platform.machine()
    needs = _NEEDS.get((package, machine), frozenset())
    try:
        text = cpuinfo.read_text(encoding="ascii", errors="replace")
    except OSError:
        # Without /proc nothing can be known; the import decides.
        return
    missing = needs - _features(text)
    if missing:
        raise EdgeAgentError(
            f"this processor ({machine}) lacks {', '.join(sorted(missing))}, which {package} needs",
            hint="use a box with a newer processor; `grep -m1 flags /proc/cpuinfo` shows what one has",
        )


def _features(cpuinfo: str) -> frozenset[str]:
    """Return what the first processor offers; x86 calls the line flags, ARM Features."""
    for line in cpuinfo.splitlines():
        name, _, words = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            return frozenset(words.split())
    return frozenset()
