"""A connector tells what it says it tells: edits, replies, removals."""

from collections.abc import Callable
from contextlib import suppress

from kit import far
from kit.checks import check
from kit.checks.reading import FEW
from kit.trial import Trial, expect
from schemas.channel import Tells
from schemas.errors import OutsideError

SOME = 120
"""Stories enough for several pages, of which a few may go without a doubt about the source."""


@check(Tells.EDITS)
def an_edit_is_seen(trial: Trial) -> None:
    """Words that were changed at the source are changed here, and make no second story."""
    *_, last = trial.world.add(FEW)
    trial.ingest()
    trial.world.edit(last.id, text="On the second day the nurse explained it all to me again.")
    saved = trial.ingest()
    expect(saved.changed == 1, f"of one edit it made {saved}")
    trial.expect_kept()


@check()
def an_edit_is_not_hoped_for(trial: Trial) -> None:
    """A kind that does not tell of edits says so; one that does is not silent about them."""
    *_, last = trial.world.add(FEW)
    trial.ingest()
    trial.world.edit(last.id, text="On the second day the nurse explained it all to me again.")
    saw = bool(trial.ingest().changed)
    expect(saw == (Tells.EDITS in trial.module.TELLS), f"it says otherwise, and saw {saw}")


@check(Tells.REPLIES)
def a_reply_is_seen(trial: Trial) -> None:
    """A reply that the organisation gave later is kept with the story."""
    *_, last = trial.world.add(FEW)
    trial.ingest()
    trial.world.edit(last.id, reply="Thank you for telling us; we will pass this on to the ward.")
    trial.ingest()
    replied = trial.kept()[trial.stage.name(last)].story.responses
    expect(len(replied) == 1, f"one reply was given, {len(replied)} are kept")
    expect("pass this on to the ward" in replied[0].body_text, "the reply says something else")


@check(Tells.REMOVALS)
def a_removal_is_seen(trial: Trial) -> None:
    """A story that was taken down at the source is shown no more, and no other is touched."""
    some = trial.world.add(SOME)
    trial.ingest()
    trial.world.remove(some[-4].id)
    trial.world.remove(some[2].id)
    saved = trial.ingest()
    expect(saved.removed == 2, f"of two removals it made {saved}")  # noqa: PLR2004 -- those two
    trial.expect_kept()


@check(Tells.REMOVALS)
def a_removed_story_can_return(trial: Trial) -> None:
    """A story that was taken down and is put back is shown again, under the same id."""
    *_, last = trial.world.add(FEW)
    trial.ingest()
    name = trial.stage.name(last)
    before = trial.kept()[name].story.id
    trial.world.remove(last.id)
    trial.ingest()
    expect(not trial.kept()[name].is_shown, "it was taken down, and is still shown")
    trial.world.put_back(last.id)
    trial.ingest()
    trial.expect_kept()
    expect(trial.kept()[name].story.id == before, "it came back as another story")


@check(Tells.REMOVALS)
def an_emptied_source_is_doubted(trial: Trial) -> None:
    """A source that shows nothing any more at once is doubted, not obeyed."""
    some = trial.world.add(60)
    trial.ingest()
    for piece in some:
        trial.world.remove(piece.id)
    with suppress(OutsideError):
        trial.ingest()
    left = sum(kept.is_shown for kept in trial.kept().values())
    expect(left >= len(some) // 2, f"{len(some) - left} of {len(some)} stories are gone")


@check("pages")
def a_list_that_grows_hides_nothing(trial: Trial) -> None:
    """What is published while the list is being read pushes no other story out of sight."""
    trial.world.add(WIDE)
    _during_the_read(trial, lambda _: trial.world.add(1))
    trial.ingest()
    trial.expect_kept()


@check("pages")
def a_list_that_shrinks_hides_nothing(trial: Trial) -> None:
    """What is taken down while the list is being read draws no other story past us."""
    some = trial.world.add(WIDE)

    def take_down(page: int) -> None:
        trial.world.remove(some[page].id)
        trial.world.remove(some[-page].id)

    _during_the_read(trial, take_down)
    trial.ingest()
    shown = {name for name, kept in trial.kept().items() if kept.is_shown}
    lost = {trial.stage.name(piece) for piece in trial.world.shown()} - shown
    expect(not lost, f"{len(lost)} stories are not there, as {', '.join(sorted(lost)[:3])}")


WIDE = 230
"""Stories over more days than any kind looks back."""


def _during_the_read(trial: Trial, change: Callable[[int], object]) -> None:
    """Read once, and let the source change after each of the first pages it sends."""
    source = trial.server
    pages = [0]

    def trouble(handler: far.Handler, ask: far.Ask, answer: far.Answer) -> None:
        reply = answer(ask)
        handler.send(reply)
        if len(reply.body) > _A_PAGE:
            pages[0] += 1
            if pages[0] <= _TIMES:
                change(pages[0])

    source.trouble = trouble
    trial.ingest()
    source.trouble = None


_A_PAGE = 5_000
"""Bytes of an answer that holds a page of stories, and not a token or a single one."""
_TIMES = 4
"""Pages after which the source changes."""
