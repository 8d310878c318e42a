"""What cannot go into the repository, in one line for whoever ran `make`."""


class UnfitError(Exception):
    """The repository stays as it was."""
