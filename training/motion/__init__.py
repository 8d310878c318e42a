"""The motion model: where a thing moves, and not merely light, rain or leaves."""
