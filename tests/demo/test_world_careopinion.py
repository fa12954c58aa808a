import csv
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from demo.world import careopinion, readership, stories
from demo.world.careopinion import CareOpinion
from demo.world.records import Story
from tests.patience import PATIENCE_S

SEED = 2012
SCALE = 0.1


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def told() -> tuple[Story, ...]:
    return stories.told(SEED, SCALE)


@pytest.fixture(scope="module")
def site(told: tuple[Story, ...]) -> Iterator[CareOpinion]:
    views = readership.own_site(told, SEED, SCALE)
    with CareOpinion(told, views, per_second=10_000) as running:
        yield running


@pytest.fixture
def fresh(told: tuple[Story, ...]) -> Iterator[CareOpinion]:
    """A site whose stories a test may change."""
    with CareOpinion(told, {}, per_second=10_000) as running:
        yield running


def ask(site: CareOpinion, path: str, **query: str) -> requests.Response:
    return requests.get(
        f"{site.address}{path}",
        params=query,
        headers={"Authorization": site.authorization},
        timeout=PATIENCE_S,
    )


def listed(site: CareOpinion, name: str = "opinions", **query: str) -> list[dict[str, Any]]:
    found = ask(site, f"/api/v2/{name}", **query).json()
    assert isinstance(found, list)
    return found


def target(links: list[dict[str, str]], rel: str) -> dict[str, str]:
    return next(link for link in links if rel in {link.get("rel"), link.get("relation")})


def test_paging_brings_every_story_once_the_oldest_first(
    site: CareOpinion, told: tuple[Story, ...]
) -> None:
    seen: list[dict[str, Any]] = []
    while page := listed(site, skip=str(len(seen)), take="70"):
        seen += page
    assert len({opinion["id"] for opinion in seen}) == len(seen) == len(told)
    dates = [opinion["dateOfPublication"] for opinion in seen]
    assert dates == sorted(dates)


def test_the_newest_come_first_when_asked(site: CareOpinion) -> None:
    dates = [o["dateOfPublication"] for o in listed(site, dateofpublicationorder="desc")]
    assert dates == sorted(dates, reverse=True)


def test_no_more_than_a_hundred_come_at_once(site: CareOpinion) -> None:
    assert len(listed(site, take="200")) == 100
    assert len(listed(site)) == 100
    assert listed(site, take="0") == []


@pytest.mark.parametrize("header", [None, "SUBSCRIPTION_KEY wrong", careopinion.KEY])
@pytest.mark.parametrize("path", ["/api/v2/opinions", "/reports/views-2012-05.csv"])
def test_a_bad_key_leads_to_a_login_page_that_answers_200(
    site: CareOpinion, header: str | None, path: str
) -> None:
    headers = {"Authorization": header} if header else {}
    url = f"{site.address}{path}"
    answer = requests.get(url, headers=headers, timeout=PATIENCE_S, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["location"].endswith("/account/login")
    page = requests.get(url, headers=headers, timeout=PATIENCE_S)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")


def test_too_many_requests_in_a_second_are_told_to_wait(told: tuple[Story, ...]) -> None:
    clock = Clock()
    with CareOpinion(told, {}, per_second=3, clock=clock) as site:
        statuses = [ask(site, "/api/v2/opinions", take="1").status_code for _ in range(5)]
        refused = ask(site, "/api/v2/opinions", take="1")
        clock.now += 1
        after = ask(site, "/api/v2/opinions", take="1")
    assert statuses == [200, 200, 200, 429, 429]
    assert refused.headers["retry-after"] == "1"
    assert after.status_code == 200


def test_a_story_is_told_in_four_documents(site: CareOpinion, told: tuple[Story, ...]) -> None:
    story = next(story for story in told if len(story.replies) > 1)
    here = f"/api/v2/opinions/{story.id}"
    opinion = ask(site, here).json()
    assert set(opinion) == {
        "id", "title", "body", "dateOfSubmission", "dateOfPublication", "criticality", "progress",
        "authorRole", "authorAgeGroup", "submissionRoute", "links",
    }  # fmt: skip
    assert (opinion["id"], opinion["body"]) == (story.id, story.body)
    assert opinion["dateOfPublication"] == f"{story.published:%Y-%m-%dT%H:%M:%SZ}"
    tags = ask(site, f"{here}/tags").json()
    assert [tag["name"] for tag in tags] == [tag.name for tag in story.tags]
    assert set(tags[0]) == {"name", "group", "polarity"}
    responses = ask(site, f"{here}/responses").json()
    assert [reply["body"] for reply in responses] == [reply.body for reply in story.replies]
    services = ask(site, f"{here}/healthservices").json()
    assert [service["nacs"] for service in services] == list(story.services)


def test_links_are_written_in_both_ways_that_others_have_met(site: CareOpinion) -> None:
    links = {o["id"]: o["links"] for o in listed(site)}
    for story_id, found in links.items():
        keys = {"rel", "id", "href"} if story_id % 2 == 0 else {"relation", "link", "id"}
        assert all(set(link) == keys for link in found)
        page = target(found, "alternate")
        assert page.get("href", page.get("link")) == f"https://www.careopinion.example/{story_id}"
    assert {story_id % 2 for story_id in links} == {0, 1}


def test_an_import_names_where_it_comes_from(site: CareOpinion, told: tuple[Story, ...]) -> None:
    story = next(story for story in told if story.origin is not None)
    opinion = ask(site, f"/api/v2/opinions/{story.id}").json()
    assert opinion["submissionRoute"] == "NHSChoices"
    assert story.origin is not None
    assert target(opinion["links"], "origin")["id"] == story.origin.reference
    own = next(story for story in told if story.origin is None)
    links = ask(site, f"/api/v2/opinions/{own.id}").json()["links"]
    assert not any("origin" in link.values() for link in links)


def test_a_filter_on_publication_leaves_out_what_is_not_after_it(site: CareOpinion) -> None:
    everything = listed(site)
    mark = everything[60]["dateOfPublication"]
    after = listed(site, publishedafter=mark)
    assert after[:39] == everything[61:]
    assert listed(site, publishedafter=mark.removesuffix("Z")) == after
    assert listed(site, publishedafter="2013-01-01") == []


def test_a_filter_on_a_trust_finds_its_sites_too(
    site: CareOpinion, told: tuple[Story, ...]
) -> None:
    found = {o["id"] for o in listed(site, nacs="ZP1")}
    assert found == {story.id for story in told if "ZP1" in story.services}
    trust = {o["id"] for o in listed(site, nacs="ZN1", take="100")}
    assert len(trust) == 100
    assert any(story.services[0] == "ZN101" for story in told if story.id in trust)


def test_new_responses_lead_to_their_stories(site: CareOpinion, told: tuple[Story, ...]) -> None:
    whole: list[dict[str, Any]] = []
    while page := listed(site, "responses", skip=str(len(whole))):
        whole += page
    assert len(whole) == sum(len(story.replies) for story in told)
    dates = [reply["dateOfSubmission"] for reply in whole]
    assert dates == sorted(dates)
    later = listed(site, "responses", submittedonafter=dates[30])
    assert later[0]["id"] == whole[31]["id"]
    answered = {story.id for story in told if story.replies}
    assert {int(target(reply["links"], "opinion")["id"]) for reply in whole} == answered
    assert {reply["changeInt"] for reply in whole} == {None, 0, 1, 2}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/opinions/1",
        "/api/v2/opinions/abc",
        "/api/v2/opinions/70001/ratings",
        "/api/v2/opinions?skip=many",
        "/api/v2/opinions?publishedafter=soon",
        "/api/v2/healthservices/RXX",
        "/api/v1/opinions",
        "/reports/views-2010-01.csv",
        "/reports/2012-05",
        "/",
    ],
)
def test_what_is_not_there_answers_404(site: CareOpinion, path: str) -> None:
    assert ask(site, path).status_code == 404


def test_a_service_says_which_trust_it_is_part_of(site: CareOpinion) -> None:
    ward = ask(site, "/api/v2/healthservices/ZN101").json()
    assert ward["organisation"] == "Northern Moor Acute Hospitals"
    assert target(ward["links"], "parent")["id"] == "ZN1"
    trust = ask(site, "/api/v2/healthservices/ZN1").json()
    assert trust["organisation"] == trust["name"]


def test_a_removed_story_is_gone_from_everywhere(
    fresh: CareOpinion, told: tuple[Story, ...]
) -> None:
    story = next(story for story in told if story.replies)
    fresh.remove(story.id)
    here = f"/api/v2/opinions/{story.id}"
    for path in (here, f"{here}/tags", f"{here}/responses", f"{here}/healthservices"):
        assert ask(fresh, path).status_code == 404
    assert story.id not in {
        o["id"] for skip in range(0, 400, 100) for o in listed(fresh, skip=str(skip))
    }
    with pytest.raises(KeyError):
        fresh.remove(story.id)
    with pytest.raises(KeyError):
        fresh.edit(story.id, title="Too late")


def test_an_edit_changes_the_text_and_no_date(fresh: CareOpinion, told: tuple[Story, ...]) -> None:
    story = told[5]
    fresh.edit(story.id, title="Another title")
    opinion = ask(fresh, f"/api/v2/opinions/{story.id}").json()
    assert (opinion["title"], opinion["body"]) == ("Another title", story.body)
    assert opinion["dateOfPublication"] == f"{story.published:%Y-%m-%dT%H:%M:%SZ}"


def test_no_document_says_how_often_a_story_was_read(site: CareOpinion) -> None:
    whole = ask(site, "/api/v2/opinions").text.lower()
    assert '"views"' not in whole
    assert '"reads"' not in whole


def test_the_months_view_report_is_complete_and_names_stories_by_their_address(
    site: CareOpinion, told: tuple[Story, ...]
) -> None:
    answer = ask(site, "/reports/views-2012-05.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content == site.view_report("2012-05")
    lines = answer.text.splitlines()
    head = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    assert head["svr"] == "1.0"
    assert head["period"] == "2012-05-01/2012-06-01"
    assert head["coverage"] == "complete"
    rows = list(csv.DictReader(line for line in lines if not line.startswith("# ")))
    assert {row["item"] for row in rows} <= {story.url for story in told}
    assert {(row["from"], row["to"]) for row in rows} == {("2012-05-01", "2012-06-01")}


def test_the_reports_of_all_months_hold_the_views_of_the_acute_trust(site: CareOpinion) -> None:
    assert site.views_total("ZN1") == 430_000
    assert site.months()[0] == "2012-01"
    december = site.view_report("2012-12").decode()
    assert "# period: 2012-12-01/2013-01-01\n" in december
    with pytest.raises(KeyError):
        site.view_report("2011-12")


def test_a_head_request_brings_no_body(site: CareOpinion) -> None:
    answer = requests.head(
        f"{site.api_url}/opinions",
        headers={"Authorization": site.authorization},
        timeout=PATIENCE_S,
    )
    assert int(answer.headers["content-length"]) > 1000
    assert answer.content == b""


def test_progress_tells_what_the_responses_promise(
    site: CareOpinion, told: tuple[Story, ...]
) -> None:
    made = {"No response yet", "Response", "No change planned", "Change planned", "Change made"}
    progress = {
        story.id: ask(site, f"/api/v2/opinions/{story.id}").json()["progress"] for story in told
    }
    assert set(progress.values()) == made
    assert all((progress[s.id] == "No response yet") is not bool(s.replies) for s in told)
