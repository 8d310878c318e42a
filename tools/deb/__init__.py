"""Assemble the Debian package from locked wheels: `python -m tools.deb`, as `make deb` does.

Nothing is compiled, so one machine makes it for every release and processor (docs/design/0020).
"""
