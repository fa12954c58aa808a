"""A connector can be looked at before anything is kept."""

from kit.checks import check
from kit.trial import Trial, expect

_REQUESTS = 12
"""Requests that a look may take, a token and what belongs to the first stories included."""


@check("asked")
def a_look_writes_nothing(trial: Trial) -> None:
    """`channel check` and `preview` show the first stories and leave the store as it was."""
    trial.world.add(3)
    found = trial.look()
    expect(found.pages == 1 and found.stories, "it showed no story")
    words = " ".join(f"{t.content.title} {t.content.body_text}" for t in found.stories)
    expect("listened" in words, "it showed something else than the stories")
    expect(not trial.kept() and not trial.refused(), "something was kept")
    expect(trial.cursor() is None, "the cursor was moved")


@check("http")
def a_look_is_cheap(trial: Trial) -> None:
    """A look at a large source takes a handful of requests."""
    trial.world.add(230)
    trial.look()
    expect(trial.asked <= _REQUESTS, f"a look took {trial.asked} requests")
