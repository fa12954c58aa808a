from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors._table_options import Opts
from connectors.channels import table
from schemas.channel import DateReading, Fetched, Parsed
from schemas.errors import GarbledError
from schemas.story import Draft, Kind
from tests.connectors.channels.tables import CSV, JSON_LINES, channel, one, read, row

SAMPLES = Path(__file__).parents[4] / "shared" / "data"
PARTS = [
    {"column": "good", "question": "What was good?", "question_type": "what_good"},
    {"column": "bad", "question": "What could we do better?"},
]
WORDS = {
    "Very good": 1,
    "Good": 2,
    "Neither good nor poor": 3,
    "Poor": 4,
    "Very poor": 5,
    "Don't know": 6,
}


def codes(parsed: Parsed) -> list[str]:
    return [faulty.code for faulty in parsed.faulty]


@pytest.mark.parametrize(
    ("payload", "media_type"),
    [
        ('id,text\r\n1,"Kind, and quick"\r\n', CSV),
        ('\ufeffid,text\n1,"Kind, and quick"', CSV),
        ("id;text\n1;Kind, and quick\n", CSV),
        ("id\ttext\n1\tKind, and quick\n", "text/tab-separated-values"),
        ('{"id":1,"text":"Kind, and quick"}\n\n', JSON_LINES),
        ('\ufeff{"text":" Kind, and quick ","id":"1","more":[1]}', JSON_LINES),
    ],
    ids=["csv", "csv-bom", "semicolons", "tsv", "json-lines", "json-lines-bom"],
)
def test_every_form_of_a_table_tells_the_same(payload: str, media_type: str) -> None:
    assert one(payload, media_type) == Draft(
        external_id="1", kind=Kind.SURVEY_COMMENT, body="Kind, and quick"
    )


EVERY_COLUMN = {
    "title": "Kind staff",
    "experienced_at": "2026-01",
    "submitted_at": "02/01/2026",
    "published_at": "03/01/2026",
    "updated_at": "04/01/2026",
    "expires_at": "04/01/2027",
    "organisation": "RXX",
    "organisation_name": "Anytown",
    "fft": "2",
    "rating": "4",
    "criticality": "1",
    "sentiment": "0.5",
    "tags": "staff; waiting;;staff",
    "language": "en",
    "url": "https://x.example/1",
    "author_name": "Jo",
    "author_role": "patient",
    "author_age": "35-44",
    "author_area": "Anytown",
    "response": "Thank you.",
    "response_at": "05/01/2026",
    "responder": "Ash",
}


def test_a_row_is_read_whole() -> None:
    draft = row(
        EVERY_COLUMN, {name: name for name in EVERY_COLUMN}, kind="review", service="ods:RYY"
    )

    assert draft == Draft.model_validate(
        {
            "external_id": "1",
            "kind": "review",
            "title": "Kind staff",
            "body": "Kind staff",
            "experienced_at": "2026-01",
            "submitted_at": "02/01/2026",
            "published_at": "03/01/2026",
            "updated_at": "04/01/2026",
            "expires_at": "04/01/2027",
            "services": [
                {"scheme": "ods", "code": "RYY"},
                {"scheme": "ods", "code": "RXX", "name": "Anytown"},
            ],
            "fft": 2,
            "ratings": [{"scheme": "stars", "value": 4, "min": 1, "max": 5}],
            "criticality": 1,
            "sentiment": 0.5,
            "tags": [{"name": "staff"}, {"name": "waiting"}],
            "language": "en",
            "url": "https://x.example/1",
            "author": {
                "display_name": "Jo",
                "role": "patient",
                "age_band": "35-44",
                "area": "Anytown",
            },
            "responses": [
                {"body": "Thank you.", "published_at": "05/01/2026", "organisation_name": "Ash"}
            ],
        }
    )


def test_a_row_of_blank_cells_has_no_more_than_its_text() -> None:
    names = (
        "title",
        "organisation",
        "fft",
        "rating",
        "tags",
        "language",
        "author_role",
        "response",
    )

    draft = row(dict.fromkeys(names, "NULL"), {name: name for name in names})

    assert draft == Draft(external_id="1", kind=Kind.SURVEY_COMMENT, body="Kind staff")


def test_one_respondent_may_answer_several_questions() -> None:
    draft = one("id,good,bad\n1,The staff,The food\n", columns={"id": "id"}, parts=PARTS)

    assert [(part.question, part.question_type, part.text) for part in draft.parts] == [
        ("What was good?", "what_good", "The staff"),
        ("What could we do better?", None, "The food"),
    ]
    assert not draft.body


def test_a_question_without_an_answer_is_no_part() -> None:
    draft = one("id,good,bad\n1,Did not answer,The food\n", columns={"id": "id"}, parts=PARTS)

    assert [part.text for part in draft.parts] == ["The food"]


@pytest.mark.parametrize(
    ("question", "stated", "expected"),
    [
        ("What was good?", "", ("What was good?", "what_good")),
        ("what  was\ngood?", "", ("what was good?", "what_good")),
        ("Anything else?", "", ("Anything else?", None)),
        ("Q1", "could_improve", ("Q1", "could_improve")),
        ("Q1", "B", ("Q1", "nonspecific")),
        ("Q1", "NA", ("Q1", None)),
    ],
)
def test_one_row_may_be_of_one_question(
    question: str, stated: str, expected: tuple[str, str | None]
) -> None:
    payload = (
        f'id,text,asked,type\n1,The staff,"{question}",{stated}\n2,Kind,"{question}",{stated}\n'
    )
    parsed = read(
        payload,
        columns={"id": "id", "body": "text", "question": "asked", "question_type": "type"},
        type_values={"What was good?": "what_good", "B": "nonspecific"},
    )

    for draft, text in zip(parsed.drafts, ("The staff", "Kind"), strict=True):
        (part,) = draft.parts
        assert (part.question, part.question_type, part.text) == (*expected, text)


def test_a_question_needs_no_column_of_types() -> None:
    draft = row({"asked": "Why?"}, {"question": "asked"})

    assert [(part.question, part.question_type) for part in draft.parts] == [("Why?", None)]


@pytest.mark.parametrize(
    "blank",
    ["", " ", "NULL", "#NAME?", "na", "N/A", "???", "did not answer", "-", ".", "*", "x", "\u00a0"],
)
def test_a_row_without_an_answer_is_skipped(blank: str) -> None:
    parsed = read(
        f'id,text,fft\n1,"{blank}",9\n', columns={"id": "id", "body": "text", "fft": "fft"}
    )

    assert [(s.code, s.external_id) for s in parsed.skipped] == [("no_answer", "1")]
    assert len(parsed.drafts) + len(parsed.faulty) == 0


def test_other_words_may_stand_for_no_answer() -> None:
    parsed = read("id,text\n1,kein Wort\n2,NULL\n3,#\n", no_answer=["Kein Wort"], suppressed="#")

    assert [draft.body for draft in parsed.drafts] == ["NULL"]
    assert len(parsed.skipped) == 2


@pytest.mark.parametrize(
    ("told", "values", "expected"),
    [
        ("1", {}, 1),
        ("6", {}, 6),
        ("5.0", {}, 5),
        ("", {}, None),
        ("NA", {}, None),
        ("*", {}, None),
        ("Very good", WORDS, 1),
        (" don't  KNOW", WORDS, 6),
        ("5", {"5": 1, "4": 2}, 1),
    ],
)
def test_the_friends_and_family_answer_is_read(
    told: str, values: dict[str, int], expected: int | None
) -> None:
    assert row({"fft": told}, {"fft": "fft"}, fft_values=values).fft == expected


@pytest.mark.parametrize(
    ("told", "values"),
    [("7", {}), ("0", {}), ("2.5", {}), ("good", {}), ("nan", {}), ("inf", {}), ("1", WORDS)],
)
def test_an_answer_that_there_is_not_is_faulty(told: str, values: dict[str, int]) -> None:
    parsed = read(
        f"id,text,fft\n1,Kind,{told}\n2,Quick,\n",
        columns={"id": "id", "body": "text", "fft": "fft"},
        fft_values=values,
    )

    assert codes(parsed) == (["bad_fft"] if told != "nan" else [])
    assert len(parsed.drafts) + len(parsed.faulty) == 2


@pytest.mark.parametrize(
    ("told", "expected"),
    [("4", (4, None)), ("4.5", (4.5, None)), ("FIVE", (5, "FIVE")), ("", None), ("NA", None)],
)
def test_a_rating_is_read_in_figures_and_in_words(
    told: str, expected: tuple[float, str | None] | None
) -> None:
    scale = {"scheme": "google", "question": "Overall", "values": {"five": 5}}

    parsed = read(
        f"id,text,stars\n1,Kind,{told}\n",
        columns={"id": "id", "body": "text", "rating": "stars"},
        scale=scale,
    )

    ratings = parsed.drafts[0].ratings
    assert [(r.value, r.label, r.scheme, r.question) for r in ratings] == (
        [(*expected, "google", "Overall")] if expected else []
    )


@pytest.mark.parametrize(
    ("column", "told", "code"),
    [
        ("rating", "6", "bad_rating"),
        ("rating", "0", "bad_rating"),
        ("rating", "many", "bad_rating"),
        ("criticality", "6", "bad_criticality"),
        ("criticality", "-o", "bad_criticality"),
        ("sentiment", "Labelling not possible", "bad_sentiment"),
    ],
)
def test_a_number_that_cannot_be_is_faulty(column: str, told: str, code: str) -> None:
    parsed = read(f"id,text,n\n1,Kind,{told}\n", columns={"id": "id", "body": "text", column: "n"})

    assert codes(parsed) == [code]
    assert parsed.faulty[0].external_id == "1"


def test_criticality_may_be_said_in_other_words() -> None:
    assert row({"c": "-3"}, {"criticality": "c"}, criticality_values={"-3": 3}).criticality == 3


def test_tags_may_be_a_list_or_have_another_separator() -> None:
    listed = one(
        '{"id":"1","text":"Kind","t":["staff",null,7,"NA"]}',
        JSON_LINES,
        columns={"id": "id", "body": "text", "tags": "t"},
    )

    assert [tag.name for tag in listed.tags] == ["staff", "7"]
    assert [tag.name for tag in row({"t": "a|b;c"}, {"tags": "t"}, tag_separator="|").tags] == [
        "a",
        "b;c",
    ]


def test_a_row_is_about_the_services_in_its_columns() -> None:
    draft = row(
        {"org": "ons:E06000001", "ward": "Seven", "site": ""},
        {"organisation": "org"},
        service_columns={"ward": "local", "site": "local"},
        scheme="cqc",
    )

    assert [(s.scheme, s.code, s.name) for s in draft.services] == [
        ("ons", "E06000001", None),
        ("local", "Seven", "Seven"),
    ]
    assert (
        row({"org": "1-234"}, {"organisation": "org"}, scheme="cqc").services[0].organisation
        == "cqc:1-234"
    )


def test_columns_may_be_kept_as_they_are() -> None:
    assert row({"ward": "Seven", "bed": "NA"}, keep=["ward", "bed"]).ext == {"ward": "Seven"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (1e300, "1e+300"),
        (True, "true"),
        ({"a": 1}, '{"a":1}'),
        (" 7 ", "7"),
    ],
)
def test_a_cell_of_any_type_is_read_as_it_was_typed(value: Any, expected: str) -> None:
    payload = orjson.dumps({"id": value, "text": "Kind"})

    assert one(payload, JSON_LINES).external_id == expected


def test_an_id_may_be_made_of_columns_that_tell_rows_apart() -> None:
    options: dict[str, Any] = {"columns": {"body": "text"}, "id_from": ["who", "day"]}

    def known_by(payload: str) -> list[str]:
        return [draft.external_id for draft in read(payload, **options).drafts]

    first, second = known_by("who,day,text\nA,1,Kind\nA,2,Kind\n")
    assert first != second
    assert known_by("text,day,who\nChanged,1,A\n") == [first]
    assert known_by("who,day,text\nA1,,Kind\nA,1,Kind\n")[1:] == [first]


@pytest.mark.parametrize(
    "options",
    [{"columns": {"body": "text"}, "id_from": ["who"]}, {"columns": {"body": "text"}, "id": "who"}],
)
def test_a_row_without_an_id_is_faulty(options: dict[str, Any]) -> None:
    parsed = read("who,text\n,Kind\nA,Kind\n", **options)

    assert codes(parsed) == ["no_id"]
    assert parsed.faulty[0].external_id is None
    assert len(parsed.drafts) == 1


@pytest.mark.parametrize(
    "payload",
    [
        'id,text,fft\n1,Kind,1\n2,"open,1\n3,Kind,1\n',
        "id,text,fft\n1,Kind,1\n2,Kind, and quick,1\n3,Kind,1\n",
        "id,text,fft\n1,Kind,1\n,Kind,1\n3,Kind,1\n",
        "id,text,fft\n1,Kind,1\n2,Kind,9\n3,Kind,1",
        "id,text,fft\n1,Kind,1\n2,Café,1\n3,Kind,1\n".encode("latin-1"),
    ],
    ids=["quotes", "columns", "no-id", "fft", "encoding"],
)
def test_one_bad_row_stops_no_other_and_can_be_read_again(payload: str | bytes) -> None:
    options: dict[str, Any] = {"columns": {"id": "id", "body": "text", "fft": "fft"}}
    parsed = read(payload, **options)

    assert [draft.external_id for draft in parsed.drafts] == ["1", "3"]
    (faulty,) = parsed.faulty
    (again,) = read(faulty.payload, faulty.media_type, **options).faulty
    assert (again.code, again.payload.rstrip()) == (faulty.code, faulty.payload.rstrip())


def test_a_row_in_another_encoding_is_read_once_that_is_named() -> None:
    payload = "id,text\n1,Café\n".encode("cp1252")

    assert codes(read(payload)) == ["bad_encoding"]
    assert one(payload, encoding="cp1252").body == "Café"


@pytest.mark.parametrize("line", ["7", "[1]", "null", '{"id":"2"', "text"])
def test_a_line_that_is_no_json_object_is_faulty(line: str) -> None:
    parsed = read(f'{{"id":"1","text":"Kind"}}\n{line}\n{{"id":"3","text":"Kind"}}\n', JSON_LINES)

    assert [draft.external_id for draft in parsed.drafts] == ["1", "3"]
    assert codes(parsed) == ["bad_json"]
    assert codes(read(parsed.faulty[0].payload, JSON_LINES)) == ["bad_json"]


def test_json_without_any_column_of_text_is_faulty_rather_than_blank() -> None:
    parsed = read('{"id":"1","Text":"Kind"}\n{"id":"2","text":null}\n', JSON_LINES)

    assert codes(parsed) == ["no_columns"]
    assert [s.code for s in parsed.skipped] == ["no_answer"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("ID,Comment\n1,Kind\n", "no column id, text; its columns are: ID, Comment"),
        ("id,text,text\n1,Kind,Kind\n", "names a column twice: text"),
        ("<!DOCTYPE html><html></html>", "no table came"),
        ("", "no table came"),
        ("\ufeff\n", "no table came"),
    ],
)
def test_what_is_not_the_promised_table_is_garbled(payload: str, reason: str) -> None:
    with pytest.raises(GarbledError, match=reason):
        read(payload)


def test_a_header_alone_is_a_table_without_rows() -> None:
    assert read("id,text\n") == Parsed(reading=DateReading())


def test_dates_are_kept_as_told_with_the_way_to_read_them() -> None:
    options: dict[str, Any] = {"dates": {"formats": ["%d/%m/%Y"], "zone": "Europe/London"}}

    parsed = read("id,text\n1,Kind\n", **options)

    assert parsed.reading == DateReading(formats=("%d/%m/%Y", "iso"), zone="Europe/London")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "one of path, url and place"),
        ({"path": "a", "url": "https://x.example/a"}, "one of path, url and place"),
        ({"path": "a", "columns": {"body": "b"}}, "column of the id"),
        ({"path": "a", "id": "a", "columns": {"id": "a", "body": "b"}}, "column of the id"),
        ({"path": "a", "id": "a"}, "holds text"),
        ({"path": "a", "id": "a", "columns": {"title": "t", "question": "q"}}, "answers too"),
        ({"path": "a", "id": "a", "columns": {"body": "b"}, "encoding": "utf-16"}, "UTF-8"),
        ({"path": "a", "id": "a", "columns": {"body": "b", "colour": "c"}}, "colour"),
        ({"path": "a", "id": "a", "columns": {"body": "b"}, "fft_values": {"a": 7}}, "fft_values"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Opts.model_validate(options)


CELLS = st.sampled_from(["1", "Kind", '"', ",", "\n", "NA", "é", '"a ""b"""', "\r\n", "{}", ""])


@given(st.lists(CELLS), st.sampled_from([CSV, JSON_LINES]))
def test_every_row_comes_to_something_and_only_once(cells: list[str], media_type: str) -> None:
    payload = ("id,text\n" if media_type == CSV else '{"id":"0","text":"Kind"}\n') + "".join(cells)

    first = read(payload, media_type)
    again = [read(faulty.payload, media_type) for faulty in first.faulty]

    assert all(len(one.faulty) == 1 and not one.drafts for one in again)


def sample(name: str) -> bytes:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip("the samples are not here")
    return path.read_bytes()


REAL: dict[str, Any] = {
    "fft_v6framework_sample_300.csv": {
        "columns": {
            "id": "Comment ID",
            "body": "FFT answer",
            "question": "FFT question",
            "submitted_at": "Date",
            "fft": "FFT categorical answer",
            "sentiment": "Comment sentiment",
            "tags": "labels",
        },
        "tag_separator": "|",
        "service_columns": {"Trust": "local", "Service type 1": "local"},
        "dates": {"formats": ["%d/%m/%Y"], "zone": "Europe/London"},
    },
    "fft_phase1_sample.csv": {
        "columns": {
            "id": "row_index",
            "body": "feedback",
            "question": "question",
            "criticality": "criticality",
            "tags": "label",
        },
        "criticality_values": {str(n): max(0, -n) for n in range(-5, 6)},
        "service_columns": {"organization": "local"},
    },
    "trust_fft_upload_sample.csv": {
        "columns": {
            "id": "row_id",
            "body": "comment_txt",
            "question": "comment_type",
            "submitted_at": "date",
            "fft": "fft",
            "tags": "category",
        },
        "fft_values": {"5": 1, "4": 2, "3": 3, "2": 4, "1": 5},
        "service_columns": {"location_1": "local", "location_2": "local", "location_3": "local"},
    },
}


@pytest.mark.parametrize(
    ("name", "rows", "drafts", "faults", "blank"),
    [
        ("fft_v6framework_sample_300.csv", 300, 269, {"bad_fft"}, 18),
        ("fft_phase1_sample.csv", 236, 204, {"bad_criticality"}, 0),
        ("trust_fft_upload_sample.csv", 50, 46, {"bad_fft"}, 3),
    ],
)
def test_every_row_of_a_real_export_is_accounted_for(
    name: str, rows: int, drafts: int, faults: set[str], blank: int
) -> None:
    about = channel(**REAL[name])
    parsed = table.parse(about, Fetched(payload=sample(name), media_type=CSV))

    assert len(parsed.drafts) + len(parsed.faulty) + len(parsed.skipped) == rows
    assert (len(parsed.drafts), set(codes(parsed)), len(parsed.skipped)) == (drafts, faults, blank)
    assert len({draft.external_id for draft in parsed.drafts}) == drafts
    assert all(draft.parts and draft.services for draft in parsed.drafts)
    for faulty in parsed.faulty:
        again = table.parse(about, Fetched(payload=faulty.payload, media_type=CSV))
        assert again.faulty == (faulty,)
