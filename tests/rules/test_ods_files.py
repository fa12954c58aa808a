"""Files of ODS become a file of organisations, and that reads without a fault."""

import json
from datetime import date
from typing import Any

import pytest

from rules import _ods_files, _organisation_files
from rules._ods_files import Converted
from schemas.organisation import Organisation, Parent, Successor

OCTOBER = date(2021, 10, 1)


def row(code: str, name: str = "Anywhere", **cells: str) -> str:
    """Write a row of 27 columns; `c3` is the third."""
    told = ["" for _ in range(27)]
    told[0], told[1] = code, name
    for column, cell in cells.items():
        told[int(column[1:]) - 1] = cell
    return ",".join(f'"{cell}"' for cell in told) + "\r\n"


def convert(*files: tuple[str, Any]) -> Converted:
    payloads = [
        (name, (told if isinstance(told, str) else json.dumps(told)).encode())
        for name, told in files
    ]
    return _ods_files.convert(payloads)


def read(found: Converted) -> dict[str, Organisation]:
    known = _organisation_files.read([("o.csv", found.csv)])
    assert not known.faults
    return {o.id.removeprefix("ods:"): o for o in known.organisations}


AUTHORITIES = row("Y62", "NORTH WEST") + row("QOP", "GREATER  MANCHESTER", c3="Y62", c4="QOP")


def test_rows_of_a_published_file_become_organisations_below_their_area_and_region() -> None:
    trusts = row("R0A", "MANCHESTER", c3="Y62", c4="QOP", c11="20171001")
    found = convert(("data/eauth.csv", AUTHORITIES), ("etr.csv", trusts))
    assert (found.organisations, found.left_out, found.faults) == (3, {}, ())
    assert read(found) == {
        "R0A": Organisation(
            id="ods:R0A",
            name="MANCHESTER",
            type="trust",
            parents=(Parent(id="ods:QOP"), Parent(id="ods:Y62")),
            valid_from=date(2017, 10, 1),
        ),
        "QOP": Organisation(
            id="ods:QOP",
            name="GREATER MANCHESTER",
            type="icb",
            parents=(Parent(id="ods:Y62"),),
        ),
        "Y62": Organisation(id="ods:Y62", name="NORTH WEST", type="region", region="NORTH WEST"),
    }


def test_a_practice_is_below_its_commissioner_while_it_is_joined_to_it() -> None:
    rows = row("P1", c15="01G", c16="20130401", c17="2019-03-31", c26="4") + row("P2", c26="0")
    found = read(convert(("epraccur.csv", rows), ("eccg.csv", row("01G"))))
    assert (found["P1"].type, found["P2"].type, found["01G"].type) == (
        "gp_practice",
        "prescribing_cost_centre",
        "sub_icb",
    )
    assert found["P1"].parents == (
        Parent(id="ods:01G", since=date(2013, 4, 1), until=date(2019, 3, 31)),
    )


def test_a_row_that_cannot_be_understood_is_told_and_stops_no_other() -> None:
    rows = (
        "Organisation Code" + row("", "Name")[2:]
        + row("R1", c11="1st of April")
        + '"R2","short"\n'
        + row("R3", "")
        + row("R4", c11="20200401", c12="20200331")
        + row("R5")
    )  # fmt: skip
    found = convert(("etr.csv", rows), ("none.csv", ""), ("odd.csv", row("R6") + 'a,"b\n'))
    assert list(read(found)) == ["R5", "R6"]
    assert [str(fault) for fault in found.faults] == [
        (
            "etr.csv:1: row: `Organisation Code` is no code of ODS "
            "(take a header out, or correct the code)"
        ),
        "etr.csv:2: row: `1st of April` is no day (write it as 20211001 or 2021-10-01)",
        (
            "etr.csv:3: row: 2 columns stand here, and not 27 "
            "(give a file as ODS publishes it, `etr.csv` or `epraccur.csv`)"
        ),
        "etr.csv:4: row: R3 has no name (give it one, or take the record out)",
        (
            "etr.csv:5: row: it ends on 2020-03-31 before it begins on 2020-04-01 "
            "(correct one of the two days)"
        ),
        "none.csv:1: file: it is empty (fetch the file again)",
        "odd.csv:2: row: this is not CSV: unexpected end of data (mend the quotes of this row)",
    ]


def ord_record(code: str, role: str = "RO197", **fields: Any) -> dict[str, Any]:
    """Write a record as ORD answers it."""
    return {
        "Organisation": {
            "Name": f"TRUST {code}",
            "Date": [{"Type": "Operational", "Start": "2002-04-01"}],
            "OrgId": {"root": "2.16.840.1.113883.2.1.3.2.4.18.48", "extension": code},
            "Status": "Active",
            "orgRecordClass": "RC1",
            "Roles": {"Role": [{"id": role, "uniqueRoleId": 1, "primaryRole": True}]},
        }
        | fields
    }


def rel(kind: str, target: str, *dates: tuple[str, str, str | None], **more: str) -> dict[str, Any]:
    told = [{"Type": t, "Start": start} | ({"End": end} if end else {}) for t, start, end in dates]
    return {"id": kind, "Date": told, "Target": {"OrgId": {"extension": target}}} | more


def succ(type_: str, target: str) -> dict[str, Any]:
    return {
        "Type": type_,
        "Date": [{"Type": "Legal", "Start": "2021-10-01"}],
        "Target": {"OrgId": {"extension": target}},
    }


def test_a_record_of_ord_brings_dated_edges_and_successions_from_either_end() -> None:
    split = ord_record(
        "RW6",
        Date=[
            {"Type": "Legal", "Start": "2002-04-01", "End": "2021-09-30"},
            {"Type": "Operational", "Start": "2002-01-01", "End": "2021-12-31"},
        ],
        Rels={"Rel": rel("RE5", "QOP", ("Operational", "2020-04-01", "2021-09-30"))},
        Succs={"Succ": [succ("Successor", "RM3"), succ("Successor", "R0A")]},
    )
    heir = ord_record("R0A", Succs={"Succ": [succ("Predecessor", "RW6")]})
    found = convert(("r.json", [split, heir, ord_record("RM3"), ord_record("QOP", "RO318")]))
    assert not found.faults
    assert read(found)["RW6"] == Organisation(
        id="ods:RW6",
        name="TRUST RW6",
        type="trust",
        parents=(Parent(id="ods:QOP", since=date(2020, 4, 1), until=date(2021, 9, 30)),),
        valid_from=date(2002, 4, 1),
        valid_to=date(2021, 9, 30),
        successors=(
            Successor(id="ods:R0A", on=OCTOBER),
            Successor(id="ods:RM3", on=OCTOBER),
        ),
    )


def test_relationships_that_hold_at_once_are_one_edge_and_a_payee_is_none() -> None:
    rels = [
        rel("RE4", "QOP", ("Legal", "2020-04-01", "2021-03-31")),
        rel("RE5", "QOP", ("Operational", "2021-01-01", "2022-06-30")),
        rel("RE6", "QOP", ("Operational", "2024-01-01", None)),
        rel("RE9", "U01", ("Operational", "2020-01-01", None)),
    ]
    payee = [ord_record("R1", Rels={"Rel": rels}), ord_record("QOP"), ord_record("U01", "RO272")]
    assert read(convert(("r.json", payee)))["R1"].parents == (
        Parent(id="ods:QOP", since=date(2020, 4, 1), until=date(2022, 6, 30)),
        Parent(id="ods:QOP", since=date(2024, 1, 1)),
    )
    named = _ods_files.convert([("r.json", json.dumps(payee).encode())], ["RE9"])
    assert [p.id for p in read(named)["R1"].parents] == ["ods:U01"]


def test_where_law_and_work_contradict_each_other_the_work_has_the_say() -> None:
    dates = [
        {"Type": "Legal", "Start": "2022-07-01"},
        {"Type": "Operational", "Start": "2022-01-01", "End": "2022-03-31"},
    ]
    made = read(convert(("r.json", ord_record("R1", Date=dates))))["R1"]
    assert (made.valid_from, made.valid_to) == (date(2022, 1, 1), date(2022, 3, 31))


def test_of_several_roles_the_one_that_says_most_makes_the_type() -> None:
    roles = {
        "Role": [
            {"id": "RO177", "primaryRole": True, "Status": "Active"},
            {"id": "RO76", "Status": "Active"},
            {"id": "RO318", "Status": "Inactive"},
        ]
    }
    found = convert(
        ("r.json", [ord_record("P1", Roles=roles), ord_record("X1", "RO999"), ord_record("R1")])
    )
    assert {code: o.type for code, o in read(found).items()} == {
        "P1": "gp_practice",
        "R1": "trust",
        "X1": "RO999",
    }


def test_one_record_in_each_line_is_read_and_a_broken_line_stops_no_other() -> None:
    lines = [json.dumps(ord_record("R1")), "", "{broken", json.dumps(ord_record("R2", OrgId={}))]
    lines.append(json.dumps(ord_record("R3")))
    found = convert(("r.jsonl", "\n".join(lines)))
    assert list(read(found)) == ["R1", "R3"]
    assert [str(fault) for fault in found.faults] == [
        "r.jsonl:3: $: this line is not JSON (fetch the record again)",
        "r.jsonl:4: $.OrgId.extension: Field required (give the record as ODS answers it)",
    ]


def test_edges_out_of_the_files_are_left_out_and_counted() -> None:
    there = ord_record(
        "R1",
        Rels={"Rel": [rel("RE5", "QOP", ("Legal", "2020-04-01", None))]},
        Succs={"Succ": [succ("Successor", "R2"), succ("Predecessor", "R0")]},
    )
    found = convert(("r.json", there))
    assert found.left_out == {"QOP": 1, "R0": 1, "R2": 1}
    assert read(found)["R1"].successors == ()


def test_a_circle_in_what_was_made_is_told() -> None:
    one = ord_record("R1", Rels={"Rel": [rel("RE8", "R2", ("Legal", "2020-04-01", None))]})
    two = ord_record("R2", Rels={"Rel": [rel("RE8", "R1", ("Legal", "2020-04-01", None))]})
    (fault,) = convert(("r.json", [one, two])).faults
    assert (fault.file, fault.where) == ("organisations.csv", "parent_code")


def concept(code: str, **properties: Any) -> dict[str, Any]:
    kinds = {str: "valueString", bool: "valueBoolean", dict: "valueCoding"}
    told = [
        {"code": name, ("valueDateTime" if name.endswith("Date") else kinds[type(value)]): value}
        for name, value in properties.items()
    ]
    return {"code": code, "display": f"NAMED {code}", "property": told}


def code_system(*concepts: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "CodeSystem", "status": "active", "concept": list(concepts)}


ORGANISATIONS = code_system(
    concept("RW6", Name="PENNINE", primaryRole="RO197", legEndDate="2021-09-30"),
    concept("R0A", primaryRole={"system": "s", "code": "RO197"}, opStartDate="2017-10-01"),
    concept("RM3", primaryRole="RO197", Role="RO57"),
    concept("QOP", primaryRole="RO261"),
)
RELATIONSHIPS = code_system(
    concept(
        "619596",
        relationshipTypeCode="RE5",
        sourceOrgCode="R0A",
        targetOrgCode="QOP",
        status="active",
        legStartDate="2022-07-01T00:00:00+01:00",
    ),
    concept("7", relationshipTypeCode="RE5", sourceOrgCode="RM3", targetOrgCode="QOP",
            status="inactive"),
)  # fmt: skip
SUCCESSIONS = code_system(
    concept("1", predecessor="RW6", successor="RM3", legStartDate="2021-10-01"),
    concept("2", predecessor="RW6", successor="R0A", legStartDate="2021-10-01"),
)
ROLES = code_system(concept("9", orgCode="QOP", role="RO318", primaryRole=False, status="active"))


def test_the_code_systems_of_the_terminology_server_make_one_file() -> None:
    files = (ORGANISATIONS, RELATIONSHIPS, SUCCESSIONS, ROLES)
    found = convert(*((f"{n}.json", told) for n, told in enumerate(files)))
    assert [str(fault) for fault in found.faults] == [
        (
            "1.json: $.concept[1]: the relationship to QOP is over, but nobody says since when "
            "(give it an end, or take it out)"
        )
    ]
    made = read(found)
    assert made["RW6"] == Organisation(
        id="ods:RW6",
        name="PENNINE",
        type="trust",
        valid_to=date(2021, 9, 30),
        successors=(
            Successor(id="ods:R0A", on=OCTOBER),
            Successor(id="ods:RM3", on=OCTOBER),
        ),
    )
    assert made["R0A"] == Organisation(
        id="ods:R0A",
        name="NAMED R0A",
        type="trust",
        parents=(Parent(id="ods:QOP", since=date(2022, 7, 1)),),
        valid_from=date(2017, 10, 1),
    )
    assert made["QOP"].type == "icb"


def test_what_lookup_answers_is_a_concept() -> None:
    def said(name: str, value: str) -> dict[str, Any]:
        part = [{"name": "code", "valueCode": name}, {"name": "value", "valueString": value}]
        return {"name": "property", "part": part}

    answer = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "code", "valueCode": "R0A"},
            {"name": "display", "valueString": "MANCHESTER"},
            said("primaryRole", "RO197"),
            said("legStartDate", "2017-10-01"),
        ],
    }
    bundle = {"resourceType": "Bundle", "entry": [{"resource": answer}]}
    assert read(convert(("b.json", bundle)))["R0A"] == Organisation(
        id="ods:R0A", name="MANCHESTER", type="trust", valid_from=date(2017, 10, 1)
    )


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        pytest.param(
            {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Organization"}}]},
            "$.entry[0].resource: nothing is known of `Organization` (give CodeSystem, "
            'the answer of $lookup, or records of ORD as {"Organisation": …})',
            id="another resource",
        ),
        pytest.param(
            {"resourceType": "Bundle", "entry": [7]},
            "$.entry[0].resource: no record stands here (give CodeSystem, "
            'the answer of $lookup, or records of ORD as {"Organisation": …})',
            id="no record",
        ),
        pytest.param(
            code_system(concept("1", colour="red")),
            "$.concept[0]: the properties of `1` are not those of ODS "
            "(ask for the code systems with all their properties)",
            id="another code system",
        ),
        pytest.param(
            code_system(concept("R1", primaryRole="RO197", legStartDate="soon")),
            "$.concept[0]: `soon` is no day (write it as 2021-10-01)",
            id="no day",
        ),
        pytest.param(
            {"resourceType": "Parameters", "parameter": [7, {"name": "property", "part": 7}]},
            "$.code: Field required (give the record as ODS answers it)",
            id="an answer without a code",
        ),
    ],
)
def test_what_is_no_record_of_ods_is_told_with_its_place(told: Any, fault: str) -> None:
    assert [str(one) for one in convert(("b.json", told)).faults] == [f"b.json: {fault}"]


def test_a_document_that_breaks_off_is_told_with_its_line() -> None:
    (fault,) = convert(("b.json", '{\n"Organisation": {\n')).faults
    assert (fault.line, fault.where) == (3, "$")


def test_the_same_files_always_make_the_same_file() -> None:
    files = [("1.json", ORGANISATIONS), ("2.json", SUCCESSIONS)]
    assert convert(*files) == convert(*files)
    assert convert(*files).csv == convert(*reversed(files)).csv


def test_what_a_concept_leaves_open_is_not_said_and_a_role_that_is_over_is_none() -> None:
    told = concept("RM3", primaryRole="RO197", Name="SALFORD")
    told["property"].append({"code": "legEndDate"})
    over = concept("9", orgCode="RM3", role="RO318", status="inactive")
    found = convert(("c.json", code_system(told)), ("r.json", code_system(over)))
    assert not found.faults
    made = read(found)["RM3"]
    assert (made.valid_to, made.type) == (None, "trust")
