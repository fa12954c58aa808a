from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

import pytest

from schemas.partner import Token
from tests.make import NOON
from web import keys
from web.keys import Keyring

CLEAR = "rt_feed_abcdefgh_" + "s-_" * 14 + "e"


def token(clear: str = CLEAR, **fields: object) -> Token:
    given = {
        "id": clear.split("_")[2],
        "partner": "nhs",
        "use": "feed",
        "digest": sha256(clear.encode()).hexdigest(),
        "created_at": NOON,
    }
    return Token.model_validate(given | fields)


def basic(words: bytes) -> dict[bytes, bytes]:
    return {b"authorization": b"Basic " + b64encode(words)}


def test_a_token_is_found_as_bearer_as_any_users_password_or_in_the_address() -> None:
    assert keys.presented({b"authorization": b"Bearer  t "}) == b"t"
    assert keys.presented({b"authorization": b"bEARER t"}) == b"t"
    assert keys.presented(basic(b"anybody:t")) == b"t"
    assert keys.presented(basic(b":t:t")) == b"t:t"
    assert keys.presented({}, b"t") == b"t"


def test_a_token_in_a_header_goes_before_one_in_the_address() -> None:
    assert keys.presented({b"authorization": b"Bearer t"}, b"u") == b"t"
    assert keys.presented({b"authorization": b"Digest t"}, b"u") == b"u"


@pytest.mark.parametrize(
    "words", [b"Basic", b"Basic %%%", b"Basic YQ", b"Basic \xff", b"Basic YQ=="]
)
def test_what_is_no_user_and_password_is_no_token(words: bytes) -> None:
    assert keys.presented({b"authorization": words}) == b""


def test_a_token_opens_what_it_is_for_while_it_lives() -> None:
    ring = Keyring([token(expires_at=NOON + timedelta(days=1))])
    found = ring.holder(CLEAR.encode(), "feed", NOON)
    assert found is not None
    assert found.partner == "nhs"
    assert ring.holder(CLEAR.encode(), "report", NOON) is None
    assert ring.holder(CLEAR.encode(), "feed", NOON + timedelta(days=1)) is None


def test_a_revoked_token_opens_nothing() -> None:
    assert Keyring([token(revoked_at=NOON)]).holder(CLEAR.encode(), "feed", NOON) is None


@pytest.mark.parametrize(
    "clear",
    [
        b"",
        b"rt_feed_abcdefgh",
        b"rt_feed_abcdefgh_",
        CLEAR[:-1].encode(),
        (CLEAR + "x").encode(),
        CLEAR.upper().encode(),
        CLEAR.replace("abcdefgh", "abcdefgi").encode(),
        CLEAR.replace("feed", "report").encode(),
        b"rt_feed_\xff_x",
        b"rt_feed__x",
    ],
)
def test_nothing_but_the_very_token_opens(clear: bytes) -> None:
    assert Keyring([token()]).holder(clear, "feed", NOON) is None


def test_nobodys_token_opens_nothing_even_with_an_empty_id() -> None:
    ring = Keyring([])
    assert ring.holder(b"rt___", "", NOON) is None
