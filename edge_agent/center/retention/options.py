"""What `[store]` of center.toml may say."""

from dataclasses import dataclass

from edge_agent.toml.reader import Table

# A hundred years.
_MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """How long things are kept, counted from when the center received them; 0: for ever."""

    # Pictures show people: most laws want them gone first.
    keep_pictures_days: int = 0
    # The alert itself, all its signed messages, what was done about it, and its pictures.
    keep_alerts_days: int = 0
    # Only what somebody has closed is deleted. Off where nobody keeps the handling here.
    only_closed: bool = True

    @property
    def is_anything_deleted(self) -> bool:
        """Whether there is any term."""
        return bool(self.keep_pictures_days or self.keep_alerts_days)


def read_store(table: Table) -> StoreOptions:
    """Return what `[store]` says; problems go where the table's go."""
    default = StoreOptions()
    options = StoreOptions(
        keep_pictures_days=table.whole(
            "keep_pictures_days", default.keep_pictures_days, least=0, most=_MOST_DAYS
        ),
        keep_alerts_days=table.whole(
            "keep_alerts_days", default.keep_alerts_days, least=0, most=_MOST_DAYS
        ),
        only_closed=table.flag("only_closed", default=default.only_closed),
    )
    if 0 < options.keep_alerts_days < options.keep_pictures_days:
        hint = "pictures go with their alert at the latest: write a shorter term, or leave it out"
        table.refuse("keep_pictures_days", "is longer than keep_alerts_days", hint)
    return options


def terms(options: StoreOptions) -> str:
    """Return what is kept how long, in a few words."""
    if not options.is_anything_deleted:
        return "kept for ever"
    words = {
        "pictures": options.keep_pictures_days or options.keep_alerts_days,
        "alerts": options.keep_alerts_days,
    }
    told = [f"{what} {days} days" if days else f"{what} for ever" for what, days in words.items()]
    return f"kept: {', '.join(told)}{' once closed' if options.only_closed else ''}"
