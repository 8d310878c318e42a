"""Watch street cameras on a weak box and send only alerts.

A frame's journey:       camera → `onvif` finds it → `video` decodes it → `inference` sees motion
and objects → `tracking` follows them → `rules` judge → `alerts` compose → `spool` keeps on disk →
`mqtt` delivers to the command center. `pipeline.py` is one camera's part of it.

A technician's journey:  `cli`: discover → add → zone → check → run, then status and replay.
"""

__version__ = "0.1.0"
