"""Give out the tokens that open feeds and reports, and take them back."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from schemas.config import Config
from schemas.errors import UnknownError, UnknownKindError
from schemas.partner import Token
from store import runs, tokens
from store.database import Engine, reading, writing
from store.tokens import Known

USES = ("feed", "report")

_ID_BYTES, _SECRET_BYTES = 6, 32
"""Eight characters to speak of a token by, and forty-three that nobody guesses."""

# Ids are typed after commands, where a dash would begin an option, and split off at the lines.
_TYPEABLE = str.maketrans("-_", "xy")


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
    token_id = chance(_ID_BYTES).translate(_TYPEABLE)
    clear = f"rt_{use}_{token_id}_{chance(_SECRET_BYTES)}"
    token = Token(
        id=token_id,
        partner=partner,
        use=use,
        digest=sha256(clear.encode()).hexdigest(),
        created_at=now,
        expires_at=None if days is None else now + timedelta(days=days),
    )
    with writing(engine) as connection:
        tokens.add(connection, token)
    return clear


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


def withdraw(engine: Engine, who: str, token_id: str, now: datetime) -> None:
    """End a token for good, and note in the audit who did."""
    revoke(engine, token_id, now)
    with writing(engine) as connection:
        runs.note(connection, who, "token revoked", token_id, {}, now)
