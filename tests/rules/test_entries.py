from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import entries
from schemas.feed import Origin, Subject
from tests import make

NAMES = {"ods:RXX": "Anytown Hospitals"}
times = st.none() | st.datetimes(timezones=st.just(UTC))


def _service(code: str, name: str | None = None, role: str | None = None) -> dict[str, Any]:
    return {"scheme": "ods", "code": code, "name": name, "role": role}


def test_an_entry_shows_what_the_story_tells() -> None:
    story = make.story(revision=7)
    entry = entries.entry(story, NAMES)
    assert (entry.id, entry.revision, entry.kind) == (story.id, 7, "story")
    assert (entry.title, entry.html, entry.text) == (story.title, story.body, story.body_text)
    assert (entry.language, entry.tags, entry.ratings) == ("en-GB", story.tags, story.ratings)
    assert entry.responses == story.responses
    assert entry.attribution == "First told on the Opinion Site"
    assert entry.attribution_url == "https://opinion.example/about"
    assert entry.licence == "CC BY-NC-SA 4.0"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        pytest.param(
            "https://opinion.example/s/1",
            Origin(publisher="opinion.example", url="https://opinion.example/s/1"),
            id="for all to see",
        ),
        pytest.param(None, None, id="out of sight"),
        pytest.param("survey.csv#7", None, id="no address on the web"),
    ],
)
def test_an_origin_is_named_where_all_can_see_it(url: str | None, origin: Origin | None) -> None:
    reference = {"publisher": "opinion.example", "external_id": "1", "url": url}
    assert entries.entry(make.story(origin=reference), {}).origin == origin


def test_an_organisation_bears_its_present_name_else_the_one_told_else_its_code() -> None:
    story = make.story(services=(_service("RXX", "Old"), _service("R1", "Told"), _service("R2")))
    assert entries.entry(story, NAMES).subjects == (
        Subject(id="ods:RXX", name="Anytown Hospitals"),
        Subject(id="ods:R1", name="Told"),
        Subject(id="ods:R2", name="R2"),
    )


def test_an_organisation_in_two_roles_is_named_once_where_it_stood_first() -> None:
    story = make.story(
        services=(_service("B", "Trust", "provider"), _service("A"), _service("B", "Ward", "site"))
    )
    assert [s.name for s in entries.entry(story, {}).subjects] == ["Trust", "A"]


@pytest.mark.parametrize(
    ("author", "shown"),
    [
        pytest.param({"display_name": " Ash ", "role": "patient"}, "Ash", id="a name"),
        pytest.param({"display_name": "  ", "role": "relative"}, "A relative", id="a known role"),
        pytest.param({"role": "staff"}, "A member of staff", id="staff"),
        pytest.param({"role": "service_user"}, "Service user", id="a channel's own role"),
        pytest.param({}, "Anonymous", id="nothing"),
    ],
)
def test_an_author_is_never_nobody(author: dict[str, str], shown: str) -> None:
    assert entries.entry(make.story(author=author), {}).author == shown


def test_only_published_responses_are_shown() -> None:
    held = make.response(id="r2", status="held", published_at="2030-01-01T00:00:00Z")
    entry = entries.entry(make.story(responses=(make.response(), held)), {})
    assert [response.id for response in entry.responses] == ["r1"]
    assert entry.updated_at.year == 2026


@pytest.mark.parametrize(
    ("organisation", "told", "shown"),
    [
        pytest.param("ods:RXX", "Ward 7", "Ward 7", id="as it signed"),
        pytest.param("ods:RXX", None, "Anytown Hospitals", id="by its present name"),
        pytest.param("ods:R1", None, None, id="unknown"),
        pytest.param(None, None, None, id="untold"),
    ],
)
def test_a_response_names_who_answered(
    organisation: str | None, told: str | None, shown: str | None
) -> None:
    response = make.response(organisation=organisation, organisation_name=told)
    entry = entries.entry(make.story(responses=(response,)), NAMES)
    assert entry.responses[0].organisation_name == shown


@pytest.mark.parametrize(
    ("origin", "url", "shown"),
    [
        ("https://first.example/1", "https://second.example/2", "https://first.example/1"),
        (None, "HTTP://second.example/2", "HTTP://second.example/2"),
        ("/1", "https://second.example/2", "https://second.example/2"),
        ("javascript:alert(1)", "data:text/html,x", None),
        (None, None, None),
    ],
)
def test_the_link_back_is_absolute_and_leads_to_the_origin_first(
    origin: str | None, url: str | None, shown: str | None
) -> None:
    reference = {"publisher": "first.example", "external_id": "1", "url": origin}
    assert entries.entry(make.story(origin=reference, url=url), {}).url == shown


def test_an_attribution_that_is_no_address_is_no_link() -> None:
    rights = make.RIGHTS | {"attribution_url": "javascript:alert(1)"}
    assert entries.entry(make.story(rights=rights), {}).attribution_url is None


@given(published=times, updated=times, submitted=times, answered=times, amended=times)
def test_an_entry_is_dated_by_the_best_that_is_known(
    published: datetime | None,
    updated: datetime | None,
    submitted: datetime | None,
    answered: datetime | None,
    amended: datetime | None,
) -> None:
    response = make.response(published_at=answered, updated_at=amended)
    story = make.story(
        published_at=published, updated_at=updated, submitted_at=submitted, responses=(response,)
    )
    entry = entries.entry(story, {})
    known = (published, updated, submitted, entries.UNDATED)
    assert entry.published_at == next(moment for moment in known if moment)
    later = [m for m in (entry.published_at, updated, answered, amended) if m]
    assert entry.updated_at == max(later)


def test_a_fragment_is_stale_when_a_name_it_shows_changes_and_not_before() -> None:
    story = make.story(
        services=(_service("RXX"),),
        responses=(make.response(organisation="ods:R1", organisation_name=None),),
    )
    known = {"ods:RXX": "One", "ods:R1": "Two", "ods:R9": "Nine"}
    digest = entries.names_digest(story, known)
    assert digest == entries.names_digest(story, known | {"ods:R9": "Another"})
    assert digest != entries.names_digest(story, known | {"ods:RXX": "Another"})
    assert digest != entries.names_digest(story, known | {"ods:R1": "Another"})


def test_a_fragment_is_stale_under_another_format_or_renderer() -> None:
    story = make.story()
    digest = entries.fragment_digest(story, NAMES, "atom", "1")
    assert digest == entries.fragment_digest(story, NAMES, "atom", "1")
    others = {
        entries.fragment_digest(story, NAMES, "rss", "1"),
        entries.fragment_digest(story, NAMES, "atom", "2"),
        entries.fragment_digest(story, {"ods:RXX": "Another"}, "atom", "1"),
    }
    assert len(others | {digest}) == 4


def test_names_that_run_into_one_another_are_told_apart() -> None:
    one = make.story(services=(_service("A", "B"), _service("C", "D")), responses=())
    other = make.story(services=(_service("A", 'B"],["ods:C","D'),), responses=())
    assert entries.names_digest(one, {}) != entries.names_digest(other, {})


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        pytest.param({}, "Anytown University NHS Trust", id="its name as it is known"),
        pytest.param({"services": ()}, "Ash", id="who it was told by"),
        pytest.param(
            {"services": (), "author": {"display_name": " "}}, "opinion.example", id="the publisher"
        ),
    ],
)
def test_the_author_of_a_post_is_the_organisation_and_not_whoever_typed_it(
    told: dict[str, Any], shown: str
) -> None:
    post = make.story(kind="post", **told)
    found = entries.entry(post, {"ods:RXX": "Anytown University NHS Trust"})
    assert (found.kind, found.author) == ("post", shown)


def test_an_entry_says_when_its_story_expires() -> None:
    told = make.story(expires_at=make.NOON)
    assert entries.entry(told, {}).expires_at == make.NOON
    assert entries.entry(make.story(), {}).expires_at is None


def test_an_entry_says_of_a_post_alone_whether_it_may_be_commented_on() -> None:
    ext = {"comments": "Closed "}
    assert entries.entry(make.story(kind="post", ext=ext), {}).comments == "closed"
    assert entries.entry(make.story(kind="post"), {}).comments is None
    assert entries.entry(make.story(ext=ext), {}).comments is None
