"""Give out the tokens that open feeds and reports, and take them back."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from schemas.config import Config
from schemas.errors import ConflictError, UnknownError, UnknownKindError
from schemas.partner import Token
from store import runs, tokens
from store.database import Connection, Engine, reading, writing
from store.tokens import Known

USES = ("feed", "report")

_ID_BYTES, _SECRET_BYTES = 6, 32
"""Eight characters to speak of a token by, and forty-three that nobody guesses."""

# Ids are typed after commands, where a dash would begin an option, and split off at the lines.
_TYPEABLE = str.maketrans("-_", "xy")


_ROTATED = "token rotated"

GRACE_DAYS = 7
"""How long a token lives on beside the one that takes its place."""


class Rotated(NamedTuple):
    """A token that took the place of another."""

    clear: str
    """The only copy there will ever be."""
    token: Token
    old: Token
    """The one before, as it ends now."""


def issue(
    engine: Engine,
    partner: str,
    use: str,
    now: datetime,
    days: int | None = None,
    chance: Callable[[int], str] = secrets.token_urlsafe,
) -> str:
    """Make a token of a partner, for `feed` or `report`; without `days` it never expires.

    What is returned is the only copy there will ever be: just its digest is kept.
    """
    if use not in USES:
        raise UnknownKindError(f"{use} is no use of a token: say {' or '.join(USES)}")
    expires_at = None if days is None else now + timedelta(days=days)
    clear, token = _mint(partner, use, now, expires_at, chance)
    with writing(engine) as connection:
        tokens.add(connection, token)
    return clear


def rotate(
    engine: Engine,
    who: str,
    token_id: str,
    now: datetime,
    chance: Callable[[int], str] = secrets.token_urlsafe,
) -> Rotated:
    """Make a token in the place of another, which ends a few days later; note in the audit who did.

    The new one ends when the old one would have: rotating never lengthens what was given. So a
    token that ends within those days anyway, or has ended, is refused with a ConflictError.
    """
    until = now + timedelta(days=GRACE_DAYS)
    with writing(engine, durable=True) as connection:  # what is shown once must open later
        old = tokens.find(connection, token_id)
        if not tokens.end_by(connection, token_id, until):
            raise ConflictError(
                f"token {token_id} ends within {GRACE_DAYS} days or has ended, and is not rotated:"
                " use the one that took its place, or have one made"
            )
        clear, token = _mint(old.partner, old.use, now, old.expires_at, chance)
        tokens.add(connection, token)
        detail = {"from": old.id, "to": token.id, "until": until}
        runs.note(connection, who, _ROTATED, old.partner, detail, now)
    return Rotated(clear, token, old.model_copy(update={"expires_at": until}))


def _mint(
    partner: str,
    use: str,
    now: datetime,
    expires_at: datetime | None,
    chance: Callable[[int], str],
) -> tuple[str, Token]:
    token_id = chance(_ID_BYTES).translate(_TYPEABLE)
    clear = f"rt_{use}_{token_id}_{chance(_SECRET_BYTES)}"
    token = Token(
        id=token_id,
        partner=partner,
        use=use,
        digest=sha256(clear.encode()).hexdigest(),
        created_at=now,
        expires_at=expires_at,
    )
    return clear, token


def revoke(engine: Engine, token_id: str, now: datetime) -> bool:
    """End a token for good; an UnknownError where there is none. Twice is once, and says False."""
    with writing(engine) as connection:
        return tokens.revoke(connection, token_id, now)


def listing(engine: Engine) -> list[Known]:
    """List every token there ever was, with its last use."""
    with reading(engine) as connection:
        return tokens.every(connection)


def create(
    engine: Engine,
    config: Config,
    who: str,
    partner: str,
    use: str,
    now: datetime,
    days: int | None = None,
) -> str:
    """Make a token for somebody who is configured, and note in the audit who did."""
    known = {p.id for p in config.partners} | (
        set(config.platforms()) if use == "report" else set()
    )
    if partner not in known:
        named = ", ".join(sorted(known)) or "none"
        raise UnknownError(f"nobody called {partner} may have a {use} token; there are: {named}")
    clear = issue(engine, partner, use, now, days)
    with writing(engine) as connection:
        runs.note(connection, who, "token created", partner, {"use": use, "days": days}, now)
    return clear


def withdraw(engine: Engine, who: str, token_id: str, now: datetime) -> list[str]:
    """End a token for good, and note in the audit who did; name what took its place and opens yet.

    Whoever stole a token may have rotated it before it was missed.
    """
    with writing(engine) as connection:
        tokens.revoke(connection, token_id, now)
        runs.note(connection, who, "token revoked", token_id, {}, now)
        return _successors(connection, tokens.find(connection, token_id), now)


def _successors(connection: Connection, token: Token, now: datetime) -> list[str]:
    came_of = [token.id]
    for act in runs.acts_on(connection, _ROTATED, token.partner):
        if act.detail["from"] in came_of:  # a token is made before it is rotated
            came_of.append(act.detail["to"])
    live = {one.token.id for one in tokens.of(connection, token.partner) if one.token.is_live(now)}
    return [one for one in came_of if one in live]
