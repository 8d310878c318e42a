"""A new version from the city's update server, and the way back when it does not do.

Apart from the agent: `edge-agent-updates` is one file with these modules alone, which need nothing
but Debian's Python. A copy of it, made before a new version is unpacked, decides about that version.
"""
