"""Decide when a source is not to be believed: too much is gone, or too little understood."""

FEW = 20
"""So many records may go, or be faulty, without anybody being asked."""

MOST_GONE = 0.5
"""Share of a channel's live stories that may go in one run."""


def doubts_gone(gone: int, live: int, *, is_empty: bool = False) -> str | None:
    """Say why so many removals at once are not believed; None where they are.

    `live` is how many stories the channel told and shows; `is_empty` says that a walk over all
    that it shows came upon nothing.
    """
    if is_empty and gone:
        return f"it shows nothing at all, and {live} stories were kept"
    if gone > FEW and gone > MOST_GONE * live:
        return f"{gone} of {live} stories are gone at once"
    return None


def doubts_faulty(faulty: int, records: int, share: float) -> str | None:
    """Say why a page with so many faulty records is not taken in; None where it is."""
    if faulty > FEW and faulty > share * records:
        return f"{faulty} of {records} records cannot be understood"
    return None
