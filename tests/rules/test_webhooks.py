"""What a webhook is told fits, is signed as the specification says, and names itself."""

import base64
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import webhooks
from rules.webhooks import LIMIT_BYTES, Gone
from tests.rules._written import PARTNER, WHSEC, faults, read

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
URL = "https://retold.example/removals/p/e"

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def gone(number: int, reason: str = "expired") -> Gone:
    at = NOON + timedelta(seconds=number)
    return Gone(f"urn:uuid:6f6b0c1e-3f0a-5c3e-9d7a-{number:012}", number, reason, at)


def test_a_signature_is_that_of_the_reference() -> None:
    # https://github.com/standard-webhooks/standard-webhooks: the vector of its libraries' tests.
    sent_at = datetime.fromtimestamp(1614265330, UTC)
    made = webhooks.headers([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", BODY, sent_at)
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(reasons=st.lists(st.text(max_size=300), min_size=1, max_size=400))
def test_batches_tell_each_removal_once_and_none_is_too_long(reasons: list[str]) -> None:
    queue = [gone(number, reason) for number, reason in enumerate(reasons)]
    told: list[Gone] = []
    ids = set()
    while queue:
        made = webhooks.batch("p/e", URL, queue)
        assert len(made.body) < LIMIT_BYTES
        assert [one["id"] for one in orjson.loads(made.body)["data"]["removed"]] == [
            one.story_id for one in made.told
        ]
        assert list(made.told) == queue[: len(made.told)]
        told += made.told
        ids.add(made.id)
        queue = queue[len(made.told) :]
    assert [one.seq for one in told] == list(range(len(reasons)))
    assert len(ids) <= len(told)


def test_a_batch_takes_as_much_as_a_body_may_hold() -> None:
    made = webhooks.batch("p/e", URL, [gone(number) for number in range(webhooks.MOST)])
    another = len(orjson.dumps({"id": gone(1).story_id, "reason": "expired", "at": NOON}))
    assert LIMIT_BYTES - another - 1 <= len(made.body) < LIMIT_BYTES


def test_a_body_of_just_the_limit_is_too_long() -> None:
    queue = [gone(number) for number in range(webhooks.MOST)]
    full = webhooks.batch("p/e", URL, queue)
    room = LIMIT_BYTES - len(full.body)
    count = len(full.told)
    for longer, fits in ((room - 1, count), (room, count - 1)):
        stretched = [gone(0, "expired" + "x" * longer), *queue[1:]]
        assert len(webhooks.batch("p/e", URL, stretched).told) == fits


def test_the_same_body_has_the_same_id_and_another_has_another() -> None:
    one = webhooks.batch("p/e", URL, [gone(1), gone(2)])
    assert one == webhooks.batch("p/e", URL, [gone(1), gone(2)])
    others = [
        webhooks.batch("p/e", URL, [gone(1)]),
        webhooks.batch("p/f", URL, [gone(1), gone(2)]),
        webhooks.batch("p/e", URL, [gone(1), gone(2)._replace(at=NOON)]),
    ]
    assert len({made.id for made in (one, *others)}) == 4
    assert "." not in one.id


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        base64.b64encode(bytes(32)).decode(),
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_not base 64 at all, however long it is",
        "whsec_\N{SNOWMAN}",
    ],
)
def test_what_is_no_secret_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match=r"is not whsec_ and the base 64 of 24 to 64 bytes$"):
        webhooks.key(secret)


@pytest.mark.parametrize("length", [24, 64])
def test_a_key_may_have_24_to_64_bytes(length: int) -> None:
    key = bytes(range(length))
    assert webhooks.key("whsec_" + base64.b64encode(key).decode()) == key


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'{"acknowledged": ["a", 7, "b", "a"], "more": 1}', {"a", "b"}),
        (b'{"acknowledged": []}', set()),
        (b'{"acknowledged": "a"}', set()),
        (b'{"acknowledged": {"a": 1}}', set()),
        (b'["acknowledged"]', set()),
        (b"<html>", set()),
        (b"", set()),
        (b"[" * 100_000, set()),
        (b"\xff", set()),
    ],
)
def test_an_answer_acknowledges_what_it_lists_and_nothing_by_accident(
    answer: bytes, said: set[str]
) -> None:
    assert webhooks.acknowledged(answer) == said


def test_a_webhook_is_named_by_its_host_alone() -> None:
    url = "https://key@paper.example:8443/hook/s3cret?key=s3cret"
    assert webhooks.client(url) == "webhook paper.example"
    assert webhooks.address(url) != webhooks.address(url + "1")


@pytest.mark.parametrize(
    "address", ["https://paper.example/T0/s3cret", "http://paper.example:80/s3cret?...", ""]
)
def test_a_reason_bears_no_address(address: str) -> None:
    reason = f"{address}: it cut the connection" if address else "it cut the connection"
    assert webhooks.unaddressed(reason) == "it cut the connection"


VOICE = 'webhook = { url = "https://p.example/hook", secret = { env = "NORTHERN_VOICE_WEBHOOK" }'


def test_both_secrets_sign_while_one_takes_the_others_place() -> None:
    more = ', next_secret = { env = "NORTHERN_VOICE_WEBHOOK" }'
    webhook = read(f"{PARTNER}{VOICE}{more} }}\n").partners[0].webhook
    assert webhook is not None
    assert webhook.secrets == (WHSEC, WHSEC)
    assert "example" not in repr(webhook)
    assert read(PARTNER).partners[0].webhook is None


@pytest.mark.parametrize(
    ("webhook", "told"),
    [
        ("webhook = 7", ["partners[0].webhook: must be a table"]),
        ("webhook = {}", ["webhook.url: is missing", "webhook.secret: is missing"]),
        (f"{VOICE}, every = 1 }}", ["webhook.every: nothing is known by this name"]),
        (
            'webhook = { url = "ftp://p.example", secret = { env = "CAREOPINION_KEY" } }',
            [
                "webhook.url: is no address that can be posted to",
                "webhook.secret: what it refers to is not whsec_ and the base 64 of 24 to 64 bytes",
            ],
        ),
        (
            'webhook = { url = "https://p.example", secret = "whsec_s3cret" }',
            ["webhook.secret: a secret stands here in clear text"],
        ),
        (f'{VOICE}, next_secret = {{ env = "HOLLOW" }} }}', ["next_secret: the variable HOLLOW"]),
    ],
)
def test_every_fault_of_a_webhook_is_told_and_no_secret(webhook: str, told: list[str]) -> None:
    found = faults(f"{PARTNER}{webhook}\n")
    assert len(found) == len(told)
    for one in told:
        assert any(one in line for line in found), (one, found)
    assert not any("s3cret" in line or "k-1" in line for line in found)
