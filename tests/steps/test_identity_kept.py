"""Which telling is which story, as decided and as kept, on both engines."""

import threading
import time

import pytest
import sqlalchemy as sa

from rules import identity, normalise
from schemas.channel import Channel, DateReading, Saved
from schemas.errors import UnknownError
from schemas.story import Draft, Status, Story
from steps import stories as acts
from store import stories, suppressions
from store.database import Engine, one_writer, reading, writing
from tests.patience import PATIENCE_S
from tests.rules.test_normalise import KEPT_BEFORE
from tests.tell import MONDAY, retold, tell, telling


def every(engine: Engine) -> list[Story]:
    with reading(engine) as connection:
        found, _ = stories.changed_since(connection, 0, 1000)
    return found


def only(engine: Engine) -> Story:
    (story,) = every(engine)
    return story


def changed(engine: Engine) -> dict[str, int]:
    with reading(engine) as connection:
        rows = connection.execute(sa.text("SELECT id, changed FROM stories"))
        return {row[0]: row[1] for row in rows}


def test_the_same_page_twice_changes_nothing(engine: Engine) -> None:
    page = [telling(str(n)) for n in range(50)]
    assert tell(engine, *page) == Saved(new=50)
    before = changed(engine)
    assert tell(engine, *page) == Saved(unchanged=50)
    assert changed(engine) == before


def test_a_story_kept_before_stories_could_expire_is_not_told_anew(engine: Engine) -> None:
    draft = Draft(external_id="7", body="Kind.", published_at="2026-01-02T12:00:00Z")
    channel = Channel(id="ward", kind="csv")
    now = normalise.normalise(draft, channel, DateReading())
    digest = normalise.fingerprint(KEPT_BEFORE)
    before = now.model_copy(update={"canonical": KEPT_BEFORE, "fingerprint": digest})
    assert tell(engine, before) == Saved(new=1)
    assert tell(engine, now) == Saved(unchanged=1)
    assert (only(engine).revision, only(engine).expires_at) == (1, None)
    later = draft.model_copy(update={"expires_at": "2027-01-01T00:00:00Z"})
    told = normalise.normalise(later, channel, DateReading())
    assert tell(engine, told) == Saved(changed=1)
    assert str(only(engine).expires_at) == "2027-01-01 00:00:00+00:00"


def test_a_story_keeps_its_id_through_every_edit(engine: Engine) -> None:
    tell(engine, telling("1", "First."))
    first = only(engine)
    assert tell(engine, telling("1", "Second.")) == Saved(changed=1)
    second = only(engine)
    assert (second.id, second.revision, second.body_text) == (first.id, 2, "Second.")
    assert first.id == identity.mint(("opinion.example", "1"))


def test_an_older_telling_never_overwrites_a_newer_one(engine: Engine) -> None:
    tell(engine, telling("1", "New.", hour=5))
    assert tell(engine, telling("1", "Old.", hour=4)) == Saved(unchanged=1)
    assert only(engine).body_text == "New."


def test_two_versions_in_one_page_are_two_revisions(engine: Engine) -> None:
    assert tell(engine, telling("1", "A."), telling("1", "B.")) == Saved(new=1, changed=1)
    assert (only(engine).revision, only(engine).body_text) == (2, "B.")
    with reading(engine) as connection:
        assert stories.revision_of(connection, only(engine).id, 1).body_text == "A."
        with pytest.raises(UnknownError, match="no revision 3"):
            stories.revision_of(connection, only(engine).id, 3)


def test_a_story_told_on_two_channels_is_one_story_with_two_sources(engine: Engine) -> None:
    tell(engine, telling("1", "At its origin."))
    again = retold("x", "Retold.", also=[("opinion.example", "1")])
    assert tell(engine, again) == Saved(changed=1)  # a publisher more
    story = only(engine)
    assert story.body_text == "At its origin."
    assert story.publishers == ("opinion.example", "other.example")
    assert [s.channel for s in acts.show(engine, story.id).sources] == ["opinion", "other"]
    assert tell(engine, again) == Saved(unchanged=1)


def test_the_origins_own_telling_takes_the_place_of_a_copy(engine: Engine) -> None:
    copy = retold("x", "Copied.", origin=("opinion.example", "1"))
    tell(engine, copy)
    born = only(engine).id
    assert tell(engine, telling("1", "At its origin.")) == Saved(changed=1)
    assert (only(engine).id, only(engine).body_text) == (born, "At its origin.")
    assert tell(engine, copy) == Saved(unchanged=1)


def test_a_reference_that_joins_two_stories_merges_the_younger_into_the_older(
    engine: Engine,
) -> None:
    tell(engine, telling("1", "Older."))
    tell(engine, retold("x", "Younger."))
    older, younger = every(engine)
    joining = retold("x", "Younger.", also=[("opinion.example", "1")])
    assert tell(engine, joining).changed == 1
    by_id = {s.id: s for s in every(engine)}
    assert by_id[younger.id].status is Status.REMOVED
    assert by_id[younger.id].reason == "merged"
    assert by_id[older.id].body_text == "Older."
    assert by_id[older.id].publishers == ("opinion.example", "other.example")
    with reading(engine) as connection:
        assert stories.find(connection, younger.id) == older.id
    assert tell(engine, joining, retold("x", "Younger.")) == Saved(unchanged=2)


def test_two_stories_new_in_one_page_merge_where_a_third_telling_joins_them(
    engine: Engine,
) -> None:
    a, b = telling("1", "A."), retold("x", "B.")
    joining = telling("9", "C.", also=[("opinion.example", "1"), ("other.example", "x")])
    tell(engine, a, b, joining)
    stands = [s for s in every(engine) if s.reason != "merged"]
    assert [s.body_text for s in stands] == ["A."]
    assert stands[0].publishers == ("opinion.example", "other.example")


def test_the_origins_removal_removes(engine: Engine) -> None:
    tell(engine, telling("1"), retold("x", also=[("opinion.example", "1")]))
    assert tell(engine, removed=[("opinion", "1")]) == Saved(removed=1)
    assert (only(engine).status, only(engine).reason) == (Status.REMOVED, "removed_at_source")
    assert only(engine).removed_at == MONDAY
    assert tell(engine, removed=[("opinion", "1")]) == Saved(unchanged=1)


def test_a_copys_removal_only_ends_that_source_until_the_last_is_gone(engine: Engine) -> None:
    first = retold("x", "One copy.", origin=("lost.example", "7"))
    second = telling("1", "Another.", origin=("lost.example", "7"))
    tell(engine, first)
    tell(engine, second)
    assert only(engine).body_text == "One copy."
    tell(engine, removed=[("other", "x")])
    assert (only(engine).status, only(engine).body_text) == (Status.PUBLISHED, "Another.")
    tell(engine, removed=[("opinion", "1")])
    assert only(engine).status is Status.REMOVED


def test_a_story_that_is_told_again_after_its_removal_is_published_again(engine: Engine) -> None:
    tell(engine, telling("1"))
    tell(engine, removed=[("opinion", "1")])
    assert tell(engine, telling("1")) == Saved(changed=1)
    assert (only(engine).status, only(engine).revision) == (Status.PUBLISHED, 3)


def test_a_removal_of_what_was_never_told_changes_nothing(engine: Engine) -> None:
    assert tell(engine, removed=[("opinion", "404")]) == Saved(unchanged=1)
    assert every(engine) == []


def test_personal_data_holds_a_story_until_a_person_releases_it_as_it_reads(
    engine: Engine,
) -> None:
    tell(engine, telling("1", "Ring me.", codes=("pii",)))
    assert (only(engine).status, only(engine).reason) == (Status.HELD, "pii")
    acts.release(engine, "opinion/1", "ash", "the number is the ward's", MONDAY)
    assert only(engine).status is Status.PUBLISHED
    tell(engine, telling("1", "Ring me at home.", codes=("pii",)))
    assert only(engine).status is Status.HELD


def test_a_persons_hold_and_withdrawal_outlast_what_channels_tell(engine: Engine) -> None:
    tell(engine, telling("1", "A."))
    acts.hold(engine, "opinion/1", "ash", "a doubt", MONDAY)
    tell(engine, telling("1", "B."))
    assert (only(engine).status, only(engine).reason) == (Status.HELD, "by_person")
    assert only(engine).body_text == "B."
    acts.withdraw(engine, "opinion/1", "ash", "the author asked", MONDAY)
    tell(engine, telling("1", "C."))
    assert (only(engine).status, only(engine).reason) == (Status.REMOVED, "by_person")
    before = changed(engine)
    acts.withdraw(engine, "opinion/1", "ash", "again", MONDAY)
    assert changed(engine) == before


def test_a_person_merges_two_stories(engine: Engine) -> None:
    tell(engine, telling("1", "A."), telling("2", "B."))
    stays = acts.merge(engine, ["opinion/2", "opinion/1"], "ash", "the same", MONDAY)
    assert stays == identity.mint(("opinion.example", "1"))
    assert acts.merge(engine, ["opinion/2", "opinion/1"], "ash", "again", MONDAY) == stays
    assert {s.reason for s in every(engine)} == {None, "merged"}
    assert len(acts.show(engine, "opinion/2").history) == 1


def test_a_suppressed_name_is_never_told_again(engine: Engine) -> None:
    tell(engine, telling("1"))
    with writing(engine) as connection:
        suppressions.add(connection, [("opinion.example", "1")], "erased", MONDAY)
    assert tell(engine, telling("1", "Back."), telling("2")) == Saved(new=1, skipped=1)


def test_a_story_is_found_by_its_id_its_end_or_a_channels_name(engine: Engine) -> None:
    tell(engine, telling("77"), telling("78"))
    story_id = identity.mint(("opinion.example", "77"))
    with reading(engine) as connection:
        for name in (story_id, story_id[-12:], "77", "opinion/77"):
            assert stories.find(connection, name) == story_id
        with pytest.raises(UnknownError, match="no story is known"):
            stories.find(connection, "nowhere")
        with pytest.raises(UnknownError, match="names 2 stories"):
            stories.find(connection, "")


def test_numbers_that_others_follow_are_in_the_order_of_commits(engine: Engine) -> None:
    """Sequence order is not commit order unless one writer is let in at a time."""
    seen: list[list[int]] = []
    drawn = threading.Event()

    def slow() -> None:
        with writing(engine) as connection:
            one_writer(connection)
            stories.write_stories(connection, [_row("slow")])
            drawn.set()
            time.sleep(0.3)

    def fast() -> None:
        drawn.wait(PATIENCE_S)
        with writing(engine) as connection:
            one_writer(connection)
            stories.write_stories(connection, [_row("fast")])

    def _row(name: str) -> stories.Moved:
        content = telling("1").canonical
        return stories.Moved(name, None, 1, "f", "published", None, None, "c", name, 0, content)

    threads = [threading.Thread(target=slow), threading.Thread(target=fast)]
    for thread in threads:
        thread.start()
    while any(t.is_alive() for t in threads):
        seen.append(sorted(changed(engine).values()))
        time.sleep(0.02)
    for thread in threads:
        thread.join()
    seen.append(sorted(changed(engine).values()))
    assert seen[-1] == [1, 2]
    assert [2] not in seen, "a follower saw a number before a smaller one was committed"


def test_a_copy_that_reads_alike_takes_over_without_a_revision(engine: Engine) -> None:
    first = retold("x", "The same.", origin=("lost.example", "7"))
    second = telling("1", "The same.", origin=("lost.example", "7"))
    alike = second.model_copy(
        update={"fingerprint": first.fingerprint, "canonical": first.canonical}
    )
    tell(engine, first)
    tell(engine, alike)
    tell(engine, removed=[("other", "x")])
    assert (only(engine).revision, only(engine).source.channel) == (1, "opinion")


def test_a_story_that_was_merged_in_a_page_is_met_under_its_new_name(engine: Engine) -> None:
    tell(engine, telling("1", "A."), telling("2", "B."))
    joining = telling("1", "A.", also=[("opinion.example", "2")])
    removed = tell(engine, joining, telling("2", "B."), removed=[("opinion", "2")])
    assert removed.removed == 1
    assert {s.reason for s in every(engine)} >= {"merged"}
