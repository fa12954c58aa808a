"""Connectors that mishandle single records, and the words in them."""

from typing import Any

from schemas.channel import Channel, DateReading, Faulty, Fetched, Parsed, Skipped
from schemas.errors import GarbledError
from schemas.story import Draft
from tests.kit.broken import breaks
from tests.kit.ward import Ward


@breaks("a_bad_record_goes_to_quarantine")
class DropsTheBad(Ward):
    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        return super().parse(channel, fetched).model_copy(update={"faulty": ()})


@breaks("mostly_bad_is_doubted")
class SkipsTheBad(Ward):
    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        parsed = super().parse(channel, fetched)
        skipped = tuple(Skipped(code="bad", external_id=f.external_id) for f in parsed.faulty)
        return parsed.model_copy(update={"faulty": (), "skipped": skipped})


@breaks("a_bad_record_can_be_read_again")
class KeepsHalfTheBytes(Ward):
    def faulty(self, note: Any, error: Exception) -> Faulty:
        return super().faulty(note, error).model_copy(update={"payload": b'{"notes":[]}'})


@breaks("a_mended_record_leaves_quarantine")
class HoldsAGrudge(Ward):
    def __init__(self) -> None:
        self.bad: set[str | None] = set()

    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        parsed = super().parse(channel, fetched)
        self.bad |= {one.external_id for one in parsed.faulty}
        kept = tuple(draft for draft in parsed.drafts if draft.external_id not in self.bad)
        return parsed.model_copy(update={"drafts": kept})


@breaks("junk_is_garbled")
class Stumbles(Ward):
    def notes(self, who: str, raw: bytes) -> list[Any]:
        try:
            return super().notes(who, raw)
        except GarbledError as error:
            raise ValueError(raw) from error


@breaks("hostile_text_is_made_safe")
class CutsAtMarkup(Ward):
    def draft(self, note: dict[str, Any]) -> Draft:
        return super().draft(note | {"text": note["text"].partition("<")[0].partition("&")[0]})


@breaks("a_huge_title_stops_nothing")
class GivesUpOnOne(Ward):
    def draft(self, note: dict[str, Any]) -> Draft:
        if len(note["title"]) > 10_000:
            raise GarbledError("ward", "a title is too long")
        return super().draft(note)


@breaks("times_keep_their_instant")
class TakesUtcForLondon(Ward):
    def draft(self, note: dict[str, Any]) -> Draft:
        bare = {name: note[name].removesuffix("+00:00") for name in ("told", "changed")}
        return super().draft(note | bare)

    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        reading = DateReading(zone="America/New_York")
        return super().parse(channel, fetched).model_copy(update={"reading": reading})


@breaks("any_words_come_through")
class KnowsAsciiOnly(Ward):
    def draft(self, note: dict[str, Any]) -> Draft:
        return super().draft(note | {"text": note["text"].encode("ascii", "ignore").decode()})


@breaks("a_new_field_changes_nothing")
class KnowsEveryField(Ward):
    def draft(self, note: dict[str, Any]) -> Draft:
        unknown = note.keys() - {"id", "title", "text", "told", "changed", "gone", "reply"}
        if unknown:
            raise ValueError(f"nobody knows {sorted(unknown)}")
        return super().draft(note)


@breaks("a_new_field_changes_nothing")
class KeepsEveryField(Ward):
    def draft(self, note: dict[str, Any]) -> Draft:
        return super().draft(note).model_copy(update={"ext": note})
