import re
from datetime import timedelta
from hashlib import sha256

import pytest

from schemas.errors import ConflictError, UnknownError, UnknownKindError
from steps import tokens
from store import runs
from store.database import Engine, reading
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


def test_a_rotated_token_lives_on_for_seven_days_beside_the_new_one(engine: Engine) -> None:
    old = tokens.issue(engine, "nhs", "feed", NOON)
    made = tokens.rotate(engine, "somebody", old[8:16], NOON)
    week = NOON + timedelta(days=7)
    assert made.old.id == old[8:16]
    assert made.old.expires_at == week
    known = {one.token.id: one.token for one in tokens.listing(engine)}
    assert known == {made.old.id: made.old, made.token.id: made.token}
    assert made.token.digest == sha256(made.clear.encode()).hexdigest()
    assert made.clear.split("_")[2] == made.token.id
    assert (made.token.partner, made.token.use) == ("nhs", "feed")
    assert made.token.expires_at is None
    assert [made.old.is_live(at) for at in (week - timedelta(seconds=1), week)] == [True, False]


def test_a_rotation_is_noted_in_the_audit_without_any_secret(engine: Engine) -> None:
    old = tokens.issue(engine, "nhs", "report", NOON)
    made = tokens.rotate(engine, "somebody", old[10:18], NOON)
    with reading(engine) as connection:
        [act] = runs.acts(connection)
        assert runs.broken_act(connection) is None
    assert (act.who, act.action, act.subject) == ("somebody", "token rotated", "nhs")
    assert (act.detail["from"], act.detail["to"]) == (made.old.id, made.token.id)
    for clear in (old, made.clear):
        assert clear[20:] not in act.model_dump_json()


def test_a_new_token_ends_when_the_old_one_would_have(engine: Engine) -> None:
    old = tokens.issue(engine, "nhs", "feed", NOON, days=30)
    made = tokens.rotate(engine, "somebody", old[8:16], NOON)
    assert made.token.expires_at == NOON + timedelta(days=30)


def test_a_token_that_is_ending_or_has_ended_is_not_rotated(engine: Engine) -> None:
    """Twice would be two new tokens, and a week would become for ever."""
    ending = tokens.issue(engine, "nhs", "feed", NOON, days=7)
    revoked = tokens.issue(engine, "nhs", "feed", NOON)
    rotated = tokens.issue(engine, "nhs", "feed", NOON)
    tokens.revoke(engine, revoked[8:16], NOON)
    tokens.rotate(engine, "somebody", rotated[8:16], NOON)
    before = tokens.listing(engine)
    for one in (ending, revoked, rotated):
        with pytest.raises(ConflictError, match=r"ends within 7 days or has ended"):
            tokens.rotate(engine, "somebody", one[8:16], NOON)
    assert tokens.listing(engine) == before


def test_rotating_a_token_nobody_issued_says_so(engine: Engine) -> None:
    with pytest.raises(UnknownError, match="no token has the id"):
        tokens.rotate(engine, "somebody", "abcdefgh", NOON)


def test_whoever_revokes_a_stolen_token_hears_what_the_thief_made_of_it(engine: Engine) -> None:
    stolen = tokens.issue(engine, "nhs", "feed", NOON)[8:16]
    tokens.issue(engine, "nhs", "feed", NOON)
    first = tokens.rotate(engine, stolen, stolen, NOON).token.id
    second = tokens.rotate(engine, first, first, NOON).token.id
    assert tokens.withdraw(engine, "ash", stolen, NOON) == [first, second]
    assert tokens.withdraw(engine, "ash", first, NOON) == [second]
    assert tokens.withdraw(engine, "ash", stolen, NOON) == [second]
    assert tokens.withdraw(engine, "ash", second, NOON) == []
    with reading(engine) as connection:
        assert [act.action for act in runs.acts(connection, 4)] == ["token revoked"] * 4
