"""A feed is subscribed at its hub: by the fourteen cases of https://websub.rocks/subscriber."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from kit.far import Ask, Reply
from schemas.channel import Saved
from schemas.errors import RefusedError, UnknownError, UnreachableError
from schemas.run import Outcome
from schemas.subscription import Standing
from steps import quarantine, runs, stories, subscribe
from steps.subscribe import Done
from tests.web import hub
from tests.web.hub import CHALLENGE, Scene, atom, path_of, rss
from tests.web.rig import PUBLIC_URL, Rig
from web import websub

UNCHANGED = Saved(unchanged=2)


@pytest.fixture
def scene(rig: Rig, tmp_path: Path) -> Iterator[Scene]:
    with hub.scene(rig, tmp_path) as scene:
        yield scene


def told(scene: Scene) -> int:
    return len(stories.every(scene.rig.engine))


# Discovery: 100 to 104.


def test_100_the_hub_is_found_in_the_headers(scene: Scene) -> None:
    link = f'<{scene.url("/topic")}>; rel="self", <{scene.url("/hub")}>; rel=hub'
    scene.tell("one", links="", headers={"Link": link})
    scene.poll()
    assert scene.subscribe() == Done(asked=1)
    (asked,) = scene.requests
    assert (asked.path, asked.mode, asked.topic) == ("/hub", "subscribe", scene.url("/topic"))
    assert asked.callback.startswith(f"{PUBLIC_URL}/hooks/websub/forum/")
    assert len(path_of(asked)) > 50
    assert 40 < len(asked.secret) < 200


def test_101_the_hub_is_found_in_the_head_of_a_web_page(scene: Scene) -> None:
    page = (
        f"<!doctype html><html><head><link rel='hub' href='/hub'><link rel=self href='/page'>"
        f"</head><body><link rel=hub href='/false'>{'x' * 50}</body></html>"
    )
    scene.pages["/feed"] = lambda _: Reply(page.encode(), "text/html")
    scene.subscribe()
    assert [(r.path, r.topic) for r in scene.requests] == [("/hub", scene.url("/page"))]


def test_102_the_hub_is_found_in_an_atom_feed(scene: Scene) -> None:
    scene.tell("one")
    scene.poll()
    scene.subscribe()
    assert [(r.path, r.topic) for r in scene.requests] == [("/hub", scene.url("/feed"))]


def test_103_the_hub_is_found_in_an_rss_feed(scene: Scene) -> None:
    body = rss("one", links={"hub": scene.url("/hub"), "self": scene.url("/topic")})
    scene.pages["/feed"] = lambda _: Reply(body, "application/rss+xml")
    scene.poll()
    scene.subscribe()
    assert [(r.path, r.topic) for r in scene.requests] == [("/hub", scene.url("/topic"))]


def test_the_hub_is_found_in_a_json_feed(scene: Scene) -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "feed_url": scene.url("/topic"),
        "hubs": [
            {"type": "rssCloud", "url": scene.url("/cloud")},
            {"type": "WebSub", "url": scene.url("/hub")},
        ],
        "items": [{"id": "1", "content_text": "All was well."}],
    }
    scene.pages["/feed"] = lambda _: Reply(orjson.dumps(feed), "application/feed+json")
    scene.poll()
    scene.subscribe()
    assert [(r.path, r.topic) for r in scene.requests] == [("/hub", scene.url("/topic"))]


def test_104_what_the_headers_say_goes_before_what_the_document_says(scene: Scene) -> None:
    link = f'<{scene.url("/hub")}>; rel="hub", <{scene.url("/topic")}>; title="a, b"; rel="self"'
    scene.tell("one", links=scene.links(hub="/other", topic="/other"), headers={"Link": link})
    scene.poll()
    scene.subscribe()
    assert [(r.path, r.topic) for r in scene.requests] == [("/hub", scene.url("/topic"))]


def test_a_feed_without_a_hub_is_only_polled(scene: Scene) -> None:
    scene.tell("one", links="")
    scene.poll()
    assert scene.subscribe() == Done(without_hub=1)
    assert not scene.requests


def test_of_several_hubs_the_first_is_asked(scene: Scene) -> None:
    scene.tell("one", links=scene.links() + scene.links(hub="/second", topic="/other"))
    scene.poll()
    scene.subscribe()
    assert [(r.path, r.topic) for r in scene.requests] == [("/hub", scene.url("/feed"))]


def test_links_of_an_entry_name_no_hub(scene: Scene) -> None:
    entry = f'<entry><id>1</id><link rel="hub" href="{scene.url("/hub")}"/></entry>'
    body = f'<feed xmlns="http://www.w3.org/2005/Atom">{entry}</feed>'.encode()
    scene.pages["/feed"] = lambda _: Reply(body, "application/atom+xml")
    assert scene.subscribe() == Done(without_hub=1)


# Subscribing: 200 to 205.


def test_200_a_feed_that_calls_itself_otherwise_is_subscribed_by_that_name(scene: Scene) -> None:
    scene.tell("one", links=scene.links(topic="/canonical"))
    scene.poll()
    scene.subscribe()
    assert scene.requests[0].topic == scene.url("/canonical")
    assert scene.verify(topic=scene.url("/feed")).status == 404
    assert scene.verify().status == 200


@pytest.mark.parametrize("status", [302, 301], ids=["201_for_now", "202_for_good"])
def test_the_topic_is_what_a_redirected_feed_says(scene: Scene, status: int) -> None:
    scene.tell("one", links=scene.links(topic="/moved"))
    scene.pages["/moved"] = scene.pages["/feed"]
    scene.pages["/feed"] = lambda _: Reply(status=status, headers={"Location": "/moved"})
    scene.poll()
    scene.subscribe()
    assert scene.requests[0].topic == scene.url("/moved")
    assert scene.verify().status == 200


@pytest.mark.parametrize("status", [307, 308], ids=["203_for_now", "204_for_good"])
def test_a_hub_that_moved_is_asked_where_it_stands(scene: Scene, status: int) -> None:
    def moved(ask: Ask) -> Reply:
        there = ask.path == "/hub/new"
        return (
            Reply(status=202) if there else Reply(status=status, headers={"Location": "/hub/new"})
        )

    scene.hub = moved
    scene.tell("one")
    scene.poll()
    assert scene.subscribe().asked == 1
    first, second = scene.requests
    assert (first.path, second.path) == ("/hub", "/hub/new")
    assert second.callback == first.callback
    assert second.secret == first.secret
    assert scene.verify().status == 200


@pytest.mark.parametrize("location", ["/hub", "", "ftp://elsewhere.example/"])
def test_a_hub_that_leads_nowhere_is_left(scene: Scene, location: str) -> None:
    scene.hub = lambda _: Reply(status=307, headers={"Location": location} if location else {})
    scene.tell("one")
    scene.poll()
    with pytest.raises(RefusedError, match="its hub redirects"):
        scene.subscribe()
    assert len(scene.requests) < 10
    assert not scene.standing()


def test_205_only_what_we_asked_for_is_confirmed(scene: Scene) -> None:
    scene.tell("one")
    scene.poll()
    scene.subscribe()
    (asked,) = scene.requests
    wrong = [
        scene.verify(topic=scene.url("/other")),
        scene.verify(mode="unsubscribe"),
        scene.verify(mode="publish"),
        scene.verify(challenge=""),
        scene.verify(replace(asked, callback=asked.callback + "x")),
        scene.verify(replace(asked, callback=asked.callback.replace("forum", "other"))),
    ]
    assert {one.status for one in wrong} == {404}
    assert all(CHALLENGE.encode() not in one.body for one in wrong)
    assert scene.state() == ["asked"]


def test_the_challenge_is_said_again_in_plain_text(scene: Scene) -> None:
    scene.tell("one")
    scene.poll()
    scene.subscribe()
    reply = scene.verify(challenge="<script>é</script>", lease_seconds="3000")
    assert (reply.status, reply.body.decode()) == (200, "<script>é</script>")
    assert reply["content-type"].startswith("text/plain")
    assert reply["x-content-type-options"] == "nosniff"
    (one,) = scene.standing()
    assert one.state is Standing.ACTIVE
    assert one.lease_ends_at == scene.rig.now + timedelta(seconds=3000)
    assert one.renew_at == scene.rig.now + timedelta(seconds=2000)


@pytest.mark.parametrize(
    ("told", "days"), [("", 10), ("0", 10), ("soon", 10), ("99999999999999", 90), ("86400", 1)]
)
def test_a_lease_is_bounded(scene: Scene, told: str, days: int) -> None:
    scene.tell("one")
    scene.poll()
    scene.subscribe()
    scene.verify(lease_seconds=told)
    assert scene.standing()[0].lease_ends_at == scene.rig.now + timedelta(days=days)


def test_a_hub_that_asks_back_before_it_answers_is_told_yes(scene: Scene) -> None:
    def eager(_: Ask) -> Reply:
        verdicts.append(subscribe_now().status)
        return Reply(status=202)

    def subscribe_now() -> Reply:
        request = scene.requests[-1]
        asked = subscribe.Asked("subscribe", request.topic, "600")
        path = path_of(request).rpartition("/")[2]
        found = subscribe.verify(scene.rig.engine, "forum", path, asked, scene.rig.now)
        return Reply(status=200 if found else 404)

    verdicts: list[int] = []
    scene.hub = eager
    scene.tell("one")
    scene.poll()
    assert scene.subscribe() == Done(asked=1, active=1)
    assert verdicts == [200]


# Distribution: 300 to 302.


@pytest.mark.parametrize("way", ["sha1", "sha256", "sha384", "sha512"])
def test_300_what_a_hub_sends_is_taken_in_and_the_poll_after_it_finds_it(
    scene: Scene, way: str
) -> None:
    scene.active()
    body = scene.tell("one", "two")
    reply = scene.push(body, way=way)
    assert 200 <= reply.status < 300
    assert told(scene) == 2
    assert scene.poll() == UNCHANGED
    assert scene.standing()[0].deliveries == 1


def test_a_push_that_is_repeated_is_taken_in_once(scene: Scene) -> None:
    scene.active()
    body = scene.tell("one", "two")
    assert [scene.push(body).status for _ in range(2)] == [202, 202]
    assert scene.standing()[0].deliveries == 1


@pytest.mark.parametrize(
    "signature",
    ["sha256=" + "0" * 64, "sha256=", "md5=" + "0" * 32, "sha256", "sha1=é"],
    ids=["301_wrong", "empty", "weak", "bare", "foreign"],
)
def test_what_is_wrongly_signed_is_passed_over_and_counted(scene: Scene, signature: str) -> None:
    scene.active()
    good = scene.push(scene.tell("one", "two"))
    reply = scene.push(scene.tell("one", "two", "three"), x_hub_signature=signature)
    assert (reply.status, reply.headers, reply.body) == (good.status, good.headers, good.body)
    assert told(scene) == 2
    assert scene.standing()[0].ignored == 1


def test_302_what_is_not_signed_is_passed_over_and_counted(scene: Scene) -> None:
    scene.active()
    assert 200 <= scene.push(scene.tell("one", "two"), x_hub_signature="").status < 300
    assert told(scene) == 1
    assert scene.standing()[0].ignored == 1


def test_what_cannot_be_understood_waits_whole(scene: Scene) -> None:
    scene.active()
    assert scene.push(b"<html><body>Sorry!</body></html>").status == 202
    assert [one.code for one in quarantine.listing(scene.rig.engine)] == ["garbled"]


def test_to_an_address_that_nobody_listens_at_nothing_is_sent_again(scene: Scene) -> None:
    request = scene.active()
    body = scene.tell("one", "two")
    strange = path_of(request) + "x"
    assert scene.rig.ask(strange, method="POST", body=body).status == 410
    scene.websub = False
    scene.configure()
    assert scene.push(body).status == 410
    assert told(scene) == 1


def test_an_address_takes_no_other_method_and_no_more_than_a_feed(scene: Scene) -> None:
    request = scene.active()
    assert scene.rig.ask(path_of(request), method="PUT").status == 405
    long = [b" " * (websub.LONGEST_BYTES // 2 + 1)] * 2
    assert scene.rig.ask(path_of(request), method="POST", body=long).status == 413


def test_before_the_hub_has_asked_back_nothing_is_taken(scene: Scene) -> None:
    scene.tell("one")
    scene.poll()
    scene.subscribe()
    assert scene.push(scene.tell("one", "two")).status == 410


# Renewal, change and end.


def test_what_stands_is_let_alone_until_two_thirds_of_its_lease(scene: Scene) -> None:
    scene.active()
    assert scene.subscribe() == Done(active=1)
    scene.wait(days=6)
    assert scene.subscribe() == Done(active=1)
    scene.wait(hours=20)
    assert scene.subscribe() == Done(asked=1, active=1)
    assert len(scene.requests) == 2


def test_a_renewal_leaves_the_old_secret_and_address_good_until_it_is_verified(
    scene: Scene,
) -> None:
    old = scene.active()
    scene.wait(days=7)
    scene.subscribe()
    new = scene.requests[-1]
    assert new.callback != old.callback
    assert new.secret != old.secret
    assert scene.state() == ["active", "asked"]
    scene.push(scene.tell("one", "two"), old)
    assert told(scene) == 2

    assert scene.verify(new).status == 200
    assert scene.state() == ["active", "ending"]
    scene.push(scene.tell("one", "two", "three"), old)
    scene.push(scene.tell("one", "two", "three", "four"), new)
    assert told(scene) == 4

    assert scene.subscribe() == Done(ended=1, active=1)
    ending = scene.requests[-1]
    assert (ending.mode, ending.callback, ending.secret) == ("unsubscribe", old.callback, "")
    assert scene.verify(ending).body == CHALLENGE.encode()
    assert scene.push(scene.tell("five"), old).status == 410
    (one,) = scene.standing()
    assert one.deliveries == 2, "the count of the one before goes on"


def test_a_renewal_that_nobody_verifies_ends_nothing(scene: Scene) -> None:
    old = scene.active()
    scene.wait(days=7)
    scene.subscribe()
    scene.wait(hours=2)
    assert scene.subscribe() == Done(asked=1, active=1, unanswered=1)
    scene.push(scene.tell("one", "two"), old)
    assert told(scene) == 2


def test_a_feed_that_names_another_hub_is_subscribed_there_and_ended_here(scene: Scene) -> None:
    old = scene.active()
    scene.tell("one", links=scene.links(hub="/newhub", topic="/newtopic"))
    scene.poll()
    assert scene.subscribe().asked == 1
    new = scene.requests[-1]
    assert (new.path, new.topic) == ("/newhub", scene.url("/newtopic"))
    scene.verify(new)
    scene.subscribe()
    assert (scene.requests[-1].path, scene.requests[-1].mode) == ("/hub", "unsubscribe")
    assert scene.requests[-1].topic == old.topic


def test_a_hub_that_only_the_headers_name_anew_is_found_at_the_renewal(scene: Scene) -> None:
    scene.active()
    scene.tell("one", headers={"Link": f'<{scene.url("/newhub")}>; rel="hub"'})
    assert scene.poll() == Saved()
    scene.wait(days=7)
    scene.subscribe()
    assert scene.requests[-1].path == "/newhub"


def test_with_the_option_off_the_hub_is_asked_to_end_it(scene: Scene) -> None:
    request = scene.active()
    scene.websub = False
    assert scene.subscribe() == Done(ended=1)
    assert scene.requests[-1].mode == "unsubscribe"
    assert scene.subscribe() == Done(), "it is not asked again at once"
    assert scene.verify(topic="wrong").status == 404
    assert scene.verify(request).status == 404
    assert scene.verify().status == 200
    assert not scene.standing()


def test_a_channel_that_is_gone_is_ended_too(scene: Scene) -> None:
    scene.active()
    gone = scene.rig.config.model_copy(update={"channels": ()})
    with scene.house(gone) as house:
        assert subscribe.subjects(house.engine, gone) == ["forum"]
        assert subscribe.recorded(house, "forum") == Done(ended=1)
    assert scene.verify().status == 200
    assert subscribe.subjects(scene.rig.engine, gone) == []


def test_a_channel_that_wants_no_pushes_says_so(scene: Scene) -> None:
    scene.websub = False
    scene.configure()
    with pytest.raises(UnknownError, match="forum wants no pushes"):
        subscribe.subjects(scene.rig.engine, scene.rig.config, ["forum"])
    with pytest.raises(UnknownError, match="no channel is called other"):
        subscribe.subjects(scene.rig.engine, scene.rig.config, ["other"])


def test_a_hub_that_says_no_is_believed_for_a_day(scene: Scene) -> None:
    scene.tell("one")
    scene.poll()
    scene.subscribe()
    denied = scene.verify(mode="denied", reason="not for\nyou", challenge="")
    assert (denied.status, denied.body) == (200, b"")
    assert [(one.state, one.reason) for one in scene.standing()] == [("denied", "not foryou")]
    assert scene.verify().status == 404
    assert scene.subscribe() == Done(denied=1)
    scene.wait(hours=23)
    assert scene.subscribe() == Done(denied=1)
    scene.wait(hours=1)
    assert scene.subscribe().asked == 1


# Hubs that die.


@pytest.mark.parametrize(
    ("status", "error"), [(403, RefusedError), (503, UnreachableError)], ids=["4xx", "5xx"]
)
def test_a_hub_that_refuses_fails_the_run_and_the_poll_goes_on(
    scene: Scene, status: int, error: type[Exception]
) -> None:
    scene.hub = lambda _: Reply(b"", status=status)
    scene.tell("one")
    scene.poll()
    with pytest.raises(error, match="/hub"):
        scene.subscribe()
    assert not scene.standing()
    failed = next(run for run in runs.latest(scene.rig.engine) if run.step == "subscribe")
    assert failed.outcome is Outcome.FAILED
    scene.tell("one", "two")
    assert scene.poll() == Saved(new=1, unchanged=1)


def test_a_dead_hub_is_missed_and_asked_again_and_the_poll_goes_on(scene: Scene) -> None:
    scene.active()
    scene.wait(minutes=15)
    scene.poll()
    scene.subscribe()
    scene.tell("one", "two")
    scene.wait(minutes=15)
    assert scene.poll().new == 1
    assert scene.subscribe() == Done(active=1), "a push may come a little later"
    scene.wait(minutes=11)
    assert scene.subscribe() == Done(asked=1, active=1, missed=1)
    assert max(one.misses for one in scene.standing()) == 1
    assert scene.subscribe().missed == 0, "it is counted once"


def test_a_push_a_little_later_than_the_poll_was_not_missed(scene: Scene) -> None:
    scene.active()
    scene.wait(minutes=15)
    scene.poll()
    body = scene.tell("one", "two")
    scene.wait(minutes=15)
    assert scene.poll().new == 1
    scene.wait(minutes=2)
    scene.push(body)
    scene.wait(minutes=11)
    assert scene.subscribe() == Done(active=1)


def test_what_was_told_before_the_subscription_was_not_missed(scene: Scene) -> None:
    scene.active()
    scene.tell("one", "two")
    scene.wait(minutes=15)
    assert scene.poll().new == 1
    scene.wait(minutes=15)
    assert scene.subscribe() == Done(active=1)


def test_a_push_puts_no_poll_off(scene: Scene) -> None:
    from steps import schedule  # noqa: PLC0415 -- only here

    scene.active()
    scene.wait(hours=2)
    scene.push(scene.tell("one", "two"))
    assert schedule.due(scene.rig.engine, scene.rig.config, scene.rig.now) == ["forum"]


def test_a_subscription_that_lapsed_is_asked_for_anew(scene: Scene) -> None:
    scene.active()
    scene.wait(days=11)
    assert scene.subscribe() == Done(asked=1, ended=1)


def test_a_hub_that_cannot_be_told_the_end_is_let_go_with_its_lease(scene: Scene) -> None:
    scene.active()
    scene.websub = False
    scene.hub = lambda _: Reply(b"", status=503)
    assert scene.subscribe() == Done()
    scene.wait(hours=2)
    assert scene.subscribe() == Done()
    assert len(scene.requests) == 3
    scene.wait(days=11)
    assert scene.subscribe() == Done(ended=1)
    assert not scene.standing()


def test_no_secret_shows(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scene.hub = lambda _: Reply(b"", status=403)
    scene.tell("one")
    scene.poll()
    with pytest.raises(RefusedError) as refused:
        scene.subscribe()
    scene.hub = lambda _: Reply(b"", status=202)
    scene.subscribe()
    scene.push(atom("one"), x_hub_signature="")
    shown = f"{refused.value} {caplog.text} {scene.standing()!r} {runs.latest(scene.rig.engine)}"
    for request in scene.requests:
        for hidden in (request.secret, path_of(request).rpartition("/")[2]):
            assert hidden not in shown
    assert "secret" not in scene.standing()[0].model_dump()
