"""The one failure that somebody on site reads. Everything else is a defect of ours."""


class EdgeAgentError(Exception):
    """A failure somebody on site can act on.

    Say what happened in the technician's words; put the next step, if we know one, in `hint`.
    Callers add where it happened on the way up with `add_note()`, never by rewording.
    """

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def report(self) -> str:
        """Return the lines to show: where, what, and the next step."""
        places = getattr(self, "__notes__", [])
        lines = [": ".join([*reversed(places), self.what])]
        if self.hint:
            lines.append(f"  next: {self.hint}")
        return "\n".join(lines)
