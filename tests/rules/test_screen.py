import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules import screen, text
from schemas.story import BodyFormat

FULL_WIDTH = "".join(chr(0xFF10 + int(digit)) for digit in "07911123456")
ARABIC = "".join(chr(0x0660 + int(digit)) for digit in "07911123456")


@pytest.mark.parametrize(
    ("told", "sorts"),
    [
        ("Write to ash@example.org please", ("email",)),
        ("ASH.O'NEIL+ward@mail.example.co.uk", ("email",)),
        ('<p><a href="mailto:ash@example.org">me</a></p>', ("email",)),
        ('<p><a href="mailto:ash%40example.org">me</a></p>', ("email",)),
        ("07911123456@mail.example", ("email",)),
        ("NHS no 943 476 5919", ("nhs_number",)),
        ("9434765919", ("nhs_number",)),
        ("943-476-5919, born here", ("nhs_number",)),
        ("94347 65919", ("nhs_number",)),
        ("9 4 3 4 7 6 5 9 1 9", ("nhs_number",)),
        ("9434765919 9434765870", ("nhs_number",)),
        ("I am 43, 943 476 5919", ("nhs_number",)),
        ("ring 07911 123456", ("phone",)),
        ("ring 07700 900123", ("phone",)),
        ("ring 01632 960123", ("phone",)),
        ("ring(0113) 243 1751.", ("phone",)),
        ("0113-243-1751", ("phone",)),
        ("07 91 11 23 45 6", ("phone",)),
        ("+44 (0)7911 123456", ("phone",)),
        ("0044 7911 123456", ("phone",)),
        ("+1 202 555 0143", ("phone",)),
        ("07911\u00a0123456", ("phone",)),
        (FULL_WIDTH, ("phone",)),
        (ARABIC, ("phone",)),
        ("07911123456 07911123457", ("phone",)),
        ("01/02/2026 07911 123456", ("phone",)),
        ("since 2019 07911 123456 9am", ("phone",)),
        ("I live at LS1 4AP", ("postcode",)),
        ("sw1a 1aa is mine", ("postcode",)),
        ("EC1A1BB", ("postcode",)),
        ("M1  1AE", ("postcode",)),
        ("ash@example.org, M1 1AE, 07911 123456, 943 476 5919", tuple(screen.REMOVED)),
    ],
)
def test_personal_data_is_found_and_redacted(told: str, sorts: tuple[str, ...]) -> None:
    assert screen.screen(told) == tuple(sorted(sorts))
    redacted = screen.redact(told)
    assert screen.screen(redacted) == ()
    assert "9123456" not in redacted
    assert "<" in told or all(screen.REMOVED[sort] in redacted for sort in sorts)


@pytest.mark.parametrize(
    "told",
    [
        "",
        "The staff were kind.",
        "We waited 4 hours on ward 12 for 2 nights, at 9:30 and 10:45.",
        "on 12/03/2025 14:30 and 13/03/2025 15:30",
        "2025-03-12 10:30 to 2025-03-12 11:30",
        "reference 1234567890",
        "0000000000 and 111 111 1111",
        "943 476 5918",
        "card 4111 1111 1111 1111",
        "943.476 5919 mixes its gaps",
        "12345 94347 65919",
        "079111234567",
        "+353 7700900123",
        "+999 12345678",
        "01010 101010, 00000 000000",
        "ring 111 or 999, Childline on 0800 1111",
        "@ward7 on the bus",
        "to ward B12 3rd floor, bay A4 2nd bed",
        "AM1 2AB is no area, LS1 4CI no postcode",
        "20 mg of x, 5ml at 4pm",
        "0113\n243 1751",
        "café № 4",
    ],
)
def test_what_tells_of_nobody_is_left_alone(told: str) -> None:
    assert screen.screen(told) == ()
    assert screen.redact(told) == told


def test_the_sorts_in_several_texts_are_gathered_and_numbers_do_not_run_on() -> None:
    assert screen.screen("M1 1AE", "ash@example.org", "LS1 4AP") == ("email", "postcode")
    assert screen.screen("07911", "123456") == ()


@pytest.mark.parametrize(
    ("clean", "redacted"),
    [
        (
            "<p>Ring <strong>07911 123456</strong> or <em>me</em></p>",
            "<p>Ring <strong>[phone removed]</strong> or <em>me</em></p>",
        ),
        (
            "<p>Ring 07911 <b>123</b>456 now</p>",
            "<p>Ring [phone removed]<b></b> now</p>",
        ),
        ("<p>07911<br>123456</p>", "<p>07911<br>123456</p>"),
        ("<p>0<b>943 476 5919</b></p>", "<p>0<b>[NHS number removed]</b></p>"),
        (
            '<p><a href="mailto:ash@example.org" rel="nofollow">write</a> to me</p>',
            "<p>write to me</p>",
        ),
        (
            '<p><a href="https://x.example/?a=1&amp;to=ash@example.org" rel="nofollow">a</a></p>',
            "<p>a</p>",
        ),
        (
            '<p><a href="https://x.example/" rel="nofollow">07911 123456</a></p>',
            '<p><a href="https://x.example/" rel="nofollow">[phone removed]</a></p>',
        ),
        ("<p>a &lt; b &amp; c@x.example</p>", "<p>a &lt; b &amp; [email removed]</p>"),
    ],
)
def test_a_redaction_breaks_no_tag(clean: str, redacted: str) -> None:
    assert screen.redact(clean) == redacted


def test_a_text_of_nothing_but_numbers_takes_no_longer_than_its_first_thousand() -> None:
    fakes = "01010 101010 " * screen.MOST_RUNS
    assert screen.screen(fakes + "07911 123456") == ()
    assert screen.screen(screen.redact("07911 123456 " * (screen.MOST_RUNS + 1))) == ()


def test_what_stands_between_signs_in_a_plain_text_is_not_taken_for_a_tag() -> None:
    assert screen.redact("x < 07911 123456 > y") == "x < [phone removed] > y"


PIECES = [
    *("<p>", "</p>", "<b>", "</b>", "<br>", "<li>", "<ul>", "</ul>", "<a href=x>"),
    *"079+()-.@&x \n",
    "M1",
    "07911 123456",
    "123456",
    "07911",
    "943 476 5919",
    "476 5919",
    "ash@example.org",
    "example.org",
    "LS1 4AP",
    "4AP",
    '<a href="mailto:a@b.example">',
    "</a>",
]
SOUP = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@given(SOUP)
@example("07911</p>123456")
def test_a_redacted_text_holds_nothing_personal_and_is_still_clean_html(soup: str) -> None:
    clean = text.html(soup, BodyFormat.HTML)
    redacted = screen.redact(clean)
    # A number that runs over two paragraphs stays, and goes on holding the story.
    assert screen.screen(*redacted.split("\n")) == ()
    but_for_empty_paragraphs = text._EMPTY.sub("\n", redacted).strip()
    assert text.html(redacted, BodyFormat.HTML) == but_for_empty_paragraphs


@given(SOUP | st.text(max_size=60))
def test_a_redacted_plain_text_holds_nothing_personal(soup: str) -> None:
    assert screen.screen(screen.redact(soup)) == ()
