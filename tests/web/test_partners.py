"""A partner's own page: what it says after things happened, what its forms do, and its outline."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import event

from rules import webhooks as webhook_rules
from schemas.config import ReportPull
from schemas.organisation import Organisation, Population
from schemas.partner import Agreement, Edition, Partner, Scope, Webhook
from schemas.push import Intent, Mode
from steps import collect, reconcile, removals, tokens
from steps.partner import look
from store import ledger, subscribers, webhooks
from store.database import Engine, reading, writing
from store.hits import open_hits
from store.webhooks import Claimed
from tests.reports import svr
from tests.tell import tell, telling
from tests.web import own_page
from tests.web.own_page import (
    FORM,
    OUTLINE,
    PAGE,
    figures,
    loose,
    post,
    read,
    remove,
    rows,
    said,
    urn,
)
from tests.web.published import Published
from tests.web.rig import PUBLIC_URL
from web import pages as edition_pages

HOSTILE = '<img src=x onerror=alert(1)>"&'


@pytest.fixture
def rig(sqlite_engine: Engine) -> Iterator[Published]:
    """Give an installation that shows three stories."""
    yield from own_page.opened(sqlite_engine)


@pytest.fixture
def both(engine: Engine) -> Iterator[Published]:
    """Give one on each engine, for what statements of the page's own read."""
    yield from own_page.opened(engine)


def test_the_page_lists_the_editions_with_their_feeds_and_where_they_stand(both: Published) -> None:
    page = read(both.ask(PAGE, both.issue("nhs")))
    assert page.findtext(".//h1") == "The Health Site"
    assert figures(page)["stories shown, in 2 editions"] == "3"
    everything, new = page.xpath("//section[@aria-labelledby='editions']/ul/li")
    assert everything.xpath("h3/a/@href") == [f"{PUBLIC_URL}/feeds/nhs/all"]
    assert everything.xpath(".//dd/a/@href") == [
        f"{PUBLIC_URL}/feeds/nhs/all.{ending}" for ending in ("atom", "json", "rss")
    ]
    words = said(everything)
    assert "Everything <told> & heard" in words
    assert "Stories of every kind, about everybody" in words
    assert "3 stories shown, 0 removed" in words
    assert "last change 2 March 2026, 09:00 UTC" in words
    assert "Not published yet" in said(new)


def test_the_page_names_every_feed_and_the_outline_for_readers_to_find(rig: Published) -> None:
    page = read(rig.ask(PAGE, rig.issue("nhs")))
    found = {
        link.get("href"): (link.get("type"), link.get("title"))
        for link in page.findall(".//link[@rel='alternate']")
    }
    feed = f"{PUBLIC_URL}/feeds/nhs/all"
    assert found[f"{feed}.atom"] == ("application/atom+xml", "Everything <told> & heard (Atom)")
    assert found[f"{feed}.rss"][0] == "application/rss+xml"
    assert found[PUBLIC_URL + OUTLINE][0] == "text/x-opml"
    assert len(found) == 1 + 2 * 3
    assert page.xpath("//link[@rel='outline']/@href") == [PUBLIC_URL + OUTLINE]


def test_the_page_says_what_is_agreed_and_until_when(rig: Published) -> None:
    scope = Scope(
        organisations=("ods:RXX", "ods:R9"),
        with_predecessors=True,
        regions=("north",),
        kinds=("story",),
        tags=("staff", "food"),
        languages=("cy",),
    )
    terms = (
        Agreement(
            id="now",
            partner="nhs",
            scope=scope,
            valid_from=date(2026, 1, 1),
            valid_to=date(2026, 12, 31),
            embargo_days=1,
            retention_days=730,
            refresh_hours=24,
            attribution=HOSTILE,
        ),
        Agreement(id="past", partner="nhs", valid_to=date(2026, 3, 1)),
        Agreement(id="future", partner="nhs", valid_from=date(2026, 3, 3)),
    )
    organisations = (Organisation(id="ods:RXX", name="Anytown Trust"),)
    update = {"agreements": terms, "organisations": organisations}
    rig.config = rig.config.model_copy(update=update)
    page = read(rig.ask(PAGE, rig.issue("nhs")))
    section = page.xpath("//section[@aria-labelledby='agreements']")[0]
    heads = ["now in force", "past ended", "future to come"]
    assert [said(one) for one in section.findall("h3")] == heads
    now, past, future = map(said, section.findall("dl"))
    assert "about Anytown Trust, ods:R9 with all below, and what came before them" in now
    assert "in the region of north; of the kind story; tagged staff or food" in now
    assert "in the language cy" in now
    assert "Validfrom 1 January 2026 to 31 December 2026" in now
    assert "from 1 day after publication to 730 days after it" in now
    assert "Fetchedat least every 24 hours, by each client" in now
    assert f"Attribution{HOSTILE}" in now
    assert "Validto 1 March 2026 Shownfrom publication" in past
    assert "from 3 March 2026 without end" in future


def test_the_page_names_whatever_a_scope_narrows(rig: Published) -> None:
    scope = Scope(
        populations=("north", "coast"),
        age_bands=("35-44",),
        rating_from=1,
        rating_to=2.5,
        newest_days=90,
    )
    terms = (
        Agreement(id="all", partner="nhs", scope=scope),
        Agreement(id="poor", partner="nhs", scope=Scope(rating_to=2)),
    )
    populations = (Population(id="north", name="People of the North"),)
    update = {"agreements": terms, "populations": populations}
    rig.config = rig.config.model_copy(update=update)
    page = read(rig.ask(PAGE, rig.issue("nhs")))
    narrow, poor = page.xpath("//section[@aria-labelledby='agreements']/dl")
    assert (
        "Stories about those in People of the North or coast; told by someone aged 35-44;"
        " rated from 1 up to 2.5 stars overall; up to 90 days after publication"
    ) in said(narrow)
    assert "Stories rated up to 2 stars overall" in said(poor)


@pytest.mark.parametrize("field", sorted(Scope.model_fields))
def test_no_scope_that_narrows_is_called_open(rig: Published, field: str) -> None:
    narrowing = {"with_predecessors": True, "rating_from": 2, "rating_to": 4, "newest_days": 9}
    told = {"organisations": ("ods:RXX",)} if field == "with_predecessors" else {}
    scope = Scope.model_validate(told | {field: narrowing.get(field, ("story",))})
    terms = (Agreement(id="all", partner="nhs", scope=scope),)
    rig.config = rig.config.model_copy(update={"agreements": terms})
    page = read(rig.ask(PAGE, rig.issue("nhs")))
    [agreed] = page.xpath("//section[@aria-labelledby='agreements']/dl")
    assert "of every kind, about everybody" not in said(agreed)


def test_a_partner_without_agreement_or_edition_is_told_so(rig: Published) -> None:
    rig.config = rig.config.model_copy(update={"agreements": (), "editions": ()})
    words = said(read(rig.ask(PAGE, rig.issue("nhs"))))
    assert "There are none yet." in words
    assert "Nothing is agreed yet" in words
    assert "Nothing was fetched or pushed yet." in words


def test_the_page_lists_its_own_tokens_the_live_ones_first(both: Published) -> None:
    asking, ending = both.issue("nhs"), both.issue("nhs", days=30)
    report, gone = both.issue("nhs", "report"), both.issue("nhs")
    expired, other = both.issue("nhs", days=-1), both.issue("bbc")
    tokens.revoke(both.engine, gone[8:16], both.now)
    both.now += timedelta(seconds=2)
    both.ask("/feeds/nhs/all.atom", ending)
    page = read(both.ask(PAGE, asking))
    found = {line[0].partition(" ")[0]: line for line in rows(page, "tokens")}
    assert set(found) == {t.split("_")[2] for t in (asking, ending, report, gone, expired)}
    assert found[asking[8:16]][0].endswith("this one")
    assert found[ending[8:16]][3:] == ["2 March 2026, 09:00 UTC", "1 April 2026, 09:00 UTC"]
    assert found[report[10:18]][1] == "reports"
    assert found[asking[8:16]][4] == "never"
    assert found[gone[8:16]][3:] == ["never", "revoked 2 March 2026"]
    assert found[expired[8:16]][4] == "expired 1 March 2026, 09:00 UTC"
    assert other[8:16] not in said(page)
    past = page.xpath("//tr[@class='past']/th/code/text()")
    assert past == [line[0] for line in rows(page, "tokens")[3:]]
    assert set(past) == {gone[8:16], expired[8:16]}


def test_of_tokens_that_ended_only_the_latest_are_listed(rig: Published) -> None:
    for _ in range(7):
        rig.issue("nhs", days=-1)
    page = read(rig.ask(PAGE, rig.issue("nhs")))
    assert len(rows(page, "tokens")) == 1 + 5
    assert "2 more ended before." in said(page)


def test_the_page_says_what_each_client_was_last_given_and_how_far_behind_it_is(
    both: Published,
) -> None:
    first, second, gone = both.issue("nhs"), both.issue("nhs"), both.issue("nhs")
    for token in (first, second, gone):
        both.ask("/feeds/nhs/all.atom", token)
    tell(both.engine, telling("4"), telling("5"))
    both.publish()
    both.ask("/feeds/nhs/all.json", second)
    both.ask("/feeds/nhs/all/archive-1.atom", second)
    both.ask("/feeds/nhs/all/manifest-2026-01.json", first)
    both.ask("/feeds/nhs/all/manifest.json", second)
    tokens.revoke(both.engine, gone[8:16], both.now)
    both.now += timedelta(seconds=2)
    page = read(both.ask(PAGE, first))
    found = {(line[0], line[2]): line[4:] for line in rows(page, "deliveries")}
    one, other = first[8:16], second[8:16]
    assert found[one, "Atom: newest"] == ["33", "2 changes"]
    assert found[other, "Atom: archive 1"] == ["35", "2 changes"]
    assert found[one, "Manifest of January 2026"] == ["35", "never asked for the newest"]
    assert {key[0] for key in found} == {one, other}
    assert figures(page)["clients behind"] == "2"
    for token in (first, second):
        both.ask("/feeds/nhs/all.atom", token)
    both.now += timedelta(seconds=2)
    page = read(both.ask(PAGE, first))
    assert figures(page)["clients behind"] == "0"
    assert "up to date" in said(page)


def test_a_subscriber_is_shown_by_its_host_alone_with_what_it_lacks(both: Published) -> None:
    token = both.issue("nhs")
    with writing(both.engine) as connection:
        for name, epoch in (("a", "e1"), ("b", "another")):
            intent = Intent(
                id=name,
                mode=Mode.SUBSCRIBE,
                edition="nhs/all",
                format="atom",
                callback=f"https://user:pass@{name}.example:8443/unguessable?key=secret",
                secret="of-the-hub",
                lease_s=60,
                token=token[8:16],
                mark=2,
                epoch=epoch,
                asked_at=both.now,
            )
            subscribers.verify(connection, intent, both.now, both.now + timedelta(days=10))
        one = next(s for s in subscribers.every(connection) if s.id == "a")
        subscribers.put_off(connection, one, both.now + timedelta(minutes=5), "HTTP 500")
    reply = both.ask(PAGE, token)
    found = rows(read(reply), "deliveries")
    feed = "Everything <told> & heard (Atom)"
    failed = "31 changesfailed 1 time; next try 2 March 2026, 09:05 UTC"
    until = "12 March 2026, 09:00 UTC"
    assert found == [
        ["a.example", token[8:16], feed, until, failed],
        ["b.example", token[8:16], feed, until, "33 changes"],
    ]
    for secret in (b"unguessable", b"key=secret", b"pass", b"of-the-hub", b"HTTP 500"):
        assert secret not in reply.body


def hook(rig: Published, url: str) -> None:
    """Let the partner have a webhook."""
    own, *others = rig.config.partners
    partners = (own.model_copy(update={"webhook": Webhook(url=url)}), *others)
    rig.config = rig.config.model_copy(update={"partners": partners})


def test_the_page_says_how_the_webhook_for_removals_stands(both: Published) -> None:
    token = both.issue("nhs")
    url = "https://paper.example:8443/hook/s3cret?key=s3cret"

    def shown() -> list[list[str]]:
        both.now += timedelta(seconds=2)
        reply = both.ask(PAGE, token)
        assert b"s3cret" not in reply.body
        table = read(reply).xpath("//div[@aria-labelledby='webhook']//tbody/tr")
        return [[said(cell) for cell in line] for line in table]

    def claimed() -> Claimed | None:
        return webhooks.claim(connection, "nhs/all", webhook_rules.address(url), both.now, both.now)

    assert shown() == []
    hook(both, url)
    remove(both, "1")
    new = ["Not published yet", "paper.example", "0", "never", "none", "well"]
    titled = ["Everything <told> & heard", "paper.example"]
    assert shown() == [[*titled, "0", "never", "1 removal", "well"], new]
    with writing(both.engine) as connection:
        for _ in range(2):
            claim = claimed()
            assert claim is not None
            webhooks.put_off(connection, claim.listener, both.now, "HTTP 500")
    failing = "failing failed 2 times (HTTP 500); next try 2 March 2026, 09:00 UTC"
    assert shown() == [[*titled, "0", "never", "1 removal", failing], new]
    with writing(both.engine) as connection:
        claim = claimed()
        assert claim is not None
        webhooks.took(connection, claim.listener, claim.seq, both.now, both.now)
    assert shown()[0] == [*titled, "34", "2 March 2026, 09:00 UTC", "none", "well"]
    remove(both, "2")
    with writing(both.engine) as connection:
        claim = claimed()
        assert claim is not None
        webhooks.stop(connection, claim.listener, both.now, "HTTP 410")
    stopped = "stopped 2 March 2026, 09:00 UTC (HTTP 410): ask the operator to set it going again"
    assert shown()[0] == [*titled, "34", "2 March 2026, 09:00 UTC", "1 removal", stopped]


def test_a_partner_sees_nothing_of_the_webhook_of_another(rig: Published) -> None:
    hook(rig, "https://paper.example/")
    reply = rig.ask("/partners/bbc", rig.issue("bbc"))
    assert reply.status == 200
    assert b"paper.example" not in reply.body


def test_removals_stand_there_until_acknowledged_the_overdue_first(both: Published) -> None:
    holding, untold = both.issue("nhs"), both.issue("nhs")
    for token in (holding, untold):
        both.ask("/feeds/nhs/all.atom", token)
    remove(both, "1")
    both.now += timedelta(days=8)
    remove(both, "2")
    both.ask("/feeds/nhs/all.atom", holding)
    page = read(both.ask(PAGE, holding))
    assert figures(page)["removals to acknowledge, 1 overdue"] == "2"
    late, due = rows(page, "removals")
    assert late[0] == urn("1").rpartition(":")[2]
    assert late[1] == "removed at source2 March 2026, 09:00 UTC"
    assert late[2] == "overdue9 March 2026"
    assert due[0] == urn("2").rpartition(":")[2]
    assert due[2] == "17 March 2026"
    assert holding[8:16] in due[3]
    assert f"{untold[8:16]} (not told yet)" in due[3]
    assert page.xpath("//input[@name='removed']/@value") == [urn("1"), urn("2")]
    assert f"{PUBLIC_URL}/removals/nhs/all" in said(page)


def test_the_ticked_ones_are_acknowledged_and_the_page_says_so(both: Published) -> None:
    token = both.issue("nhs")
    both.ask("/feeds/nhs/all.atom", token)
    remove(both, "1", "2")
    assert len(rows(read(both.ask(PAGE, token)), "removals")) == 2
    page = read(post(both, token, do="acknowledge", edition="nhs/all", removed=[urn("1")]))
    assert said(page.xpath("//*[@role='status']")[0]).startswith("1 story is noted")
    assert [line[0] for line in rows(page, "removals")] == [urn("2").rpartition(":")[2]]
    [held] = removals.waiting(both.engine, both.config, both.now, ["nhs/all"])
    assert held.story_id == urn("2")
    page = read(post(both, token, do="acknowledge", edition="nhs/all", removed=[urn("1")]))
    assert "0 stories are noted" in said(page)
    page = read(post(both, token, do="acknowledge", edition="nhs/all", removed=[urn("2")]))
    assert "whatever was removed, you have acknowledged or never had" in said(page)


def test_what_an_edition_that_was_taken_out_left_is_owed_and_acknowledged(both: Published) -> None:
    token = both.issue("nhs")
    both.ask("/feeds/nhs/all.atom", token)
    both.config = both.config.model_copy(update={"editions": both.config.editions[1:]})
    both.publish()
    page = read(both.ask(PAGE, token))
    assert [line[1].startswith("agreement") for line in rows(page, "removals")] == [True] * 3
    assert said(page.xpath("//h3[@id='owed-1']")[0]) == "nhs/all"
    page = read(post(both, token, do="acknowledge", edition="nhs/all", removed=[urn("1")]))
    assert said(page.xpath("//*[@role='status']")[0]).startswith("1 story is noted")


@pytest.mark.parametrize(
    "fields",
    [
        {"do": "acknowledge", "edition": "bbc/all", "removed": urn("1")},
        {"do": "acknowledge", "edition": "nhs/none"},
        {"do": "acknowledge"},
        {"do": "everything"},
        {"do": ["rotate", "acknowledge"]},
        {"removed": urn("1")},
        {f"f{number}": "1" for number in range(1001)},
    ],
    ids=["another's", "unknown", "no edition", "no such thing", "two things", "nothing", "flood"],
)
def test_a_form_that_says_nothing_we_know_changes_nothing(
    rig: Published, fields: dict[str, Any]
) -> None:
    token = rig.issue("nhs")
    before = tokens.listing(rig.engine)
    assert post(rig, token, **fields).status == 422
    assert [one.token for one in tokens.listing(rig.engine)] == [one.token for one in before]


def test_a_form_is_a_form_and_no_longer_than_it_may_be(rig: Published) -> None:
    token = rig.issue("nhs")
    as_json = {"content-type": "application/json"}
    assert rig.ask(PAGE, token, method="POST", headers=as_json, body=b"{}").status == 415
    assert rig.ask(PAGE, token, method="POST", headers=FORM).status == 400
    assert rig.ask(PAGE, token, method="POST", headers=FORM, body=b"a" * 65_537).status == 413
    assert rig.ask(PAGE, token, method="POST", headers=FORM, body=b"do=\xff").status == 422


def test_of_very_many_removals_the_first_hundred_are_listed(rig: Published) -> None:
    names = [f"many-{number}" for number in range(103)]
    tell(rig.engine, *map(telling, names))
    rig.publish()
    token = rig.issue("nhs")
    rig.ask("/feeds/nhs/all/archive-1.atom", token)
    remove(rig, *names)
    page = read(rig.ask(PAGE, token))
    assert len(rows(page, "removals")) == 100
    assert "3 more follow once these are acknowledged." in said(page)


def test_whatever_is_configured_is_never_markup(rig: Published) -> None:
    own = Partner(id="nhs", name=HOSTILE)
    edition = Edition(id="all", partner="nhs", title=HOSTILE, scope=Scope(tags=(HOSTILE,)))
    update = {"name": HOSTILE, "partners": (own,), "editions": (edition,)}
    rig.config = rig.config.model_copy(update=update)
    token = rig.issue("nhs")
    rig.ask("/feeds/nhs/all.atom", token)
    remove(rig, "1")
    for reply in (rig.ask(PAGE, token), post(rig, token, do="rotate")):
        page = read(reply)
        assert page.findall(".//img") == page.findall(".//script") == []
        assert HOSTILE in said(page)
        assert loose(page, HOSTILE) == []
    outline = etree.fromstring(rig.ask(OUTLINE, token).body)
    assert outline.findall(".//img") == []
    assert outline.xpath("//body/outline/@text") == [HOSTILE]


def test_a_page_of_a_partner_runs_nothing_and_posts_to_nobody_else(rig: Published) -> None:
    reply = rig.ask(PAGE, rig.issue("nhs"))
    assert reply["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )
    assert (reply["cache-control"], reply["referrer-policy"]) == ("no-store", "no-referrer")
    assert reply["access-control-allow-origin"] == ""
    page = read(reply)
    assert page.findall(".//script") == page.findall(".//style") == []
    assert page.xpath("//@style | //@*[starts-with(name(), 'on')]") == []
    assert page.xpath("//link[@rel='stylesheet']/@href") == [edition_pages.STYLE_PATH]
    assert page.xpath("//form/@action") == []  # to where the page is, however it was opened
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert set(page.xpath("//@aria-labelledby")) <= set(ids)
    assert {one[1:] for one in page.xpath("//a/@href") if one.startswith("#")} <= set(ids)


def test_the_outline_lists_every_edition_in_each_agreed_format(rig: Published) -> None:
    token = rig.issue("nhs")
    reply = rig.ask(OUTLINE, token)
    assert (reply.status, reply["content-type"]) == (200, "text/x-opml; charset=utf-8")
    root = etree.fromstring(reply.body)
    assert root.findtext("head/title") == "The Health Site – Retold of Anytown"  # noqa: RUF001
    assert root.xpath("body/outline/@text") == ["Everything <told> & heard", "Not published yet"]
    urls: Any = root.xpath("//outline/@xmlUrl")
    names = [(name, end) for name in ("all", "new") for end in ("atom", "json", "rss")]
    assert urls == [f"{PUBLIC_URL}/feeds/nhs/{name}.{end}" for name, end in names]
    assert rig.ask(urls[0].removeprefix(PUBLIC_URL), token).status == 200


def test_an_outline_that_is_held_is_not_sent_again(rig: Published) -> None:
    token = rig.issue("nhs")
    first = rig.ask(OUTLINE, token)
    assert first["cache-control"].startswith("private")
    again = rig.ask(OUTLINE, token, headers={"if-none-match": first["etag"]})
    assert (again.status, again.body, again["etag"]) == (304, b"", first["etag"])
    editions = (rig.config.editions[0].model_copy(update={"title": "Another"}),)
    rig.config = rig.config.model_copy(update={"editions": editions})
    changed = rig.ask(OUTLINE, token, headers={"if-none-match": first["etag"]})
    assert (changed.status, changed["etag"] != first["etag"]) == (200, True)


def test_a_change_of_the_configuration_reaches_the_very_next_page(rig: Published) -> None:
    token = rig.issue("nhs")
    assert "The Health Site" in said(read(rig.ask(PAGE, token)))
    partners = (rig.config.partners[0].model_copy(update={"name": "Another name"}),)
    rig.config = rig.config.model_copy(update={"partners": partners})
    assert read(rig.ask(PAGE, token)).findtext(".//h1") == "Another name"


def settle(rig: Published, tmp_path: Path, *reports: bytes) -> None:
    for report in reports:
        collect.receive(rig.engine, "nhs", "report", report, "application/json", rig.now)
    with open_hits(tmp_path / "beacon.db") as hits:
        collect.collect(rig.engine, rig.config, "nhs", hits, rig.now)
    reconcile.reconcile(rig.engine, rig.config, rig.now, ["nhs"])


def test_the_page_says_which_reports_are_missing_and_draws_the_reads(
    both: Published, tmp_path: Path
) -> None:
    both.now = datetime(2026, 11, 3, 9, tzinfo=UTC)
    july, september = (svr((urn("1"), n), month=f"2026-0{n}") for n in (7, 9))
    august = svr((urn("1"), 5), month="2026-06", coverage="partial")
    settle(both, tmp_path, july, september, august)
    page = read(both.ask(PAGE, both.issue("nhs")))
    section = page.xpath("//section[@aria-labelledby='reads']")[0]
    words = said(section)
    assert "The reports of August 2026 are past their time." in words
    assert "Next is that of October 2026, by 29 November 2026." in words
    assert figures(page)["report missing"] == "1"
    assert rows(page, "reads") == [
        ["June 2026", "5, in part"],
        ["July 2026", "7"],
        ["August 2026", "not known"],
        ["September 2026", "9"],
        ["October 2026", "not known"],
    ]
    assert section.xpath(".//svg/@aria-label") == ["Reads in each month from 2026-06 to 2026-10"]
    assert len(section.xpath(".//svg/rect")) == 3
    assert "21 reads settled in these months" in words
    with reading(both.engine) as connection:
        assert sum(s.total for s in ledger.platform_months(connection)["nhs"].values()) == 21


def test_a_partner_that_reports_nothing_yet_is_told_of_the_first(rig: Published) -> None:
    words = said(read(rig.ask(PAGE, rig.issue("nhs"))))
    assert "Next is that of February 2026, by 29 March 2026." in words
    assert "No month’s reads are settled yet." in words  # noqa: RUF001
    assert "past their time" not in words


def test_the_report_that_came_early_is_not_asked_for_again(rig: Published, tmp_path: Path) -> None:
    settle(rig, tmp_path, svr((urn("1"), 3), month="2026-02"))
    assert "Next is that of March 2026" in said(read(rig.ask(PAGE, rig.issue("nhs"))))


def test_no_report_is_due_of_what_our_beacon_counts_or_after_the_last_that_is_fetched(
    rig: Published,
) -> None:
    own = rig.config.partners[0]
    ours = own.model_copy(update={"counters": ("beacon", "report")})
    before, rig.config = rig.config, rig.config.model_copy(update={"partners": (ours,)})
    token = rig.issue("nhs")
    assert "Reads are counted by our beacon: no report is due." in said(read(rig.ask(PAGE, token)))
    pull = ReportPull(platform="nhs", url="x", since=date(2025, 11, 1), until=date(2025, 12, 31))
    rig.config = before.model_copy(update={"reports": (pull,)})
    words = said(read(rig.ask(PAGE, token)))
    assert "The reports of November 2025, December 2025 are past their time." in words
    assert "Next is" not in words


def test_the_page_is_read_in_as_many_statements_whatever_there_is(rig: Published) -> None:
    token = rig.issue("nhs")
    asked: list[str] = []

    def on_query(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    def cost() -> int:
        asked.clear()
        look(rig.engine, rig.config, "nhs", rig.now)
        return len(asked)

    event.listen(rig.engine, "before_cursor_execute", on_query)
    few = cost()
    more = tuple(Edition(id=f"e{n}", partner="nhs", title="T") for n in range(20))
    rig.config = rig.config.model_copy(update={"editions": (*rig.config.editions, *more)})
    for edition in more[:3]:
        rig.publish(edition)
    for _ in range(5):
        rig.issue("nhs")
    rig.ask("/feeds/nhs/e1.atom", token)
    remove(rig, "1", "2")
    assert cost() == few
    event.remove(rig.engine, "before_cursor_execute", on_query)
