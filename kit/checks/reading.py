"""A connector reads all that is there, once, and knows when nothing is new."""

import tracemalloc

from kit.checks import check
from kit.trial import Trial, expect
from schemas.channel import Saved

FEW, MANY, PLENTY = 7, 230, 10_000

_PAGE = 2_000
"""Records that a page may hold where the source cuts what it tells into pages."""
_MEMORY = 48 << 20
"""Bytes that may be held at once, beside eight times the largest page."""


@check()
def reads_everything(trial: Trial) -> None:
    """Every story that the source shows is kept, with its own words."""
    trial.world.add(MANY)
    saved = trial.ingest()
    expect(saved.new == MANY, f"of {MANY} stories it made {saved}")
    expect(not saved.quarantined, f"{saved.quarantined} good stories are in quarantine")
    trial.expect_kept()


@check()
def an_empty_source_is_no_fault(trial: Trial) -> None:
    """A source that shows nothing yet is read without an error, and nothing is kept."""
    saved = trial.ingest()
    expect(saved == Saved(), f"of nothing it made {saved}")


@check()
def a_single_story_is_read(trial: Trial) -> None:
    """A source that shows just one story is read like any other."""
    trial.world.add(1)
    expect(trial.ingest().new == 1, "the only story was not kept")
    trial.expect_kept()


@check()
def second_run_is_quiet(trial: Trial) -> None:
    """A second run over an unchanged source finds nothing new and changes nothing."""
    trial.world.add(FEW)
    trial.ingest()
    before = {name: kept.story for name, kept in trial.kept().items()}
    saved = trial.ingest()
    expect(not saved.new and not saved.changed and not saved.removed, f"the second run: {saved}")
    expect(
        trial.is_sent or not trial.fetch(trial.cursor()), "an unchanged source still gives a page"
    )
    after = {name: kept.story for name, kept in trial.kept().items()}
    expect(after == before, "the second run changed what is kept")


@check()
def a_later_run_brings_what_is_new(trial: Trial) -> None:
    """A later run brings just what was published since, with no more requests than the first."""
    trial.world.add(MANY)
    trial.ingest()
    first = trial.asked
    trial.world.add(3)
    saved = trial.ingest()
    expect(saved.new == 3, f"of 3 new stories it made {saved}")  # noqa: PLR2004 -- those just told
    expect(not saved.changed and not saved.removed, f"it changed what was kept: {saved}")
    later = trial.asked - first
    expect(later <= first, f"{later} requests for 3 stories, {first} for {MANY}")
    trial.expect_kept()


@check()
def the_same_moment_hides_no_story(trial: Trial) -> None:
    """A story told at the very moment of the newest known one is found by a later run."""
    newest = trial.world.add(FEW)[-1]
    trial.ingest()
    trial.world.add(1, told_at=newest.told_at, changed_at=newest.changed_at)
    trial.ingest()
    trial.expect_kept()


@check()
def reading_twice_gives_the_same(trial: Trial) -> None:
    """Two readings from the start give the same records: no chance, no clock in them."""
    trial.world.add(FEW)
    one, other = (trial.parse(trial.fetch()) for _ in range(2))
    expect(one == other, "two readings of the same source differ")
    names = [draft.external_id for parsed in one for draft in parsed.drafts]
    expect(len(names) == FEW, f"{FEW} stories came as {len(names)} drafts")
    expect(len(set(names)) == FEW, "two stories came under one external id")


@check("asked")
def plenty_is_read_in_bounds(trial: Trial) -> None:
    """Thousands of stories are read page by page, in bounded memory, and all are there."""
    plenty = getattr(trial.stage, "PLENTY", PLENTY)
    trial.world.add(plenty)
    trial.lay()
    names: set[str] = set()
    largest = pages = early = 0
    tracemalloc.start()
    try:
        with trial.http() as http:
            for page in trial.module.fetch(trial.channel, http, None):
                pages += 1
                early = early or trial.asked
                parsed = trial.module.parse(trial.channel, page)
                largest = max(largest, len(page.payload))
                expect(len(parsed.drafts) <= max(_PAGE, plenty * (trial.asked == 1)), _WIDE)
                names.update(draft.external_id for draft in parsed.drafts)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    shown = {trial.stage.name(piece) for piece in trial.world.shown()}
    at_most = getattr(trial.stage, "SHOWN_AT_MOST", plenty)
    expect(len(names & shown) == min(plenty, at_most), f"{len(names)} of {plenty} stories came")
    expect(pages < 2 or early < trial.asked or trial.asked <= 1, _LATE)  # noqa: PLR2004 -- several
    allowed = _MEMORY + 8 * largest
    expect(peak <= allowed, f"{peak >> 20} MB were held at once; allowed are {allowed >> 20}")


_WIDE = f"a page holds more than {_PAGE} stories"
_LATE = "the first page was given only once everything was asked for"
