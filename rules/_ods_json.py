"""Read what the interfaces of ODS answer: ORD's records, and code systems in FHIR R4.

* ORD 2-0-0, `GET /organisations/{code}`: `{"Organisation": …}`, as
  https://digital.nhs.uk/developer/api-catalogue/organisation-data-service-ord describes it. What
  comes several times may come once without its list.
* Organisation Data Terminology: `CodeSystem` with `concept[]`, each with `property[]`
  (https://hl7.org/fhir/R4/codesystem.html), or what `$lookup` answers about one concept
  (https://hl7.org/fhir/R4/codesystem-operation-lookup.html), one by one or in a `Bundle`. The codes
  of the properties are those that ODS documents for `ods-organization-code`,
  `organization-role-instance`, `organization-relationship-instance` and `Succession`, below
  https://digital.nhs.uk/services/organisation-data-service/codesystem/ ; which of the four a
  concept is of is told by its properties.

Legal days count before operational ones: ODS calls them authoritative.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rules._ods_register import OddError, Register, Term
from schemas.errors import Fault

_KINDS = 'CodeSystem, the answer of $lookup, or records of ORD as {"Organisation": …}'
_INACTIVE = "inactive"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class _Date(_Shape):
    type: str = Field(alias="Type")
    start: date | None = Field(default=None, alias="Start")
    end: date | None = Field(default=None, alias="End")


_Dates = Annotated[tuple[_Date, ...], BeforeValidator(_listed)]


class _OrgId(_Shape):
    code: str = Field(alias="extension", min_length=1)


class _Target(_Shape):
    org: _OrgId = Field(alias="OrgId")


class _Role(_Shape):
    id: str
    primary: bool = Field(default=False, alias="primaryRole")
    status: str = Field(default="Active", alias="Status")


class _Rel(_Shape):
    id: str
    status: str = Field(default="Active", alias="Status")
    dates: _Dates = Field(default=(), alias="Date")
    target: _Target = Field(alias="Target")


class _Succ(_Shape):
    type: str = Field(alias="Type", pattern="^(Successor|Predecessor)$")
    dates: _Dates = Field(default=(), alias="Date")
    target: _Target = Field(alias="Target")


class _Roles(_Shape):
    role: Annotated[tuple[_Role, ...], BeforeValidator(_listed)] = Field(default=(), alias="Role")


class _Rels(_Shape):
    rel: Annotated[tuple[_Rel, ...], BeforeValidator(_listed)] = Field(default=(), alias="Rel")


class _Succs(_Shape):
    succ: Annotated[tuple[_Succ, ...], BeforeValidator(_listed)] = Field(default=(), alias="Succ")


class _Organisation(_Shape):
    name: str = Field(alias="Name")
    org: _OrgId = Field(alias="OrgId")
    dates: _Dates = Field(default=(), alias="Date")
    roles: _Roles = Field(default=_Roles(), alias="Roles")
    rels: _Rels = Field(default=_Rels(), alias="Rels")
    succs: _Succs = Field(default=_Succs(), alias="Succs")


class _Concept(_Shape):
    code: str = Field(min_length=1)
    display: str = ""
    property: tuple[dict[str, Any], ...] = ()


def read(register: Register, file: str, payload: bytes) -> None:
    """Note every record of a file: one JSON document, or one in each line.

    Each record that cannot be understood is a fault, and stops no other.
    """
    for line, document in _documents(register, file, payload):
        for where, told in _records(document, "$"):
            try:
                _note(register, told)
            except OddError as error:
                what, remedy = error.args
                register.faults.append(Fault(file, line, where, what, remedy))
            except ValidationError as error:
                for detail in error.errors(include_url=False):
                    path = ".".join((where, *map(str, detail["loc"])))
                    remedy = "give the record as ODS answers it"
                    register.faults.append(Fault(file, line, path, detail["msg"], remedy))


def _documents(register: Register, file: str, payload: bytes) -> Iterator[tuple[int, Any]]:
    try:
        yield 0, orjson.loads(payload.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        if len(lines := payload.splitlines()) == 1 or not _is_json(lines[0]):
            what, remedy = f"this is not JSON: {error}", "fetch the file again"
            register.faults.append(Fault(file, error.lineno, "$", what, remedy))
            return
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            if _is_json(line):
                yield number, orjson.loads(line)
            else:
                what, remedy = "this line is not JSON", "fetch the record again"
                register.faults.append(Fault(file, number, "$", what, remedy))


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _records(document: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Unpack lists, bundles and code systems; give each record with its place."""
    kind = document.get("resourceType") if isinstance(document, dict) else None
    if isinstance(document, list):
        for number, each in enumerate(document):
            yield from _records(each, f"{where}[{number}]")
    elif kind == "Bundle" and isinstance(document.get("entry"), list):
        for number, entry in enumerate(document["entry"]):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            yield from _records(resource, f"{where}.entry[{number}].resource")
    elif kind == "CodeSystem" and isinstance(document.get("concept"), list):
        for number, concept in enumerate(document["concept"]):
            yield f"{where}.concept[{number}]", {"concept": concept}
    else:
        yield where, document


def _note(register: Register, told: Any) -> None:
    if not isinstance(told, dict):
        raise OddError("no record stands here", f"give {_KINDS}")
    if "concept" in told:
        _concept(register, _Concept.model_validate(told["concept"]))
    elif told.get("resourceType") == "Parameters":
        _concept(register, _looked_up(told))
    elif "Organisation" in told or "OrgId" in told:
        _record(register, _Organisation.model_validate(told.get("Organisation", told)))
    else:
        kind = told.get("resourceType") or ", ".join(sorted(told)[:4]) or "{}"
        raise OddError(f"nothing is known of `{kind}`", f"give {_KINDS}")


def _record(register: Register, told: _Organisation) -> None:
    code = told.org.code
    register.organisation(code, told.name, _term(told.dates))
    active = [r for r in told.roles.role if r.status.casefold() != _INACTIVE] or told.roles.role
    for role in sorted(active, key=lambda r: not r.primary):
        register.role(code, role.id)
    for rel in told.rels.rel:
        term = _ended(_term(rel.dates), rel.status, rel.target.org.code)
        register.relationship(rel.id, code, rel.target.org.code, term)
    for succ in told.succs.succ:
        on, _ = _term(succ.dates)
        ends = (code, succ.target.org.code)
        gone, new = ends if succ.type == "Successor" else reversed(ends)
        register.succession(gone, new, on)


def _concept(register: Register, concept: _Concept) -> None:
    said = _properties(concept)
    if {"sourceorgcode", "targetorgcode", "relationshiptypecode"} <= said.keys():
        source, target = said["sourceorgcode"][0], said["targetorgcode"][0]
        term = _ended(_said_term(said), said.get("status", ["active"])[0], target)
        register.relationship(said["relationshiptypecode"][0], source, target, term)
    elif {"predecessor", "successor"} <= said.keys():
        on, _ = _said_term(said)
        register.succession(said["predecessor"][0], said["successor"][0], on)
    elif {"orgcode", "role"} <= said.keys():
        if said.get("status", ["active"])[0].casefold() != _INACTIVE:
            register.role(said["orgcode"][0], said["role"][0])
    elif "primaryrole" in said:
        name = said.get("name", [concept.display])[0]
        register.organisation(concept.code, name, _said_term(said))
        for role in (*said["primaryrole"], *said.get("role", ())):
            register.role(concept.code, role)
    else:
        what = f"the properties of `{concept.code}` are not those of ODS"
        raise OddError(what, "ask for the code systems with all their properties")


def _looked_up(told: Mapping[str, Any]) -> _Concept:
    """Make a concept of what `$lookup` answers."""
    found: dict[str, Any] = {"property": []}
    for parameter in _tables(told.get("parameter")):
        if parameter.get("name") == "property":
            parts = {part.get("name"): part for part in _tables(parameter.get("part"))}
            value = _value(parts.get("value", {}))
            found["property"].append({"code": _value(parts.get("code", {})), "valueString": value})
        else:
            found[str(parameter.get("name"))] = _value(parameter)
    return _Concept.model_validate(found)


def _tables(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _properties(concept: _Concept) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for one in concept.property:
        value = _value(one)
        if value not in {None, ""}:
            said.setdefault(str(one.get("code")).casefold(), []).append(str(value))
    return said


def _value(one: Mapping[str, Any]) -> Any:
    """Give a value of any type, `valueCode` or `valueDateTime`; a coding's is its code."""
    value = next((value for key, value in one.items() if key.startswith("value")), None)
    return value.get("code") if isinstance(value, dict) else value


def _said_term(said: Mapping[str, list[str]]) -> Term:
    def day(key: str) -> date | None:
        text = said.get(key, [""])[0]
        try:
            return date.fromisoformat(text[:10]) if text else None
        except ValueError:
            raise OddError(f"`{text}` is no day", "write it as 2021-10-01") from None

    legal = day("legstartdate"), day("legenddate")
    return _preferred(legal, (day("opstartdate"), day("openddate")))


def _term(dates: tuple[_Date, ...]) -> Term:
    terms = {one.type: (one.start, one.end) for one in dates}
    open_ = (None, None)
    return _preferred(terms.get("Legal", open_), terms.get("Operational", open_))


def _preferred(legal: Term, operational: Term) -> Term:
    since, until = legal[0] or operational[0], legal[1] or operational[1]
    if since and until and until < since:
        return operational  # it was over before the law knew of it
    return since, until


def _ended(term: Term, status: str, target: str) -> Term:
    if status.casefold() == _INACTIVE and term[1] is None:
        what = f"the relationship to {target} is over, but nobody says since when"
        raise OddError(what, "give it an end, or take it out")
    return term
