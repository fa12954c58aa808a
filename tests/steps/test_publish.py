"""An edition shows what it ought to, in bytes that move only when it does."""

from datetime import datetime, timedelta

import feedparser
import pytest
import sqlalchemy as sa
from lxml import etree

from rules import identity, manifest
from schemas import tables
from schemas.config import Config
from schemas.organisation import Organisation, Parent, Population, Successor
from schemas.partner import Agreement, Edition, Partner, Scope
from schemas.publication import NEWEST, Document, Part, PartKind, Published
from schemas.story import Rights
from schemas.tables import entry_months
from steps import documents, publish
from steps import stories as acts
from steps.press import Press
from store import dues, manifests, publication
from store.database import Engine, reading, writing
from tests import make
from tests.tell import MONDAY, retold, tell, telling

EDITION = Edition(id="north", partner="voice", title="The North", page_size=3)
PARTNER = Partner(id="voice", name="Northern Voice", publisher="voice.example", beacon=True)
AGREEMENT = Agreement(id="a", partner="voice", attribution="As told to others")
CONFIG = Config(
    channels=(
        make.channel(rights=Rights(may_syndicate=True)),
        make.channel(id="other", publisher="other.example", rights=Rights(may_syndicate=True)),
    ),
    partners=(PARTNER,),
    agreements=(AGREEMENT,),
    editions=(EDITION,),
    organisations=(Organisation(id="ods:RXX", name="Anytown"),),
)
AT = "{http://purl.org/atompub/tombstones/1.0}"


def press(**fields: object) -> Press:
    return Press(CONFIG.model_copy(update=fields), "https://retold.example", b"k" * 32)


def run(engine: Engine, on: Press | None = None) -> Published:
    return publish.publish(engine, on or press(), EDITION, lambda: MONDAY, lambda: "e1")


def document(
    engine: Engine, name: str = "atom", below: int = 0, on: Press | None = None
) -> Document:
    found = documents.document(engine, on or press(), EDITION, name, page(below))
    assert found is not None
    return found


def page(below: int) -> Part:
    return Part(PartKind.PAGE, below) if below else NEWEST


def entries(engine: Engine, on: Press | None = None) -> list[str]:
    return stories(document(engine, on=on).body)


def stories(body: bytes) -> list[str]:
    """List the entries that reply to no other: responses are entries of their own."""
    read = feedparser.parse(body).entries
    return [e.id for e in read if "thr_in-reply-to" not in e]


def urn(external_id: str, publisher: str = "opinion.example") -> str:
    return identity.mint((publisher, external_id))


def test_publishing_twice_changes_nothing_and_no_byte(engine: Engine) -> None:
    tell(engine, telling("1"), telling("2"))
    assert run(engine) == Published(edition="voice/north", came_in=2)
    before = document(engine)
    assert run(engine) == Published(edition="voice/north")
    assert document(engine) == before
    assert documents.document(engine, press(), EDITION, "atom") == before


def test_the_newest_change_stands_first_and_an_edit_is_a_revision(engine: Engine) -> None:
    tell(engine, telling("1"), telling("2"))
    run(engine)
    tell(engine, telling("1", "Edited."))
    assert run(engine) == Published(edition="voice/north", revised=1)
    assert entries(engine) == [urn("1"), urn("2")]
    assert b"Edited." in document(engine).body


def test_a_story_removed_at_its_channel_leaves_every_edition_and_a_tombstone(
    engine: Engine,
) -> None:
    tell(engine, telling("1"), telling("2"))
    run(engine)
    tell(engine, removed=[("opinion", "1")])
    assert run(engine) == Published(edition="voice/north", went_out=1)
    assert entries(engine) == [urn("2")]
    feed = etree.fromstring(document(engine).body)
    assert [t.get("ref") for t in feed.iter(AT + "deleted-entry")] == [urn("1")]
    assert urn("1").encode() in document(engine, "json").body
    tell(engine, telling("1"))
    run(engine)
    assert entries(engine) == [urn("1"), urn("2")]
    assert b"deleted-entry" not in document(engine).body


def test_a_removal_before_the_first_publication_leaves_no_trace(engine: Engine) -> None:
    tell(engine, telling("1"))
    tell(engine, removed=[("opinion", "1")])
    assert run(engine) == Published(edition="voice/north", unchanged=1)
    assert b"deleted-entry" not in document(engine).body


def test_a_poller_that_walks_the_pages_meets_every_story_once(engine: Engine) -> None:
    tell(engine, *(telling(str(n)) for n in range(8)))
    run(engine)
    seen: list[str] = []
    below = 0
    while True:
        page = document(engine, below=below)
        parsed = feedparser.parse(page.body)
        seen += stories(page.body)
        following = [x.href for x in parsed.feed.links if x.rel == "next"]
        if not following:
            break
        below = int(following[0].split("=")[1])
    assert seen == [urn(str(n)) for n in reversed(range(8))]


def test_only_pages_that_begin_at_an_entry_are_kept(engine: Engine) -> None:
    tell(engine, *(telling(str(n)) for n in range(4)))
    run(engine)
    tell(engine, telling("1", "Moved up."))
    run(engine)
    for below in (1, 2, 3):
        document(engine, below=below)
    with reading(engine) as connection:
        kept = [
            publication.document(connection, "voice/north", "atom", f"below-{n}") for n in (1, 2, 3)
        ]
    assert [found is not None for found in kept] == [True, False, True]


def test_a_page_beyond_the_log_and_a_format_not_agreed_are_not_there(engine: Engine) -> None:
    tell(engine, telling("1"))
    assert documents.document(engine, press(), EDITION, "atom") is None
    run(engine)
    assert documents.document(engine, press(), EDITION, "atom", page(99)) is None
    assert documents.document(engine, press(), EDITION, "pdf") is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"agreements": ()}, "agreement", id="the agreement ended"),
        pytest.param(
            {"agreements": (AGREEMENT.model_copy(update={"scope": Scope(tags=("none",))}),)},
            "agreement",
            id="the agreement narrowed",
        ),
        pytest.param(
            {"partners": (PARTNER.model_copy(update={"suspended": True}),)},
            "suspended",
            id="the partner was suspended",
        ),
        pytest.param({"channels": ()}, "right", id="the channel's right was withdrawn"),
    ],
)
def test_whatever_ends_a_right_removes_what_the_partner_held(
    engine: Engine, changed: dict[str, object], reason: str
) -> None:
    tell(engine, telling("1"), telling("2"))
    run(engine)
    assert run(engine, press(**changed)).went_out == 2
    with reading(engine) as connection:
        assert {line.reason for _, line in publication.log_of(connection, urn("1"))} == {
            "allowed",
            reason,
        }
    assert run(engine).came_in == 2


def test_a_story_never_goes_back_to_a_publisher_it_came_from(engine: Engine) -> None:
    own = telling("1", also=[("voice.example", "77")])
    tell(engine, own, telling("2"))
    assert run(engine).came_in == 1
    assert entries(engine) == [urn("2")]


def test_a_publisher_learnt_later_takes_the_story_out_again(engine: Engine) -> None:
    tell(engine, telling("1"))
    run(engine)
    tell(engine, retold("x", also=[("opinion.example", "1"), ("voice.example", "7")]))
    assert run(engine).went_out == 1


def test_held_stories_reach_nobody_until_they_are_released(engine: Engine) -> None:
    tell(engine, telling("1", codes=("pii",)))
    assert run(engine).came_in == 0
    acts.release(engine, "opinion/1", "ash", "no harm", MONDAY)
    assert run(engine).came_in == 1


def test_fragments_are_made_once_and_the_partners_own_parts_put_in(engine: Engine) -> None:
    tell(engine, telling("1"))
    run(engine)
    with reading(engine) as connection:
        digest = press().names_digest(press().formats(EDITION)["atom"])
        kept = publication.kept_fragments(connection, [(urn("1"), 1)], "atom", digest)
    assert list(kept) == [(urn("1"), 1)]
    assert b"/b/voice/" not in kept[urn("1"), 1]
    body = document(engine).body
    assert b"https://retold.example/b/voice/" in body
    assert b"As told to others" in body


def test_a_renamed_organisation_is_rendered_anew(engine: Engine) -> None:
    tell(engine, telling("1"))
    run(engine)
    before = document(engine)
    renamed = press(organisations=(Organisation(id="ods:RXX", name="Newtown"),))
    after = document(engine, on=renamed)
    assert b"Newtown" in after.body
    assert after.etag != before.etag


def test_what_an_edition_counts_adds_up(engine: Engine) -> None:
    tell(engine, telling("1"), telling("2"))
    run(engine)
    tell(engine, removed=[("opinion", "1")])
    run(engine)
    with reading(engine) as connection:
        counted = publication.counts(connection, ["voice/north"])
        assert counted["voice/north"] == {"in": 1, "out": 1}
        assert publication.states(connection)["voice/north"].seq == 3


def test_an_edition_of_an_earlier_version_is_added_up_at_its_next_publication(
    engine: Engine,
) -> None:
    tell(engine, *(telling(str(n)) for n in range(4)))
    run(engine)
    tell(engine, removed=[("opinion", "1")])
    run(engine)
    with writing(engine) as connection:
        before = manifests.months(connection, "voice/north")
        connection.execute(sa.delete(entry_months))
        connection.execute(sa.update(tables.entries).values(month=""))
        assert manifests.months(connection, "voice/north") == {}
    run(engine)
    with reading(engine) as connection:
        assert manifests.months(connection, "voice/north") == before != {}
        held = manifests.held(connection, "voice/north")
    assert manifest.sums(held) == before


def test_an_edition_follows_an_edge_on_the_day_on_which_it_ends(engine: Engine) -> None:
    last = MONDAY.date()
    edge = Parent(id="ods:QQQ", until=last)
    on = press(
        organisations=(
            Organisation(id="ods:QQQ", name="The Board"),
            Organisation(id="ods:RXX", name="Anytown", parents=(edge,)),
        )
    )
    board = EDITION.model_copy(update={"scope": Scope(organisations=("ods:QQQ",))})
    tell(engine, telling("1"))

    def run_at(now: datetime) -> Published:
        return publish.publish(engine, on, board, lambda: now, lambda: "e1")

    assert run_at(MONDAY).came_in == 1
    assert run_at(MONDAY + timedelta(hours=1)).unchanged == 0
    assert run_at(MONDAY + timedelta(days=1)).went_out == 1


def test_an_edition_takes_predecessors_in_on_the_day_of_the_succession(engine: Engine) -> None:
    heir = Successor(id="ods:RNEW", on=MONDAY.date() + timedelta(days=1))
    on = press(
        organisations=(
            Organisation(id="ods:RXX", name="Anytown", successors=(heir,)),
            Organisation(id="ods:RNEW", name="Newtown"),
        )
    )
    scope = Scope(organisations=("ods:RNEW",), with_predecessors=True)
    edition = EDITION.model_copy(update={"scope": scope})
    tell(engine, telling("1"))
    before = publish.publish(engine, on, edition, lambda: MONDAY, lambda: "e1")
    after = publish.publish(engine, on, edition, lambda: MONDAY + timedelta(days=1), lambda: "e1")
    assert (before.came_in, after.came_in) == (0, 1)


def test_a_change_of_agreement_is_seen_before_it_happens(engine: Engine) -> None:
    tell(engine, *(telling(str(n)) for n in range(3)))
    run(engine)
    tell(engine, telling("1", "Edited."), telling("7"))
    none = AGREEMENT.model_copy(update={"scope": Scope(languages=("cy",))})
    same = publish.preview(engine, press(), EDITION, MONDAY)
    other = publish.preview(engine, press(agreements=(none,)), EDITION, MONDAY)

    assert same == publish.Difference(
        edition="voice/north", come_in=(urn("7"),), revised=1, unchanged=2
    )
    assert {why: set(ids) for why, ids in other.go_out.items()} == {
        "agreement": {urn("0"), urn("1"), urn("2")}
    }
    assert (other.come_in, other.revised, other.unchanged) == ((), 0, 1)
    assert publish.preview(engine, press(), EDITION, MONDAY) == same, "a look writes nothing"
    done = run(engine, press(agreements=(none,)))
    assert (done.came_in, done.went_out) == (0, 3)


CORNERS = (
    Organisation(id="ods:NORTH", name="The North"),
    Organisation(id="ods:RXX", name="Anytown", parents=(Parent(id="ods:NORTH"),)),
)
HOSPITALS = Population(id="hospitals", name="Hospitals", below=("ods:NORTH",))
WARDS = Population(id="wards", name="Wards", organisations=("ods:WARD",))


@pytest.mark.parametrize("whose", ["edition", "agreement"])
@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        pytest.param(
            Scope(populations=("hospitals",)), Scope(populations=("wards",)), id="populations"
        ),
        pytest.param(Scope(rating_from=4), Scope(rating_from=4.5), id="from a rating"),
        pytest.param(Scope(rating_to=4), Scope(rating_to=3), id="to a rating"),
        pytest.param(Scope(newest_days=9999), Scope(newest_days=1), id="age"),
        pytest.param(Scope(age_bands=("35-44",)), Scope(age_bands=("18-34",)), id="age of authors"),
    ],
)
def test_a_narrower_scope_removes_and_a_wider_one_brings_in_as_was_seen_before(
    engine: Engine, wide: Scope, narrow: Scope, whose: str
) -> None:
    given = {"organisations": CORNERS, "populations": (HOSPITALS, WARDS)}

    def under(scope: Scope) -> tuple[Press, Edition]:
        edition, agreement = (
            one.model_copy(update={"scope": scope if kind == whose else Scope()})
            for kind, one in (("edition", EDITION), ("agreement", AGREEMENT))
        )
        made = press(agreements=(agreement,), editions=(edition,), **given)
        assert isinstance(edition, Edition)
        return made, edition

    def seen(scope: Scope) -> publish.Difference:
        return publish.preview(engine, *under(scope), MONDAY)

    def published(scope: Scope) -> Published:
        return publish.publish(engine, *under(scope), lambda: MONDAY, lambda: "e1")

    tell(engine, telling("1"), telling("2"))
    assert published(wide).came_in == 2
    out = {"scope" if whose == "edition" else "agreement": tuple(sorted([urn("1"), urn("2")]))}
    assert {why: tuple(sorted(ids)) for why, ids in seen(narrow).go_out.items()} == out
    assert published(narrow).went_out == 2
    feed = etree.fromstring(document(engine, on=under(narrow)[0]).body)
    assert len(list(feed.iter(AT + "deleted-entry"))) == 2
    assert set(seen(wide).come_in) == {urn("1"), urn("2")}
    assert published(wide).came_in == 2


def test_an_edition_follows_who_belongs_to_a_population_and_no_other(engine: Engine) -> None:
    edition = EDITION.model_copy(update={"scope": Scope(populations=("hospitals",))})
    few = HOSPITALS.model_copy(update={"types": ("acute",)})

    def on(*populations: Population) -> Press:
        return press(organisations=CORNERS, populations=populations, editions=(edition,))

    tell(engine, telling("1"))
    day = MONDAY.date()
    assert on(HOSPITALS).selection_digest(edition, day) == on(HOSPITALS, WARDS).selection_digest(
        edition, day
    )
    for populations, went in ((HOSPITALS, 0), (few, 1)):
        done = publish.publish(engine, on(populations), edition, lambda: MONDAY, lambda: "e1")
        assert done.went_out == went


def test_a_story_leaves_by_its_age_alone_at_its_hour(engine: Engine) -> None:
    edition = EDITION.model_copy(update={"scope": Scope(newest_days=60)})
    on = press(editions=(edition,))
    tell(engine, telling("1"))

    def run_at(now: datetime) -> Published:
        return publish.publish(engine, on, edition, lambda: now, lambda: "e1")

    end = make.NOON + timedelta(days=60)
    assert run_at(MONDAY).came_in == 1
    with reading(engine) as connection:
        assert dues.come(connection, "voice/north", end - timedelta(seconds=1), 9) == []
        assert dues.come(connection, "voice/north", end, 9) == [urn("1")]
    assert run_at(end - timedelta(seconds=1)).unchanged == 0
    assert run_at(end).went_out == 1
    assert run_at(end + timedelta(days=9)).unchanged == 0


def aged(engine: Engine, **days: int) -> Press:
    """Tell stories so many days old, for an agreement that keeps each for ten."""
    tell(
        engine,
        *(telling(name, published_at=MONDAY - timedelta(days=old)) for name, old in days.items()),
    )
    return press(agreements=(AGREEMENT.model_copy(update={"retention_days": 10}),))


def at(engine: Engine, on: Press, now: datetime) -> Published:
    return publish.publish(engine, on, EDITION, lambda: now, lambda: "e1")


def test_only_those_whose_time_has_come_are_looked_at_again(engine: Engine) -> None:
    on = aged(engine, a=1, b=2, c=3, d=20)
    assert at(engine, on, MONDAY) == Published(edition="voice/north", came_in=3, unchanged=1)
    assert at(engine, on, MONDAY + timedelta(days=6)) == Published(edition="voice/north")
    gone = at(engine, on, MONDAY + timedelta(days=8))
    assert gone == Published(edition="voice/north", went_out=2)
    assert at(engine, on, MONDAY + timedelta(days=99)).went_out == 1
    with reading(engine) as connection:
        assert connection.execute(sa.select(tables.dues)).all() == []


def test_any_number_may_come_due_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "_BATCH", 2)
    on = aged(engine, a=1, b=1, c=1, d=2, e=3)
    assert at(engine, on, MONDAY).came_in == 5
    assert at(engine, on, MONDAY + timedelta(days=9)) == Published(
        edition="voice/north", went_out=5
    )


def test_what_is_withdrawn_or_is_there_no_more_is_waited_for_no_longer(engine: Engine) -> None:
    on = aged(engine, a=1, b=2)
    at(engine, on, MONDAY)
    acts.withdraw(engine, urn("a"), "asked", "sam", MONDAY)
    with writing(engine) as connection:
        dues.put(connection, EDITION.key, {"urn:uuid:unheard-of": MONDAY})
    assert at(engine, on, MONDAY).went_out == 1
    with reading(engine) as connection:
        assert dues.come(connection, EDITION.key, MONDAY + timedelta(days=99), 9) == [urn("b")]


def test_what_is_under_embargo_comes_in_at_its_time(engine: Engine) -> None:
    tell(engine, telling("1", published_at=MONDAY))
    on = press(agreements=(AGREEMENT.model_copy(update={"embargo_days": 3}),))
    assert at(engine, on, MONDAY).came_in == 0
    end = MONDAY + timedelta(days=3)
    assert at(engine, on, end - timedelta(seconds=1)) == Published(edition="voice/north")
    assert at(engine, on, end) == Published(edition="voice/north", came_in=1)


def test_a_story_leaves_at_the_hour_at_which_it_expires(engine: Engine) -> None:
    end = MONDAY + timedelta(days=3)
    tell(engine, telling("1", expires_at=end), telling("2"))
    assert at(engine, press(), MONDAY).came_in == 2
    assert at(engine, press(), end - timedelta(seconds=1)) == Published(edition="voice/north")
    seen = publish.preview(engine, press(), EDITION, end)
    assert seen.go_out == {"expired": (urn("1"),)}
    assert at(engine, press(), end) == Published(edition="voice/north", went_out=1)
    assert at(engine, press(), end + timedelta(days=9)) == Published(edition="voice/north")
    with reading(engine) as connection:
        assert publication.log_of(connection, urn("1"))[-1][1].reason == "expired"


def test_a_channel_that_moves_the_expiry_moves_the_story(engine: Engine) -> None:
    early, late = MONDAY + timedelta(days=3), MONDAY + timedelta(days=9)
    tell(engine, telling("1", expires_at=early))
    at(engine, press(), MONDAY)
    tell(engine, telling("1", expires_at=late))
    assert at(engine, press(), MONDAY).revised == 1
    assert at(engine, press(), early) == Published(edition="voice/north")
    assert at(engine, press(), late).went_out == 1
    tell(engine, telling("1"))
    assert at(engine, press(), late).came_in == 1
