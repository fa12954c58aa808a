from datetime import timedelta

import pytest

from schemas.errors import UnknownError
from schemas.partner import Token
from store import tokens
from store.database import Connection
from tests.make import NOON

LATER = NOON + timedelta(hours=1)


def token(token_id: str, **fields: object) -> Token:
    given = {
        "id": token_id,
        "partner": "nhs",
        "use": "feed",
        "digest": "d" * 64,
        "created_at": NOON,
        "expires_at": NOON + timedelta(days=30),
    }
    return Token.model_validate(given | fields)


def test_tokens_are_read_back_as_they_were_kept_in_the_order_of_their_making(
    connection: Connection,
) -> None:
    kept = [token("b"), token("a", created_at=LATER, expires_at=None, revoked_at=LATER)]
    for one in reversed(kept):
        tokens.add(connection, one)
    assert [known.token for known in tokens.every(connection)] == kept


def test_a_token_is_revoked_once_and_keeps_that_time(connection: Connection) -> None:
    tokens.add(connection, token("a"))
    assert tokens.revoke(connection, "a", NOON)
    assert not tokens.revoke(connection, "a", LATER)
    assert tokens.every(connection)[0].token.revoked_at == NOON


def test_revoking_a_token_nobody_issued_says_so(connection: Connection) -> None:
    with pytest.raises(UnknownError, match="no token has the id a"):
        tokens.revoke(connection, "a", NOON)


def test_the_last_use_of_a_token_never_goes_back(connection: Connection) -> None:
    for token_id in ("a", "b", "c"):
        tokens.add(connection, token(token_id))
    tokens.note_use(connection, {"b": LATER, "a": NOON, "nobody": NOON})
    tokens.note_use(connection, {"b": NOON, "a": LATER})
    tokens.note_use(connection, {})
    used = {known.token.id: known.last_used_at for known in tokens.every(connection)}
    assert used == {"a": LATER, "b": LATER, "c": None}
