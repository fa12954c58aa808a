"""What the files of ODS say together: several of them may speak of one organisation.

Source: https://www.odsdatasearchandexport.nhs.uk/referenceDataCatalogue/
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from types import MappingProxyType

from rules import lineage
from schemas.errors import Fault
from schemas.organisation import Organisation, Parent, Successor

SCHEME = "ods"

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "RO318": "icb",
        "RO319": "sub_icb",
        "RO76": "gp_practice",
        "RO209": "region",
        "RO272": "pcn",
        "RO98": "sub_icb",
        "RO261": "icb",
        "RO197": "trust",
        "RO198": "trust_site",
        "RO142": "local_health_board",
        "RO144": "local_health_board_site",
        "RO177": "prescribing_cost_centre",
        "RO182": "pharmacy",
    }
)
"""What an organisation of a role is called; of several roles the first in this list counts."""

EDGES = ("RE2", "RE3", "RE4", "RE5", "RE6", "RE8", "RE11")
"""The relationships that make a parent: sub-division, directed by, commissioned by, located in
the geography of, operated by, partner to, constituent of. Who is payee for whom (RE9, RE10), and
a legacy (RE1), makes none."""

REGION = "region"
"""The type whose name is the region of all below it."""

Term = tuple[date | None, date | None]
"""A first and a last day; None where it is open."""


class OddError(Exception):
    """A record cannot be understood: what is wrong, and the remedy, are the arguments."""


class Register:
    """Gathers what is said, record by record."""

    def __init__(self, edges: Collection[str] = EDGES) -> None:
        self.faults: list[Fault] = []
        self.left_out: Counter[str] = Counter()
        """How many edges and successions lead to a code, or from one, that no file is about."""
        self._edges_wanted = frozenset(edges)
        self._names: dict[str, str] = {}
        self._types: dict[str, str] = {}
        self._roles: dict[str, list[str]] = defaultdict(list)
        self._terms: dict[str, Term] = {}
        self._edges: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
        self._successions: dict[str, dict[str, date | None]] = defaultdict(dict)

    def organisation(
        self, code: str, name: str, term: Term = (None, None), type_: str | None = None
    ) -> None:
        """Note an organisation; who speaks first of one has the say."""
        if not name.strip():
            raise OddError(f"{code} has no name", "give it one, or take the record out")
        _check(term)
        self._names.setdefault(code, " ".join(name.split()))
        self._terms.setdefault(code, term)
        if type_ is not None:
            self._types.setdefault(code, type_)

    def role(self, code: str, role: str) -> None:
        """Note a role that an organisation has."""
        self._roles[code].append(role)

    def relationship(self, kind: str, child: str, parent: str, term: Term) -> None:
        """Note a relationship of one of ODS's kinds, `RE6`, where it makes a parent."""
        if kind in self._edges_wanted:
            self.edge(child, parent, term)

    def edge(self, child: str, parent: str, term: Term = (None, None)) -> None:
        """Note who stands above whom, and when; some name themselves, which says nothing."""
        _check(term)
        if child != parent:
            self._edges[child][parent].append(term)

    def succession(self, gone: str, successor: str, on: date | None) -> None:
        """Note who went over into whom; ODS tells many from both ends."""
        known = self._successions[gone].get(successor)
        self._successions[gone][successor] = min(filter(None, (known, on)), default=None)

    def organisations(self) -> list[Organisation]:
        """Give every organisation that has a name, in order of codes; note what is left out."""
        self.left_out.clear()
        for said in (self._edges, self._successions):
            self.left_out.update({one: len(said[one]) for one in said if one not in self._names})
        return [self._made(code) for code in sorted(self._names)]

    def _made(self, code: str) -> Organisation:
        name, (since, until), type_ = self._names[code], self._terms[code], self._type(code)
        return Organisation(
            id=_id(code),
            name=name,
            type=type_,
            region=name if type_ == REGION else None,
            parents=tuple(
                edge
                for parent in self._known(self._edges.get(code, {}))
                for edge in _joined(parent, self._edges[code][parent])
            ),
            valid_from=since,
            valid_to=until,
            successors=tuple(
                Successor(id=_id(new), on=self._successions[code][new])
                for new in self._known(self._successions.get(code, {}))
            ),
        )

    def _type(self, code: str) -> str | None:
        roles = self._roles.get(code, ())
        named = next((name for role, name in TYPES.items() if role in roles), None)
        return named or self._types.get(code) or next(iter(roles), None)

    def _known(self, codes: Iterable[str]) -> list[str]:
        self.left_out.update(code for code in codes if code not in self._names)
        return sorted(code for code in codes if code in self._names)


def _id(code: str) -> str:
    return f"{SCHEME}:{code}"


def _check(term: Term) -> None:
    since, until = term
    if since and until and until < since:
        what = f"it ends on {until} before it begins on {since}"
        raise OddError(what, "correct one of the two days")


def _joined(parent: str, terms: Iterable[Term]) -> Iterable[Parent]:
    """Join what holds at once: two relationships to one parent are one edge."""
    spans = [(since or date.min, until or date.max) for since, until in terms]
    for first, last in lineage.merged(spans):
        yield Parent(
            id=_id(parent),
            since=None if first == date.min else first,
            until=None if last == date.max else last,
        )
