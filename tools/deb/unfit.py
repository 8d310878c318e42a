"""The one failure of a build that somebody has to look at."""


class UnfitError(Exception):
    """What was locked does not fit together as it did: there is no package until it does."""
