"""A small made-up source and a connector that reads it well: what the broken ones are made of.

Spec: https://ward.example/api (made up: notes in the order of their last change)
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from pydantic import ConfigDict

from connectors._http import Http
from connectors.channels import told
from kit.far import Ask, Reply, as_json
from kit.world import Piece, World
from schemas.channel import Channel, Faulty, Fetched, Options, Parsed, Removal, Tells
from schemas.errors import GarbledError, RefusedError
from schemas.story import Draft, DraftResponse

KEY = "ward-canary-2b8e"
LIMIT = 50


class Opts(Options):
    """What a ward's channel may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    base_url: str
    """Where the API begins."""
    order: str | None = None
    """How the list is sorted."""


class Ward:
    """Read a ward's notes. Spec: https://ward.example/api."""

    VERSION = "1"
    OPTIONS: type[Options] = Opts
    SECRETS: tuple[str, ...] = ("key",)
    EVERY = "1h"
    TELLS: frozenset[Tells] = frozenset({Tells.EDITS, Tells.REMOVALS, Tells.REPLIES})

    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        """Go on behind the last note that is known, by when it was changed and its id."""
        after = cursor or ""
        while True:
            raw, notes = self.ask(channel, http, {"after": after, "limit": LIMIT})
            self.require_more(channel.id, after, notes)
            if notes:
                after = f"{notes[-1]['changed']} {notes[-1]['id']}"
                yield self.page(raw, after)
            if len(notes) < LIMIT:
                return

    def require_more(self, who: str, after: str, notes: list[Any]) -> None:
        """Refuse a full list that does not lead on."""
        if len(notes) == LIMIT and f"{notes[-1]['changed']} {notes[-1]['id']}" == after:
            raise GarbledError(who, "page after page holds the same")

    def ask(
        self, channel: Channel, http: Http, params: Mapping[str, str | int]
    ) -> tuple[bytes, list[Any]]:
        """Ask for a list of notes."""
        raw = self.get(channel, http, params)
        return raw, self.notes(channel.id, raw)

    def get(self, channel: Channel, http: Http, params: Mapping[str, str | int]) -> bytes:
        """Ask for the bytes of a list."""
        answer = http.get(
            channel.id,
            f"{told(channel, Opts).base_url}/notes",
            params=params,
            secret_headers={"X-Key": channel.secrets.get("key", "")},
        )
        if len(answer.hops) > 1:
            raise RefusedError(channel.id, "we were led elsewhere: check the secret `key`")
        return answer.body

    def notes(self, who: str, raw: bytes) -> list[Any]:
        """Read the notes of a list."""
        try:
            found = orjson.loads(raw)["notes"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise GarbledError(who, "there are no notes in it") from error
        if not isinstance(found, list):
            raise GarbledError(who, "the notes are no list")
        return found

    def page(self, raw: bytes, cursor: str | None) -> Fetched:
        """Give a list as a page."""
        return Fetched(payload=raw, media_type="application/json", cursor=cursor)

    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        """Sort the notes of a page."""
        drafts, removals, faulty = [], [], []
        for note in self.notes(channel.id, fetched.payload):
            try:
                if note["gone"]:
                    removals.append(Removal(external_id=note["id"]))
                else:
                    drafts.append(self.draft(note))
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                faulty.append(self.faulty(note, error))
        return Parsed(drafts=tuple(drafts), removals=tuple(removals), faulty=tuple(faulty))

    def draft(self, note: dict[str, Any]) -> Draft:
        """Make a draft of a note."""
        reply = note["reply"]
        return Draft(
            external_id=note["id"],
            title=note["title"],
            body=note["text"].strip(),
            published_at=note["told"],
            updated_at=note["changed"],
            responses=(DraftResponse(body=reply),) if reply else (),
        )

    def faulty(self, note: Any, error: Exception) -> Faulty:
        """Set a note aside."""
        return Faulty(
            payload=orjson.dumps({"notes": [note]}),
            media_type="application/json",
            code="bad_note",
            reason=str(error),
            external_id=note.get("id") if isinstance(note, dict) else None,
        )


class WardStage:
    """Plays the ward's API."""

    SECRETS: Mapping[str, str] = {"key": KEY}
    BYPASS: Mapping[str, str] = {}
    PLENTY = 3_000
    PROMISED: Mapping[str, Any] = {
        "base_url": {"takes": ["string"], "needed": True},
        "order": {"takes": ["string", "null"], "needed": False},
    }

    def options(self, place: str) -> Mapping[str, Any]:
        return {"base_url": place}

    def name(self, piece: Piece) -> str:
        return f"n{piece.id}"

    def answer(self, world: World, ask: Ask) -> Reply:
        if ask.headers.get("x-key") != KEY:
            return as_json({"message": "no"}, 401)
        if ask.path != "/notes":
            return as_json({"message": "no such thing"}, 404)
        notes = sorted(map(self.note, world.pieces.values()), key=lambda n: (n["changed"], n["id"]))
        if ask.query.get("order") == "desc":
            notes.reverse()
        after, start = ask.query.get("after", ""), int(ask.query.get("offset", 0))
        found = [n for n in notes if f"{n['changed']} {n['id']}" > after][start:]
        return as_json({"notes": found[: int(ask.query["limit"])], "total": len(notes)})

    def note(self, piece: Piece) -> dict[str, Any]:
        return {
            "id": self.name(piece),
            "title": piece.title,
            "text": None if piece.broken else piece.text,
            "told": piece.told_at.isoformat(),
            "changed": piece.changed_at.isoformat(),
            "gone": piece.gone,
            "reply": piece.reply,
        }
