"""Tell stories to the store as a channel would, in a line each."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from rules import identity
from schemas.channel import Fetched, Removal, Saved
from schemas.story import Content, Moderation, Reference, Telling
from steps import tellings as kept
from store import landings
from store.database import Engine, one_writer, writing
from tests import make

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)

_NOTHING = Fetched(payload=b"", media_type="application/json")


def telling(
    external_id: str,
    text: str = "It was good.",
    *,
    channel: str = "opinion",
    publisher: str = "opinion.example",
    also: Sequence[tuple[str, str]] = (),
    origin: tuple[str, str] | None = None,
    hour: int | None = None,
    codes: tuple[str, ...] = (),
    **content: object,
) -> Telling:
    """Tell one story; `also` are further names, `hour` is when the channel last changed it."""
    own = Reference(publisher=publisher, external_id=external_id)
    first = Reference(publisher=origin[0], external_id=origin[1]) if origin else own
    others = [Reference(publisher=p, external_id=e) for p, e in also]
    told: Content = make.content(
        body=f"<p>{text}</p>",
        body_text=text,
        origin=first,
        moderation=Moderation(codes=codes),
        **content,
    )
    canonical = told.model_dump_json()
    return Telling(
        channel=channel,
        external_id=external_id,
        references=tuple(dict.fromkeys((own, first, *others))),
        is_origin=origin is None,
        told_at=None if hour is None else MONDAY + timedelta(hours=hour),
        content=told,
        canonical=canonical,
        fingerprint=sha256(canonical.encode()).hexdigest(),
    )


def tell(
    engine: Engine,
    *tellings: Telling,
    removed: Sequence[tuple[str, str]] = (),
    now: datetime = MONDAY,
) -> Saved:
    """Keep a page of tellings, and of removals as (channel, external id)."""
    with writing(engine) as connection:
        one_writer(connection)
        landing = landings.add(connection, "opinion", "made/1", _NOTHING, now)
        removals = [(key, Removal(external_id=key[1])) for key in removed]
        known = kept.known_of(connection, tellings, [key for key, _ in removals])
        plan = identity.decide_page(tellings, removals, known, landing)
        kept.write(connection, plan, landing, now)
    return plan.saved


def retold(
    external_id: str,
    text: str = "It was good.",
    *,
    also: Sequence[tuple[str, str]] = (),
    origin: tuple[str, str] | None = None,
) -> Telling:
    """Tell one story on a second channel."""
    return telling(
        external_id, text, channel="other", publisher="other.example", also=also, origin=origin
    )
