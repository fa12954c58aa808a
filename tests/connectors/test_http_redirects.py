"""Where an answer sends us, and what is told there."""

from collections.abc import Sequence

import pytest

from schemas.errors import (
    GarbledError,
    OutsideError,
    RefusedError,
)
from tests.connectors import hostile
from tests.connectors.near import fault, opened

OK = hostile.answer(b"hi")
SECRET = "s3cr3t-k3y"


def test_the_way_of_redirects_can_be_read() -> None:
    paths = {
        "/a": hostile.redirect("b?x=1", 302),
        "/c%20d": OK,
    }
    with hostile.serve(paths) as far:
        paths["/b"] = hostile.redirect(f"//localhost:{far.port}/c d#part")
        with opened(far, allow=["localhost", "127.0.0.1"]) as http:
            answer = http.get("forum", far.url("/a"))
        expected = (far.url("/a"), far.url("/b?x=1"), far.url("/c%20d", "localhost"))
    assert answer.hops == expected
    assert answer.url == expected[-1]
    assert answer.moved_to is None


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [((301, 308), True), ((301, 302), False), ((307, 301), False), ((303,), False)],
)
def test_only_a_way_that_is_permanent_throughout_is_a_new_address(
    statuses: Sequence[int],
    moved: bool,  # noqa: FBT001 - a parameter of the table above
) -> None:
    paths = {
        f"/{n}": hostile.redirect(f"/{n + 1}", status) for n, status in enumerate(statuses)
    } | {f"/{len(statuses)}": OK}
    with hostile.serve(paths) as far, opened(far) as http:
        answer = http.get("forum", far.url("/0"))
        assert answer.moved_to == (far.url(f"/{len(statuses)}") if moved else None)


PRIVATE = {"Authorization": f"Bearer {SECRET}", "X-Api-Key": SECRET, "Cookie": f"id={SECRET}"}


def test_what_was_told_to_one_origin_is_not_told_to_another() -> None:
    with hostile.serve({"/": OK}) as other:
        paths = {"/": hostile.redirect("/in"), "/in": hostile.redirect(other.url("/"))}
        with hostile.serve(paths) as far, opened(far, other) as http:
            http.get(
                "forum",
                far.url("/"),
                headers={"X-Client": "us"},
                secret_headers=PRIVATE,
                etag='"7"',
                accept="text/html",
            )
        for asked in far.asked:
            assert asked.headers["authorization"] == f"Bearer {SECRET}"
            assert asked.headers["x-client"] == "us"
    stranger = other.asked[0].headers
    assert not stranger.keys() & {"authorization", "x-api-key", "cookie", "x-client"}
    assert SECRET not in str(stranger)
    assert (stranger["accept"], stranger["if-none-match"]) == ("text/html", '"7"')


def test_what_was_left_behind_stays_behind_on_the_way_back() -> None:
    paths: dict[str, hostile.Behaviour] = {"/back": OK}
    with (
        hostile.serve(paths) as far,
        hostile.serve({"/": hostile.redirect(far.url("/back"))}) as via,
    ):
        paths["/"] = hostile.redirect(via.url("/"))
        with opened(far, via) as http:
            http.get("forum", far.url("/"), secret_headers=PRIVATE)
    assert [asked.headers.get("x-api-key") for asked in far.asked] == [SECRET, None]


def test_a_refusal_after_a_redirect_says_that_the_key_was_left_behind() -> None:
    with (
        hostile.serve({"/": hostile.answer(status=401)}) as other,
        hostile.serve({"/": hostile.redirect(other.url("/"))}) as far,
        opened(far, other) as http,
        pytest.raises(RefusedError, match="check the key; it redirected elsewhere"),
    ):
        http.get("forum", far.url("/"), secret_headers=PRIVATE)


@pytest.mark.parametrize(
    ("behaviour", "kind", "says"),
    [
        (hostile.redirect("/"), RefusedError, "redirects in a circle"),
        (hostile.answer(status=302), GarbledError, "HTTP 302, but it does not say where"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_told(
    behaviour: hostile.Behaviour, kind: type[OutsideError], says: str
) -> None:
    told = fault(behaviour)
    assert isinstance(told, kind)
    assert says in told.reason


def test_too_many_redirects_are_refused() -> None:
    paths = {f"/{n}": hostile.redirect(f"/{n + 1}") for n in range(9)}
    with hostile.serve(paths | {"/9": OK}) as far:
        with opened(far) as http:
            assert http.get("forum", far.url("/4")).hops[-1] == far.url("/9")
            with pytest.raises(RefusedError, match="redirects more than 5 times"):
                http.get("forum", far.url("/3"))
        with opened(far, max_redirects=0) as http:
            assert http.get("forum", far.url("/9")).body == b"hi"
            with pytest.raises(RefusedError, match="more than 0 times"):
                http.get("forum", far.url("/8"))
