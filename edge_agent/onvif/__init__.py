"""Find a camera, ask it, be told by it."""
