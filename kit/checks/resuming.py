"""A connector that was stopped anywhere goes on from there: nothing lost, nothing twice."""

from collections.abc import Iterator
from contextlib import suppress
from typing import cast

from connectors._http import Http
from connectors.channels import Connector
from kit import far
from kit.checks import check
from kit.trial import Trial, expect
from schemas.channel import Channel, Fetched, Parsed
from schemas.errors import OutsideError

SOME = 170
_LONGEST = 64
"""Bytes of a cursor for each story that is known."""


class _Stopped(Exception):  # noqa: N818 -- it stands for a process that is killed
    """The process is gone."""


class _Stopping:
    """A connector that is stopped before a page is given: the others come as they are."""

    def __init__(self, module: Connector, pages: int, *, in_parse: bool = False) -> None:
        self._module = module
        self._pages = pages
        self._in_parse = in_parse
        self._parsed = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._module, name)

    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        for number, page in enumerate(self._module.fetch(channel, http, cursor)):
            if number == self._pages and not self._in_parse:
                raise _Stopped
            yield page

    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        self._parsed += 1
        if self._in_parse and self._parsed > self._pages:
            raise _Stopped
        return self._module.parse(channel, fetched)


def _stopping(module: Connector, pages: int, *, in_parse: bool = False) -> Connector:
    return cast("Connector", _Stopping(module, pages, in_parse=in_parse))


@check("asked")
def stopped_between_pages_it_goes_on(trial: Trial) -> None:
    """Stopped after any page, the next run brings the rest: nothing lost, nothing twice."""
    trial.world.add(SOME)
    most = len(trial.fetch())
    for _ in range(most + 1):
        with suppress(_Stopped):
            trial.ingest(module=_stopping(trial.module, 1))
    trial.ingest()
    trial.expect_kept()
    expect(len(trial.kept()) == SOME, f"{SOME} stories are kept as {len(trial.kept())}")


@check("asked")
def a_cursor_stands_for_its_page_alone(trial: Trial) -> None:
    """A page that was given but not kept is given again: its cursor came with it, not before."""
    trial.world.add(SOME)
    most = len(trial.fetch())
    for pages in range(most):
        with suppress(_Stopped):
            trial.ingest(module=_stopping(trial.module, pages, in_parse=True))
    trial.ingest()
    trial.expect_kept()


@check("pages")
def a_failure_in_mid_walk_loses_nothing(trial: Trial) -> None:
    """A source that fails after any request is read whole by the next run."""
    source = trial.server
    trial.world.add(SOME)
    for good in (1, 2, 3):
        source.trouble = far.after(good, far.status(503))
        with suppress(OutsideError):
            trial.ingest()
    source.trouble = None
    trial.ingest()
    trial.expect_kept()


@check("asked")
def every_page_has_a_small_cursor(trial: Trial) -> None:
    """Each page has a cursor: text that fits a store, and no longer than what it must remember."""
    trial.world.add(SOME)
    for page in trial.fetch():
        expect(isinstance(page.cursor, str), "a page came without a cursor to go on from")
        size = len(page.cursor or "")
        expect(size <= 500 + _LONGEST * SOME, f"a cursor of {size} bytes for {SOME} stories")
