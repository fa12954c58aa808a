"""Entries that reply to others are responses; and by what an entry is known."""

from pathlib import Path

import pytest

from connectors.channels import feed
from schemas.channel import Fetched, Saved
from schemas.story import BodyFormat
from tests.connectors.channels.feeds import ATOM, channel, read
from tests.connectors.channels.test_feed_archives import document, shelf

THREAD = ' xmlns:thr="http://purl.org/syndication/thread/1.0"'


def threaded(*entries: str) -> str:
    return f"{ATOM}{THREAD}>{''.join(entries)}</feed>"


def entry(name: str, text: str, to: str = "", author: str = "Ward 7") -> str:
    reply = f'<thr:in-reply-to ref="{to}"/>' if to else ""
    return (
        f"<entry><id>{name}</id><link href='https://forum.example/posts/{name}'/>{reply}"
        f"<author><name>{author}</name></author><published>2026-03-01T12:00:00Z</published>"
        f'<content type="html">&lt;p&gt;{text}&lt;/p&gt;</content></entry>'
    )


def test_a_reply_is_the_response_to_its_story_wherever_it_stands() -> None:
    parsed = read(
        threaded(entry("r1", "Thank you.", to="s1"), entry("s1", "It was good.")),
        service="ods:RXX",
    )

    (draft,) = parsed.drafts
    (reply,) = draft.responses
    assert draft.external_id == "s1"
    assert (reply.external_id, reply.body) == ("r1", "<p>Thank you.</p>")
    assert (reply.organisation, reply.organisation_name) == ("ods:RXX", "Ward 7")
    assert reply.body_format is BodyFormat.HTML
    assert reply.published_at == "2026-03-01T12:00:00Z"
    assert (parsed.faulty, parsed.skipped) == ((), ())


def test_a_reply_to_a_reply_is_under_the_story() -> None:
    parsed = read(
        threaded(
            entry("r2", "And again.", to="r1"),
            entry("s1", "It was good."),
            entry("r1", "Thank you.", to="https://forum.example/posts/s1"),
        )
    )

    (draft,) = parsed.drafts
    assert [reply.external_id for reply in draft.responses] == ["r2", "r1"]


def test_a_reply_is_seen_and_its_edit_is_a_revision(tmp_path: Path) -> None:
    story, reply = entry("s1", "It was good."), entry("r1", "Thank you.", to="s1")
    with shelf(tmp_path, feed=threaded(story).encode()) as (trial, placed):
        assert trial.ingest() == Saved(new=1)
        placed["/feed"] = threaded(story, reply).encode()
        assert trial.ingest() == Saved(changed=1)
        (kept,) = trial.kept().values()
        assert [r.body_text for r in kept.story.responses] == ["Thank you."]
        placed["/feed"] = threaded(story, reply.replace("Thank", "We thank")).encode()
        assert trial.ingest() == Saved(changed=1)


def test_a_reply_to_what_is_not_there_waits_with_its_bytes() -> None:
    parsed = read(threaded(entry("s1", "It was good."), entry("r1", "Thanks.", to="s9")))

    (lost,) = parsed.faulty
    assert (lost.code, lost.external_id) == ("story_elsewhere", "r1")
    again = feed.parse(channel(), Fetched(payload=lost.payload, media_type=lost.media_type))
    assert [one.code for one in again.faulty] == ["story_elsewhere"]
    assert "s9" in lost.reason


def test_replies_in_a_circle_are_lost_and_no_more() -> None:
    parsed = read(
        threaded(
            entry("a", "One.", to="b"), entry("b", "Two.", to="a"), entry("c", "Self.", to="c")
        )
    )

    assert [one.external_id for one in parsed.faulty] == ["a", "b", "c"]


def test_who_is_no_responder_only_comments() -> None:
    parsed = read(
        threaded(
            entry("s1", "It was good."),
            entry("r1", "Thank you.", to="s1"),
            entry("r2", "Me too.", to="s1", author="another reader"),
        ),
        responders=("Ward 7",),
    )

    assert [r.external_id for r in parsed.drafts[0].responses] == ["r1"]
    assert [(s.code, s.external_id) for s in parsed.skipped] == [("comment", "r2")]


def test_in_a_feed_of_comments_each_is_a_story() -> None:
    parsed = read(threaded(entry("r1", "It was good.", to="elsewhere")), replies="tell")

    assert [draft.external_id for draft in parsed.drafts] == ["r1"]
    assert parsed.faulty == ()


@pytest.mark.parametrize("identity", ["link", "title"])
def test_a_feed_whose_ids_change_tells_no_story_twice(identity: str, tmp_path: Path) -> None:
    def told(guid: int) -> bytes:
        link = 1 if identity == "link" else guid
        return document(
            f"<entry><id>urn:rotating:{guid}</id><link href='https://f.example/p/{link}'/>"
            "<title>Kind</title><published>2026-03-01T12:00:00Z</published>"
            "<content>The nurse was kind.</content></entry>"
        )

    with shelf(tmp_path, feed=told(1)) as (trial, placed):
        trial.more = {"identity": identity}
        assert trial.ingest() == Saved(new=1)
        placed["/feed"] = told(2)
        saved = trial.ingest()
        assert (saved.new, saved.fetched) == (0, 1)
        trial.more = {}
        assert trial.ingest().new == 1


def test_what_has_no_link_or_title_is_known_by_what_it_has() -> None:
    bare = read(f"{ATOM}><entry><id>x</id><content>Kind.</content></entry></feed>", identity="link")
    assert [d.external_id for d in bare.drafts] == ["x"]
    untitled = read(
        f"{ATOM}><entry><id>x</id><content>Kind.</content></entry></feed>", identity="title"
    )
    assert [d.external_id for d in untitled.drafts] == ["x"]


def test_anybody_may_comment_on_a_post_and_not_whom_it_is_of_alone() -> None:
    told = threaded(entry("c1", "Is there a ramp?", to="p1", author="Robin"), entry("p1", "Come."))
    (draft,) = read(told, service="ods:RXX", kind="post", comments="closed").drafts
    (comment,) = draft.responses
    assert (comment.organisation, comment.organisation_name) == (None, "Robin")
    assert (draft.kind, draft.ext) == ("post", {"comments": "closed"})
    assert [service.organisation for service in draft.services] == ["ods:RXX"]


@pytest.mark.parametrize("ours", ["{}", "7", '"post"', '{"kind": ["post"], "comments": null}'])
def test_what_only_looks_like_our_own_extension_makes_no_post(ours: str) -> None:
    item = f'{{"id": "1", "_retold": {ours}}}'
    feed = f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{item}]}}'
    (draft,) = read(feed).drafts
    assert (draft.kind, draft.ext, draft.tags) == ("story", {}, ())
