from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import _organisation_files
from rules._organisation_files import Known
from schemas.organisation import Organisation, Parent, Successor

HEADER = "scheme,code,name,type,region,parent_scheme,parent_code,valid_from,valid_to\n"


def known(*texts: str) -> Known:
    return _organisation_files.read([(f"{n}.csv", text.encode()) for n, text in enumerate(texts)])


def faults(*texts: str) -> list[str]:
    return [str(fault) for fault in known(*texts).faults]


def test_a_row_is_an_organisation() -> None:
    found = known(f"{HEADER}ods,RXX,Anytown NHS Trust,acute,North,,,2010-04-01,2014-03-31\n")
    assert found == Known(
        organisations=(
            Organisation(
                id="ods:RXX",
                name="Anytown NHS Trust",
                type="acute",
                region="North",
                valid_from=date(2010, 4, 1),
                valid_to=date(2014, 3, 31),
            ),
        ),
        ids=frozenset({"ods:RXX"}),
        regions=frozenset({"North"}),
        types=frozenset({"acute"}),
        whole=True,
        faults=(),
    )


def test_columns_stand_in_any_order_and_only_three_are_needed() -> None:
    assert known("name,scheme,code\nAnytown,ods,RXX\n").organisations == (
        Organisation(id="ods:RXX", name="Anytown"),
    )


def test_spaces_around_cells_empty_lines_a_mark_and_windows_ends_change_nothing() -> None:
    plain = "scheme,code,name\nods,RXX,Anytown\n"
    other = "\ufeff\r\nscheme, code, name\r\n\r\n ods,RXX , Anytown\r\n,,\r\n"
    assert known(other) == known(plain)


def test_rows_of_one_organisation_add_their_parents_up_in_order_across_files() -> None:
    found = known(
        "scheme,code,name\nods,Z1,One\nods,Z2,Two\n",
        "scheme,code,name,parent_scheme,parent_code\nods,RXX,,ods,Z2\nods,RXX,Anytown,ods,Z1\n",
    )
    assert not found.faults
    assert found.organisations[2] == Organisation(
        id="ods:RXX", name="Anytown", parents=(Parent(id="ods:Z2"), Parent(id="ods:Z1"))
    )


EDGES = "scheme,code,name,parent_scheme,parent_code,parent_from,parent_to\n"
TOPS = "ods,Z1,One,,,,\nods,Z2,Two,,,,\n"


def test_an_edge_is_dated_and_may_have_held_twice() -> None:
    found = known(
        f"{EDGES}{TOPS}"
        "ods,RXX,Anytown,ods,Z1,,2013-03-31\n"
        "ods,RXX,,ods,Z2,2013-04-01,\n"
        "ods,RXX,,ods,Z1,2013-04-01,\n"
    )
    assert not found.faults
    assert found.organisations[2].parents == (
        Parent(id="ods:Z1", until=date(2013, 3, 31)),
        Parent(id="ods:Z2", since=date(2013, 4, 1)),
        Parent(id="ods:Z1", since=date(2013, 4, 1)),
    )


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        pytest.param(
            "ods,R,A,,,2013-04-01,\n",
            "4: parent_from: no parent stands beside this day "
            "(fill in parent_scheme and parent_code, or leave it empty)",
            id="a day without a parent",
        ),
        pytest.param(
            "ods,R,A,ods,Z1,April,\n",
            "4: parent_from: `April` is no day (write a day as 2026-10-31)",
            id="no day",
        ),
        pytest.param(
            "ods,R,A,ods,Z1,2013-04-01,2013-03-31\n",
            "4: parent_to: it ends on 2013-03-31 before it begins on 2013-04-01 "
            "(correct one of the two)",
            id="end before the beginning",
        ),
        pytest.param(
            "ods,R,A,ods,Z1,2013-04-01,\nods,R,,ods,Z1,,2013-04-01\n",
            "5: parent_from: the days of this parent overlap with those at 0.csv:4 "
            "(correct parent_from and parent_to)",
            id="the same parent twice on one day",
        ),
        pytest.param(
            "ods,R,A,ods,Z1,2013-04-01,\nods,R,,ods,Z1,2013-04-01,\n",
            "5: code: ods:R with this parent stands already at 0.csv:4 "
            "(take one of the two rows out)",
            id="row twice",
        ),
        pytest.param(
            "ods,A,A,ods,B,2013-04-01,\nods,B,B,ods,A,2012-04-01,2013-04-01\n",
            "5: parent_code: each of these is above the next: ods:A > ods:B > ods:A "
            "(take one of these parents away)",
            id="a circle of one day",
        ),
    ],
)
def test_what_is_wrong_with_an_edge_is_told(rows: str, fault: str) -> None:
    assert faults(EDGES + TOPS + rows) == [f"0.csv:{fault}"]


def test_who_was_above_whom_may_turn_round() -> None:
    rows = "ods,A,A,ods,B,2013-04-01,\nods,B,B,ods,A,2012-04-01,2013-03-31\n"
    assert not faults(EDGES + rows)


SUCCESSIONS = (
    "scheme,code,name,successor_scheme,successor_code,succeeded_on,parent_scheme,parent_code\n"
)
HEIRS = "ods,RM3,Salford,,,,,\nods,R0A,Manchester,,,,,\n"


def test_an_organisation_that_split_has_two_successors() -> None:
    found = known(
        f"{SUCCESSIONS}{HEIRS}"
        "ods,RW6,Pennine,ods,RM3,2021-10-01,ods,R0A\n"
        "ods,RW6,,ods,R0A,,,\n"
        "ods,RW6,,ods,R0A,2021-10-01,ods,R0A\n"
    )
    assert not found.faults
    assert found.organisations[2].successors == (
        Successor(id="ods:RM3", on=date(2021, 10, 1)),
        Successor(id="ods:R0A", on=date(2021, 10, 1)),
    )
    assert found.organisations[2].parents == (Parent(id="ods:R0A"),)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        pytest.param(
            "ods,RW6,Pennine,,,2021-10-01,,\n",
            "4: succeeded_on: no successor stands beside this day "
            "(fill in successor_scheme and successor_code, or leave it empty)",
            id="a day without a successor",
        ),
        pytest.param(
            "ods,RW6,Pennine,ods,RM3,1/10/2021,,\n",
            "4: succeeded_on: `1/10/2021` is no day (write a day as 2026-10-31)",
            id="no day",
        ),
        pytest.param(
            "ods,RW6,Pennine,ods,,,,\n",
            "4: successor_code: half a successor stands here "
            "(fill in both successor_scheme and successor_code, or neither)",
            id="half a successor",
        ),
        pytest.param(
            "ods,RW6,Pennine,ods,RW6,,,\n",
            "4: successor_code: ods:RW6 is its own successor (leave its successor empty)",
            id="its own successor",
        ),
        pytest.param(
            "ods,RW6,Pennine,ods,RM4,,,\n",
            "4: successor_code: no row is about the successor `ods:RM4` "
            "(add a row for it, or correct its code)",
            id="unknown successor",
        ),
        pytest.param(
            "ods,RW6,Pennine,ods,RM3,2021-10-01,,\nods,RW6,,ods,RM3,2021-04-01,ods,R0A\n",
            "5: succeeded_on: ods:RM3 succeeded on 2021-10-01 at 0.csv:4 "
            "(write the same day in both rows)",
            id="two days of one succession",
        ),
        pytest.param(
            "ods,A,A,ods,B,,,\nods,B,B,ods,A,,,\n",
            "5: successor_code: each of these succeeded the next: ods:A > ods:B > ods:A "
            "(take one of these successors away)",
            id="circle",
        ),
    ],
)
def test_what_is_wrong_with_a_succession_is_told(rows: str, fault: str) -> None:
    assert faults(SUCCESSIONS + HEIRS + rows) == [f"0.csv:{fault}"]


def test_an_organisation_may_have_been_there_for_one_day() -> None:
    assert not faults(f"{HEADER}ods,RXX,Anytown,,,,,2010-04-01,2010-04-01\n")


def test_a_quoted_cell_over_several_lines_does_not_shift_the_lines_of_faults() -> None:
    text = 'scheme,code,name\nods,R1,"Any\ntown"\n,R2,Elsewhere\n'
    assert faults(text) == ["0.csv:4: scheme: is empty (fill in the scheme, or take the row out)"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            "",
            "1: header: the file is empty (begin with a row of column names: "
            "scheme,code,name,type,region,parent_scheme,parent_code,parent_from,parent_to,"
            "valid_from,valid_to,successor_scheme,successor_code,succeeded_on)",
            id="empty file",
        ),
        pytest.param(
            "\nscheme,code,nam\n",
            "2: header: `nam` is no column of ours (did you mean `name`? there are: code, name, "
            "parent_code, parent_from, parent_scheme, parent_to, region, scheme, succeeded_on, "
            "successor_code, successor_scheme, type, valid_from, valid_to)",
            id="unknown column",
        ),
        pytest.param(
            "scheme,name\n",
            "1: header: `code` is missing (add a column `code`)",
            id="missing column",
        ),
        pytest.param(
            "scheme,code,name,code\n",
            "1: header: `code` stands twice (keep one of the two columns)",
            id="column twice",
        ),
        pytest.param(
            "scheme,code,name\nods,RXX,Anytown, Elsewhere\n",
            "2: row: 4 cells stand under 3 columns (quote a cell that holds a comma)",
            id="too many cells",
        ),
        pytest.param(
            'scheme,code,name\nods,RXX,"Any"town\n',
            "2: row: this is not CSV: ',' expected after '\"' (mend the quotes of this row)",
            id="stray quote",
        ),
        pytest.param(
            'scheme,code,name\nods,RXX,Anytown\nods,RXY,"Any\ntown\n',
            "3: row: this is not CSV: unexpected end of data (mend the quotes of this row)",
            id="quote left open",
        ),
        pytest.param(
            "scheme,code,name\nods,,Anytown\n",
            "2: code: is empty (fill in the code, or take the row out)",
            id="no code",
        ),
        pytest.param(
            "scheme,code,name\nods,RXX,\n",
            "2: name: no row says how ods:RXX is called (fill in its name)",
            id="no name",
        ),
        pytest.param(
            "scheme,code,name\nODS,R X,Anytown\n",
            "2: code: `ODS:R X` is no id (write scheme `ods` and code `RXX`, say)",
            id="no id",
        ),
        pytest.param(
            f"{HEADER}ods,RXX,Anytown,,,,ZN1,,\n",
            "2: parent_code: half a parent stands here "
            "(fill in both parent_scheme and parent_code, or neither)",
            id="half a parent",
        ),
        pytest.param(
            f"{HEADER}ods,RXX,Anytown,,,ods,,,\n",
            "2: parent_code: half a parent stands here "
            "(fill in both parent_scheme and parent_code, or neither)",
            id="the other half of a parent",
        ),
        pytest.param(
            f"{HEADER}ods,RXX,Anytown,,,ods,RXX,,\n",
            "2: parent_code: ods:RXX is its own parent (leave its parent empty)",
            id="its own parent",
        ),
        pytest.param(
            f"{HEADER}ods,RXX,Anytown,,,ods,ZN1,,\n",
            "2: parent_code: no row is about the parent `ods:ZN1` "
            "(add a row for it, or correct its code)",
            id="unknown parent",
        ),
        pytest.param(
            f"{HEADER}ods,RXX,Anytown,,,,,1/4/2010,\n",
            "2: valid_from: `1/4/2010` is no day (write a day as 2026-10-31)",
            id="a day in another way",
        ),
        pytest.param(
            f"{HEADER}ods,RXX,Anytown,,,,,,2010-02-30\n",
            "2: valid_to: `2010-02-30` is no day (write a day as 2026-10-31)",
            id="a day that never was",
        ),
        pytest.param(
            f"{HEADER}ods,RXX,Anytown,,,,,2010-04-01,2010-03-31\n",
            "2: valid_to: it ends on 2010-03-31 before it begins on 2010-04-01 "
            "(correct one of the two)",
            id="end before the beginning",
        ),
        pytest.param(
            "scheme,code,name\nods,RXX,Anytown\nods,RXX,Anytown\n",
            "3: code: ods:RXX with this parent stands already at 0.csv:2 "
            "(take one of the two rows out)",
            id="row twice",
        ),
        pytest.param(
            f"{HEADER}ods,Z,Z,,,,,,\nods,R,A,acute,,,,,\nods,R,A,mental_health,,ods,Z,,\n",
            "4: type: ods:R is `mental_health` here, and `acute` at 0.csv:3 "
            "(write the same in both rows, or leave one empty)",
            id="rows that disagree",
        ),
        pytest.param(
            f"{HEADER}ods,A,A,,,ods,B,,\nods,B,B,,,ods,C,,\nods,C,C,,,ods,A,,\n",
            "4: parent_code: each of these is above the next: ods:A > ods:C > ods:B > ods:A "
            "(take one of these parents away)",
            id="circle",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_and_its_remedy(text: str, fault: str) -> None:
    assert faults(text) == [f"0.csv:{fault}"]


def test_every_circle_is_told() -> None:
    pairs = "ods,A,A,,,ods,B,,\nods,B,B,,,ods,A,,\nods,C,C,,,ods,D,,\nods,D,D,,,ods,C,,\n"
    assert len(faults(HEADER + pairs)) == 2


def test_a_file_that_is_not_utf8_is_named_with_the_line_that_shows_it() -> None:
    found = _organisation_files.read([("o.csv", b"\nscheme,code,name\nods,RXX,Caf\xe9\n")])
    assert [str(fault) for fault in found.faults] == [
        "o.csv:3: text: the file is not UTF-8 (save it as “CSV UTF-8”)"
    ]


def test_what_a_broken_file_may_know_is_no_unknown_parent() -> None:
    found = known(f"{HEADER}ods,RXX,Anytown,,,ods,ZN1,,\n", "nonsense\n")
    assert [fault.file for fault in found.faults] == ["1.csv"]
    assert not found.whole


def test_the_id_of_a_row_that_is_not_fit_is_known_all_the_same() -> None:
    found = known(f"{HEADER}ods,ZN1,North,,,,,never,\nods,RXX,Anytown,,,ods,ZN1,,\n")
    assert [fault.where for fault in found.faults] == ["valid_from"]
    assert found.ids == {"ods:ZN1", "ods:RXX"}


@given(
    st.lists(
        st.tuples(st.sampled_from("ABCDEF"), st.sampled_from("ABCDEF")), max_size=12, unique=True
    )
)
def test_parents_are_accepted_just_when_nobody_is_above_itself(
    edges: list[tuple[str, str]],
) -> None:
    own = "".join(f"ods,{code},{code},,,,,,\n" for code in "ABCDEF")
    rows = "".join(f"ods,{child},,,,ods,{parent},,\n" for child, parent in edges)

    def above(code: str) -> set[str]:
        found, waiting = set[str](), [code]
        while waiting:
            here = waiting.pop()
            new = {parent for child, parent in edges if child == here} - found
            found |= new
            waiting.extend(new)
        return found

    circular = any(code in above(code) for code in "ABCDEF")
    assert bool(known(HEADER + own + rows).faults) == circular


def test_a_circle_that_holds_on_many_days_is_told_once() -> None:
    rows = (
        "ods,A,A,ods,B,2012-04-01,\nods,B,B,ods,A,2012-04-01,\n"
        "ods,A,,ods,C,2014-04-01,\nods,C,C,ods,A,2014-04-01,\n"
    )
    told = [fault.partition("next: ")[2].partition(" (")[0] for fault in faults(EDGES + rows)]
    assert sorted(sorted(set(circle.split(" > "))) for circle in told) == [
        ["ods:A", "ods:B"],
        ["ods:A", "ods:C"],
    ]
