"""Keep the tokens that open feeds and reports: their digests, never themselves."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from schemas.errors import UnknownError
from schemas.partner import Token
from schemas.tables import micros, moment, moment_or_none, tokens
from store import _sets
from store.database import Connection


class Known(NamedTuple):
    """A token, and when it last opened anything."""

    token: Token
    last_used_at: datetime | None


def add(connection: Connection, token: Token) -> None:
    """Keep a new token."""
    row = {
        "id": token.id,
        "partner": token.partner,
        "use": token.use,
        "digest": token.digest,
        "created_at": micros(token.created_at),
        "expires_at": _micros(token.expires_at),
        "revoked_at": _micros(token.revoked_at),
    }
    connection.execute(sa.insert(tokens), row)


def revoke(connection: Connection, token_id: str, at: datetime) -> bool:
    """End a token; False where it had ended before, and keeps the time of that."""
    query = sa.select(tokens.c.revoked_at).where(tokens.c.id == token_id)
    row = connection.execute(query).first()
    if row is None:
        raise _unknown(token_id)
    if row[0] is not None:
        return False
    connection.execute(
        sa.update(tokens).where(tokens.c.id == token_id).values(revoked_at=micros(at))
    )
    return True


def every(connection: Connection) -> list[Known]:
    """Read all tokens, in the order of their making."""
    query = sa.select(tokens).order_by(tokens.c.created_at, tokens.c.id)
    return [_known(row) for row in connection.execute(query).mappings()]


def of(connection: Connection, partner: str) -> list[Known]:
    """Read the tokens of one partner, in the order of their making."""
    query = (
        sa.select(tokens)
        .where(tokens.c.partner == partner)
        .order_by(tokens.c.created_at, tokens.c.id)
    )
    return [_known(row) for row in connection.execute(query).mappings()]


def find(connection: Connection, token_id: str) -> Token:
    """Read one token; an UnknownError where there is none."""
    query = sa.select(tokens).where(tokens.c.id == token_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _unknown(token_id)
    return _known(row).token


def end_by(connection: Connection, token_id: str, at: datetime) -> bool:
    """Let a token end at a time; False, and nothing moves, where it ends by then as it is."""
    done = connection.execute(
        sa.update(tokens)
        .where(
            tokens.c.id == token_id,
            tokens.c.revoked_at.is_(None),
            sa.or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > micros(at)),
        )
        .values(expires_at=micros(at))
    )
    return done.rowcount > 0


def note_use(connection: Connection, used: Mapping[str, datetime]) -> None:
    """Note when tokens were last used; an older time never takes the place of a newer."""
    if not used:
        return
    ids = sorted(used)
    wanted = _sets.keys(connection, "k", id=ids, at=[micros(used[token_id]) for token_id in ids])
    statement = sa.text(
        f"UPDATE tokens SET last_used_at = k.at FROM {wanted.sql} WHERE tokens.id = k.id"
        " AND (tokens.last_used_at IS NULL OR tokens.last_used_at < k.at)"
    )
    connection.execute(statement, wanted.params)


def _known(row: sa.RowMapping) -> Known:
    token = Token(
        id=row["id"],
        partner=row["partner"],
        use=row["use"],
        digest=row["digest"],
        created_at=moment(row["created_at"]),
        expires_at=moment_or_none(row["expires_at"]),
        revoked_at=moment_or_none(row["revoked_at"]),
    )
    return Known(token, moment_or_none(row["last_used_at"]))


def _unknown(token_id: str) -> UnknownError:
    return UnknownError(f"no token has the id {token_id}: `retold token list` shows them")


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)
