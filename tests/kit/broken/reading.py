"""Connectors that read too little, or too much."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from connectors._http import Http
from schemas.channel import Channel, Fetched, Parsed
from schemas.errors import GarbledError
from schemas.story import Draft
from tests.kit.broken import breaks
from tests.kit.ward import LIMIT, Ward


@breaks("reads_everything")
class FirstPageOnly(Ward):
    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        for page in super().fetch(channel, http, cursor):
            yield page
            return


@breaks("an_empty_source_is_no_fault")
class AfraidOfNothing(Ward):
    def notes(self, who: str, raw: bytes) -> list[Any]:
        found = super().notes(who, raw)
        if not found:
            raise GarbledError(who, "there is no note")
        return found


@breaks("a_single_story_is_read")
class WantsSeveral(Ward):
    def notes(self, who: str, raw: bytes) -> list[Any]:
        found = super().notes(who, raw)
        return found if len(found) > 1 else []


@breaks("second_run_is_quiet")
class ForgetsItsCursor(Ward):
    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        del cursor
        yield from super().fetch(channel, http, None)


@breaks("a_later_run_brings_what_is_new")
class AsksForEachNote(Ward):
    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        if cursor:
            for offset in range(LIMIT):
                self.ask(channel, http, {"offset": offset, "limit": 1})
        yield from super().fetch(channel, http, cursor)


@breaks("the_same_moment_hides_no_story")
class StrictlyLater(Ward):
    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        for page in super().fetch(channel, http, cursor):
            moment = (page.cursor or "").partition(" ")[0]
            yield page.model_copy(update={"cursor": f"{moment} ~"})


@breaks("reading_twice_gives_the_same")
class NamesByChance(Ward):
    def draft(self, note: dict[str, Any]) -> Draft:
        return super().draft(note).model_copy(update={"external_id": uuid4().hex})


@breaks("plenty_is_read_in_bounds")
class Hoards(Ward):
    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        yield from [
            page
            for page in super().fetch(channel, http, cursor)
            for _ in self.ask(channel, http, {"limit": 1})
        ]


@breaks("a_look_is_cheap")
class AsksAboutEachNote(Ward):
    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        for page in super().fetch(channel, http, cursor):
            for _ in self.notes(channel.id, page.payload):
                self.ask(channel, http, {"limit": 1})
            yield page


@breaks("a_look_writes_nothing")
class LooksAway(Ward):
    def peek(self, channel: Channel, http: Http) -> Fetched:
        raw, _ = self.ask(channel, http, {"limit": 0})
        return self.page(raw, None)


@breaks("a_list_that_grows_hides_nothing")
class CountsToTheTotal(Ward):
    """It reads the newest first, and is content once it has met as many as there were."""

    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        if cursor:
            yield from super().fetch(channel, http, cursor)
            return
        newest, pages, left = "", list[bytes](), 230
        while left:
            asked: dict[str, str | int] = {
                "order": "desc",
                "offset": 230 - left,
                "limit": min(LIMIT, left),
            }
            raw, notes = self.ask(channel, http, asked)
            left -= len(notes)
            newest = newest or f"{notes[0]['changed']} {notes[0]['id']}"
            pages.append(raw)
        for raw in pages:
            yield self.page(raw, newest)


@breaks("a_list_that_shrinks_hides_nothing")
class CountsByOffset(Ward):
    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        offset, after = 0, cursor or ""
        while True:
            asked: dict[str, str | int] = {"after": cursor or "", "offset": offset, "limit": LIMIT}
            raw, notes = self.ask(channel, http, asked)
            if notes:
                after = f"{notes[-1]['changed']} {notes[-1]['id']}"
                yield self.page(raw, after)
            if len(notes) < LIMIT:
                return
            offset += LIMIT


@breaks("stopped_between_pages_it_goes_on")
class CursorAhead(Ward):
    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        pages = list(super().fetch(channel, http, cursor))
        for page in pages:
            yield page.model_copy(update={"cursor": pages[-1].cursor})


@breaks("a_cursor_stands_for_its_page_alone")
class TrustsItsMemory(Ward):
    at: str | None = None

    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        for page in super().fetch(channel, http, cursor and (self.at or cursor)):
            self.at = page.cursor
            yield page


@breaks("every_page_has_a_small_cursor")
class NoCursor(Ward):
    def page(self, raw: bytes, cursor: str | None) -> Fetched:  # noqa: ARG002 -- that is the fault
        return super().page(raw, None)


@breaks("an_edit_is_seen")
class NamesByWords(Ward):
    def draft(self, note: dict[str, Any]) -> Draft:
        return super().draft(note).model_copy(update={"external_id": note["text"]})


@breaks("a_reply_is_seen")
class DeafToReplies(Ward):
    def draft(self, note: dict[str, Any]) -> Draft:
        return super().draft(note | {"reply": None})


@breaks("a_removal_is_seen")
class KeepsWhatIsGone(Ward):
    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        return super().parse(channel, fetched).model_copy(update={"removals": ()})


@breaks("a_removed_story_can_return")
class NeverForgives(Ward):
    def __init__(self) -> None:
        self.gone: set[str] = set()

    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        parsed = super().parse(channel, fetched)
        self.gone |= {removal.external_id for removal in parsed.removals}
        kept = tuple(draft for draft in parsed.drafts if draft.external_id not in self.gone)
        return parsed.model_copy(update={"drafts": kept})
