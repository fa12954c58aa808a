"""A partner proves that it holds what its edition shows, or learns in few requests what not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from connectors._http import Http, Limits, open_http
from kit import far
from kit.far import Ask, Far, Reply
from rules import identity
from schemas.errors import GarbledError, RefusedError, UnfitError
from schemas.partner import Agreement
from schemas.publication import Held
from steps import documents, verify
from store import manifests
from store.database import reading
from tests.tell import tell, telling
from tests.web.following import EDITION, World, world

NAMES = [str(number) for number in range(10)]


def urn(name: str) -> str:
    return identity.mint(("opinion.example", name))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(documents, "BUCKET", 4)
    with world() as opened:
        for name in NAMES:
            opened.tell(name)
        opened.publish()
        yield opened


@pytest.fixture
def cached() -> dict[str, bytes]:
    """Give what somebody between us and the server answers, by path."""
    return {}


@pytest.fixture
def server(made: World, cached: dict[str, bytes]) -> Iterator[Far]:
    def answer(ask: Ask) -> Reply:
        if ask.path in cached:
            return Reply(cached[ask.path])
        headers = {"authorization": ask.headers.get("authorization", "")}
        reply = made.rig.ask(ask.path, headers=headers)
        return Reply(reply.body, reply["content-type"], reply.status)

    with far.play(answer) as source:
        yield source


@pytest.fixture
def http(server: Far) -> Iterator[Http]:
    with open_http(Limits(attempts=1, allow=(server.place,))) as opened:
        yield opened


def held(made: World) -> list[Held]:
    """Read what the edition shows, straight from the store."""
    with reading(made.rig.engine) as connection:
        return manifests.held(connection, EDITION.key)


def agree(made: World, *formats: str) -> None:
    """Let the partner have these formats alone."""
    agreement = Agreement(id="a1", partner="nhs", formats=formats)
    made.rig.config = made.rig.config.model_copy(update={"agreements": (agreement,)})
    made.publish()


def check(
    made: World, server: Far, http: Http, ours: list[Held] | None = None, ending: str = ""
) -> verify.Verified:
    return verify.verify(http, f"{server.origin}/feeds/nhs/all{ending}", made.token, ours)


def test_who_holds_all_learns_it_in_one_request(made: World, server: Far, http: Http) -> None:
    found = check(made, server, http, held(made))

    assert found == verify.Verified(shown=10, held=10, requests=1)
    assert found.holds


def test_what_is_lacking_old_or_to_be_removed_is_named_in_two_requests(
    made: World, server: Far, http: Http
) -> None:
    ours = {one.story_id: one for one in held(made)}
    del ours[urn("1")]
    ours[urn("2")] = ours[urn("2")]._replace(revision=0)
    extra = Held(urn("gone"), 1, ours[urn("3")].month)
    found = check(made, server, http, [*ours.values(), extra], ".atom")

    assert not found.holds
    assert (found.lacking, found.outdated, found.to_remove) == (
        (urn("1"),),
        (urn("2"),),
        (urn("gone"),),
    )
    assert found.requests == 2


def test_a_month_that_the_edition_does_not_show_at_all_must_go(
    made: World, server: Far, http: Http
) -> None:
    extra = Held(urn("gone"), 1, "1999-12")
    found = check(made, server, http, [*held(made), extra])

    assert (found.to_remove, found.requests) == ((urn("gone"),), 1)


@pytest.mark.parametrize("ending", ["json", "atom"])
def test_a_walk_of_the_feed_adds_up_to_its_manifest(
    made: World, server: Far, http: Http, ending: str
) -> None:
    agree(made, ending)
    tell(made.rig.engine, telling("3", "Edited."), removed=[("opinion", "4")])
    made.publish()
    found = check(made, server, http, ending=f".{ending}")

    assert found.holds
    assert (found.shown, found.held, found.requests) == (9, 9, 5)


@pytest.mark.parametrize(
    ("formats", "walked"), [(("rss", "atom", "json"), "json"), (("rss", "atom"), "atom")]
)
def test_of_a_page_the_feed_is_walked_that_it_offers(
    made: World, server: Far, http: Http, formats: tuple[str, ...], walked: str
) -> None:
    agree(made, *formats)

    assert check(made, server, http).holds
    first, newest, *_ = server.asked
    assert (first.path, newest.path) == ("/feeds/nhs/all", f"/feeds/nhs/all.{walked}")


@pytest.mark.parametrize("ending", [".rss", ".jsonld", ".google", ".activity", ""])
def test_what_cannot_be_walked_says_to_use_a_list(
    made: World, server: Far, http: Http, ending: str
) -> None:
    agree(made, "rss", "jsonld", "google", "activity")

    with pytest.raises(UnfitError, match="--held"):
        check(made, server, http, ending=ending)
    assert check(made, server, http, held(made), ending).holds


def test_a_walk_takes_down_what_is_gone_and_finds_out_where_nothing_tells_of_it(
    made: World, cached: dict[str, bytes], server: Far, http: Http
) -> None:
    before = {
        name: made.rig.ask(f"/feeds/nhs/all{name}.atom", made.token).body
        for name in ("", "/archive-1")
    }
    made.remove("1")
    made.tell("2")
    made.publish()
    cached["/feeds/nhs/all/archive-1.atom"] = before["/archive-1"]
    assert check(made, server, http, ending=".atom").holds, "the newest tells of both"
    cached["/feeds/nhs/all.atom"] = before[""]
    found = check(made, server, http, ending=".atom")

    assert (found.outdated, found.to_remove) == ((urn("2"),), (urn("1"),))


@pytest.mark.parametrize(
    ("ending", "body"),
    [
        (".atom", b"<feed>"),
        (".atom", b"<p>Hello</p>"),
        (".atom", b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>x</id></entry></feed>'),
        (
            ".atom",
            b'<!DOCTYPE feed [<!ENTITY a "b">]><feed xmlns="http://www.w3.org/2005/Atom">&a;',
        ),
        (".json", b"{}"),
        (".json", b"[]"),
        (".json", b"<p>"),
        (".json", b'{"_retold": {"removed": []}, "items": [{"id": "x"}]}'),
        ("", b""),
        ("", b"\x00"),
    ],
)
def test_what_is_no_feed_of_ours_is_garbled(ending: str, body: bytes) -> None:
    with far.play(lambda _: Reply(body)) as other:
        limits = Limits(attempts=1, allow=(other.place,))
        with open_http(limits) as elsewhere, pytest.raises((GarbledError, UnfitError)):
            verify.verify(elsewhere, f"{other.origin}/feeds/x/y{ending}", "t")


def test_nobody_but_the_edition_is_shown_the_token(made: World, server: Far, http: Http) -> None:
    check(made, server, http)

    assert all(ask.path.startswith("/feeds/nhs/all") for ask in server.asked)
    assert len(server.asked) == 6


def test_what_cannot_be_asked_or_read_says_so(made: World, server: Far, http: Http) -> None:
    with pytest.raises(RefusedError):
        verify.verify(http, f"{server.origin}/feeds/nhs/all", "rt_feed_wrong_x", [])
    with pytest.raises(RefusedError):
        verify.verify(http, f"{server.origin}/feeds/bbc/all", made.token, [])
    with far.play(lambda _: Reply(b"<p>Hello")) as other:
        limits = Limits(attempts=1, allow=(other.place,))
        with open_http(limits) as elsewhere, pytest.raises(GarbledError, match="no JSON"):
            verify.verify(elsewhere, f"{other.origin}/x", "t", [])


def test_a_list_of_what_is_held_is_read_and_its_bad_line_named() -> None:
    lines = ["id,revision,month\n", "urn:1,3,2026-10\n", "\n", "urn:2,1,1970-01\n"]
    assert verify.read_held(lines) == [Held("urn:1", 3, "2026-10"), Held("urn:2", 1, "1970-01")]
    for bad in ("urn:1,3", "urn:1,x,2026-10", "urn:1,3,October"):
        with pytest.raises(UnfitError, match="line 2"):
            verify.read_held(["id,revision,month", bad])


def test_the_command_says_it_in_a_line_and_by_its_exit_code(
    made: World, server: Far, tmp_path: Path
) -> None:
    runner = CliRunner()
    lines = [f"{one.story_id},{one.revision},{one.month}" for one in held(made)]
    whole, part = tmp_path / "whole.csv", tmp_path / "part.csv"
    whole.write_text("\n".join(lines))
    part.write_text("\n".join(lines[1:]))
    address = f"{server.origin}/feeds/nhs/all"

    def run(path: Path, token: str = made.token) -> tuple[int, str]:
        done = runner.invoke(
            app, ["partner", "verify", address, "--held", str(path)], env={"RETOLD_TOKEN": token}
        )
        return done.exit_code, done.stdout

    assert run(whole) == (0, "✓ all 10 stories, and no other\n")
    code, said = run(part)
    assert code == 1
    assert lines[0].partition(",")[0] in said
    assert run(whole, "rt_feed_no_no")[0] == 1
