import random

from hypothesis import given
from hypothesis import strategies as st

from rules import stock
from rules.stock import Reply

SCRIPT = (
    "Dear {name}, thank you for taking the time to share your experience of {ward} ward. We are"
    " sorry to hear that your wait was longer than you expected. Please contact our patient"
    " advice and liaison team on {phone} so that we can look into the matter further for you."
)
GENUINE = (
    "I spoke to the porters this morning and we have moved the chairs nearer to the lift.",
    "What you say about the discharge letter is right: it went to your old surgery, my mistake.",
    "Our pharmacist now comes to the ward at eight, so tablets to take home are ready by noon.",
    "We have changed the signs by the car park since you wrote, and would like you to try them.",
    "Nobody should be left without a blanket; the night team keeps a warm cupboard from today.",
)


def reply(number: int, text: str, organisation: str = "ods:A", story: str = "") -> Reply:
    return Reply(f"r{number:04}", story or f"s{number}", organisation, text)


def pasted(number: int) -> str:
    chance = random.Random(number)
    return SCRIPT.format(
        name=chance.choice(["Sam", "Alex", "Jo Smith"]),
        ward=chance.choice(["Maple", "Elm"]),
        phone=f"0100 555 0{chance.randrange(100):02}",
    )


def test_a_script_is_found_under_its_names_wards_and_numbers() -> None:
    replies = [reply(n, pasted(n)) for n in range(40)]
    replies += [reply(100 + n, text) for n, text in enumerate(GENUINE)]
    (group,) = stock.stock(replies)
    assert {r.id for r in group.replies} == {f"r{n:04}" for n in range(40)}


def test_two_alike_are_chance_and_three_are_a_script() -> None:
    assert stock.stock([reply(n, pasted(n)) for n in range(2)]) == []
    assert len(stock.stock([reply(n, pasted(n)) for n in range(3)])) == 1


def test_the_same_reply_under_one_story_is_no_script() -> None:
    assert stock.stock([reply(n, pasted(n), story="one") for n in range(5)]) == []


def test_a_courtesy_is_too_short_to_be_a_script() -> None:
    assert stock.stock([reply(n, "Thank you for your kind words.") for n in range(9)]) == []


def test_what_one_organisation_pastes_is_not_held_against_another() -> None:
    replies = [reply(n, pasted(n), organisation=f"ods:{n}") for n in range(5)]
    assert stock.stock(replies) == []


@given(st.randoms(use_true_random=False))
def test_the_order_of_replies_changes_no_group(chance: random.Random) -> None:
    replies = [reply(n, pasted(n) if n % 2 else GENUINE[n % 5]) for n in range(12)]
    shuffled = chance.sample(replies, len(replies))
    assert stock.stock(shuffled) == stock.stock(replies)
