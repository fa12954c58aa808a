"""Whatever goes wrong at the source is told as one of our errors, soon, and costs no story."""

import re
import time
from collections.abc import Callable
from contextlib import suppress

from connectors._http import Limits
from kit import far
from kit.checks import check
from kit.trial import HASTY, LIMITS, Trial, expect
from schemas.errors import (
    GarbledError,
    GoneError,
    OutsideError,
    RefusedError,
    UnreachableError,
)

FEW = 4
_SOON_S = 60.0


def _fails(
    trial: Trial,
    trouble: far.Trouble,
    *kinds: type[OutsideError],
    limits: Limits = LIMITS,
) -> OutsideError:
    """Let a source fail, then let it be well again; give the error that was raised meanwhile."""
    source = trial.server
    trial.world.add(FEW)
    source.trouble = trouble
    began = time.monotonic()
    caught: OutsideError | None = None
    try:
        trial.ingest(limits)
    except kinds as error:
        caught = error
    took = time.monotonic() - began
    source.trouble = None
    names = " or ".join(kind.__name__ for kind in kinds)
    expect(caught is not None, f"nothing was raised; {names} was due")
    expect(took < _SOON_S, f"it took {took:.0f} s to say so")
    expect(not trial.kept(), "stories are kept of an answer that was none")
    trial.ingest()
    trial.expect_kept()
    if caught is None:
        raise AssertionError
    expect(caught.who == trial.channel.id, "the error does not say which channel it is about")
    return caught


@check("http")
def status_401_is_refused(trial: Trial) -> None:
    """A 401 is a RefusedError, asked once only; nothing is lost."""
    _fails(trial, far.status(401), RefusedError)


@check("http")
def status_403_is_refused(trial: Trial) -> None:
    """A 403 is a RefusedError, asked once only; nothing is lost."""
    _fails(trial, far.status(403), RefusedError)


@check("http")
def status_404_is_told(trial: Trial) -> None:
    """A 404 of the source itself is an error to act on, never an empty source."""
    error = _fails(trial, far.status(404), RefusedError, GoneError, GarbledError)
    expect(not error.transient, "it says that trying again may help")


@check("http")
def status_410_is_gone(trial: Trial) -> None:
    """A 410 of the source itself is a GoneError: it is no more."""
    _fails(trial, far.status(410), GoneError, RefusedError)


@check("http")
def a_refusal_is_not_repeated(trial: Trial) -> None:
    """What was refused is not asked again and again."""
    source = trial.server
    trial.world.add(1)
    source.trouble = far.status(403)
    with suppress(OutsideError):
        trial.ingest()
    expect(trial.asked <= 2, f"it asked {trial.asked} times for what is refused")  # noqa: PLR2004 -- a token, a page


@check("http")
def retry_after_is_heeded(trial: Trial) -> None:
    """Told to come back in seven seconds, it waits as long, and then reads everything."""
    source = trial.server
    trial.world.add(FEW)
    source.trouble = far.status(429, times=1, Retry_After="7")
    trial.ingest()
    expect(any(slept >= 7 for slept in trial.slept), f"it waited {trial.slept} s, not 7")  # noqa: PLR2004 -- as told
    trial.expect_kept()


@check("http")
def a_long_wait_is_left_to_the_schedule(trial: Trial) -> None:
    """Told to come back in an hour, it gives up at once and says for how long."""
    error = _fails(trial, far.status(429, Retry_After="3600"), UnreachableError)
    told = getattr(error, "retry_after_s", None)
    expect(told == 3600, f"the error says {told} s, not 3600")  # noqa: PLR2004 -- as told
    expect(3600 not in trial.slept, "it waited an hour")  # noqa: PLR2004 -- as told


@check("http")
def a_short_outage_is_waited_out(trial: Trial) -> None:
    """A 500 that passes is tried again; one that stays is an UnreachableError."""
    source = trial.server
    error = _fails(trial, far.status(500), UnreachableError)
    expect(error.transient, "it says that trying again will not help")
    trial.world.add(1)
    source.trouble = far.status(502, times=1)
    trial.ingest()
    trial.expect_kept()


@check("http")
def silence_is_not_waited_for(trial: Trial) -> None:
    """A server that accepts and says nothing is given up within its time."""
    _fails(trial, far.silence, UnreachableError, limits=HASTY)


@check("http")
def a_reset_is_transient(trial: Trial) -> None:
    """A connection that is reset is an UnreachableError."""
    _fails(trial, far.reset, UnreachableError)


@check("http")
def half_a_body_is_no_answer(trial: Trial) -> None:
    """A body that ends before its announced end is an error, not a short answer."""
    _fails(trial, far.cut, UnreachableError)


@check("http")
def a_slow_drip_is_cut_off(trial: Trial) -> None:
    """A body that comes a byte at a time is given up at the deadline."""
    _fails(trial, far.drip, UnreachableError, limits=HASTY)


@check("http")
def a_flood_is_cut_off(trial: Trial) -> None:
    """A body of ten gigabytes is not read beyond what is allowed."""
    _fails(trial, far.flood, OutsideError)


@check("http")
def a_web_page_is_no_answer(trial: Trial) -> None:
    """A web page with status 200, as a maintenance page, is an error, not an empty source."""
    page = far.Reply(b"<!DOCTYPE html><html><body>Back soon</body></html>", "text/html")
    error = _fails(trial, far.instead(page), GarbledError, RefusedError)
    expect(not error.transient, "it says that trying again may help")


@check("http")
def a_web_page_in_disguise_is_no_answer(trial: Trial) -> None:
    """A web page that calls itself what was asked for is an error too."""
    page = b"<html><head><title>Sorry</title></head></html>"

    def trouble(handler: far.Handler, ask: far.Ask, answer: far.Answer) -> None:
        handler.send(far.Reply(page, answer(ask).media_type))

    _fails(trial, trouble, GarbledError, RefusedError)


@check("http")
def a_login_is_refused(trial: Trial) -> None:
    """A redirect to a login page is an error that says so, not an empty source."""
    _fails(trial, _login, RefusedError, GarbledError)


def _login(handler: far.Handler, ask: far.Ask, _answer: far.Answer) -> None:
    if ask.path == "/login":
        handler.send(far.Reply(b"<!DOCTYPE html><title>Log in</title>", "text/html"))
    else:
        handler.send(far.Reply(status=302, headers={"Location": f"{ask.origin}/login"}))


@check("http")
def a_private_address_is_not_asked(trial: Trial) -> None:
    """A redirect to an address within is refused, and not followed."""
    to = far.Reply(status=302, headers={"Location": "http://127.0.0.1:9/latest/meta-data"})
    _fails(trial, far.instead(to), RefusedError)


@check("http")
def a_redirect_takes_no_secret_along(trial: Trial) -> None:
    """Led to another origin, it brings no secret there."""
    source = trial.server
    trial.world.add(1)
    with far.play(lambda _ask: far.Reply(b"{}")) as other:
        source.trouble = far.instead(far.Reply(status=307, headers={"Location": other.origin}))
        with suppress(OutsideError):
            trial.ingest(LIMITS.model_copy(update={"allow": (other.place,)}))
        seen = "".join(f"{ask.headers} {ask.query} {ask.body!r}" for ask in other.asked)
    for name, value in trial.stage.SECRETS.items():
        expect(value not in seen, f"the secret {name!r} went along to another origin")


@check("http")
def a_wrong_media_type_costs_nothing(trial: Trial) -> None:
    """An answer under a wrong Content-Type is read for what it is, or refused; never half read."""
    _costs_nothing(
        trial, lambda r: far.Reply(r.body, "application/octet-stream", headers=r.headers)
    )


@check("http")
def a_wrong_encoding_costs_nothing(trial: Trial) -> None:
    """Bytes in another encoding than promised make no story with broken letters."""
    accented = "Très bien soigné à l'hôpital, même la nuit: café et sourires."
    told = accented.encode()
    _costs_nothing(
        trial,
        lambda r: far.Reply(r.body.replace(told, accented.encode("latin-1")), r.media_type),
        text=accented,
    )


def _costs_nothing(trial: Trial, bent: Callable[[far.Reply], far.Reply], **told: str) -> None:
    source = trial.server
    trial.world.add(FEW, **told)

    def trouble(handler: far.Handler, ask: far.Ask, answer: far.Answer) -> None:
        reply = answer(ask)
        handler.send(bent(reply) if reply.body else reply)

    source.trouble = trouble
    with suppress(OutsideError):
        trial.ingest()
    for name, kept in trial.kept().items():
        expect("\ufffd" not in kept.said, f"{name} has broken letters: {kept.said!r}")
    waiting = len(trial.refused())
    source.trouble = None
    if waiting:
        expect(waiting + len(trial.kept()) >= FEW, "records are neither kept nor in quarantine")
        trial.world.add(1)
    trial.ingest()
    if not waiting:
        trial.expect_kept()


@check("pages")
def pages_without_end_are_left(trial: Trial) -> None:
    """A source whose every page is full and names a next one is not asked on and on."""
    trial.world.add(_MANY)
    _is_left(trial)
    for piece in list(trial.world.pieces.values()):
        trial.world.edit(piece.id, reply="Thank you: we told the ward.")
    _is_left(trial)


def _is_left(trial: Trial) -> None:
    """Read a source that has no end, then the same once it has one again."""
    source, endless = trial.server, _Endless(getattr(trial.stage, "lead_on", None))
    source.trouble = endless
    with suppress(OutsideError):
        trial.ingest()
    source.trouble = None
    most = max(endless.sent.values(), default=0)
    expect(most <= _PAGES, f"of a list of the same page it asked for more than {_PAGES}")
    trial.ingest()
    trial.expect_kept()


_MANY = 230
_PAGES = 60
"""Of one list; the longest that are played have a tenth of it."""
_A_PAGE = 5_000
"""Bytes of an answer that holds a page of stories, and not a token or a single one."""


class _Endless:
    """Send the first page of each list whichever is asked for, until it was enough."""

    def __init__(self, lead_on: Callable[[far.Reply, int], far.Reply] | None) -> None:
        self._lead_on = lead_on or (lambda page, _: page)
        self._first: dict[str, far.Reply] = {}
        self.sent: dict[str, int] = {}

    def __call__(self, handler: far.Handler, ask: far.Ask, answer: far.Answer) -> None:
        """Answer one request."""
        of, reply = re.sub(r"\d+", "", ask.path), answer(ask)
        if of not in self._first and len(reply.body) > _A_PAGE:
            self._first[of] = reply
        if of not in self._first:
            handler.send(reply)
            return
        number = self.sent[of] = self.sent.get(of, 0) + 1
        enough = number > _PAGES
        handler.send(
            far.Reply(b"{}", status=403) if enough else self._lead_on(self._first[of], number)
        )
