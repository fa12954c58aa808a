import re
from datetime import timedelta
from hashlib import sha256

import pytest

from schemas.errors import UnknownError, UnknownKindError
from steps import tokens
from store.database import Engine
from tests.make import NOON


def test_a_token_is_shown_once_and_only_its_digest_is_kept(sqlite_engine: Engine) -> None:
    clear = tokens.issue(sqlite_engine, "nhs", "feed", NOON, days=30)
    assert re.fullmatch(r"rt_feed_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{43}", clear)
    [known] = tokens.listing(sqlite_engine)
    assert known.token.digest == sha256(clear.encode()).hexdigest()
    assert clear.rpartition("_")[2] not in known.token.model_dump_json()
    assert known.token.id == clear[8:16]
    assert known.token.expires_at == NOON + timedelta(days=30)
    assert known.last_used_at is None


def test_the_id_of_a_token_can_be_typed_after_a_command(sqlite_engine: Engine) -> None:
    clear = tokens.issue(sqlite_engine, "nhs", "report", NOON, chance=lambda n: "-_"[n % 2] * 8)
    assert tokens.listing(sqlite_engine)[0].token.id == "xxxxxxxx"
    assert clear == "rt_report_xxxxxxxx_--------"


def test_a_token_without_days_never_expires_until_it_is_revoked(sqlite_engine: Engine) -> None:
    tokens.issue(sqlite_engine, "nhs", "feed", NOON)
    [known] = tokens.listing(sqlite_engine)
    assert known.token.is_live(NOON + timedelta(days=40_000))
    assert tokens.revoke(sqlite_engine, known.token.id, NOON)
    assert not tokens.revoke(sqlite_engine, known.token.id, NOON)
    assert not tokens.listing(sqlite_engine)[0].token.is_live(NOON)


def test_a_token_is_for_a_feed_or_a_report_and_nothing_else(sqlite_engine: Engine) -> None:
    with pytest.raises(UnknownKindError, match="say feed or report"):
        tokens.issue(sqlite_engine, "nhs", "admin", NOON)


def test_revoking_a_token_nobody_issued_says_so(sqlite_engine: Engine) -> None:
    with pytest.raises(UnknownError):
        tokens.revoke(sqlite_engine, "abcdefgh", NOON)
