"""The made-up organisations that the made-up stories are about.

No real organisation has a code that begins with these letters.
"""

import csv
import io
from dataclasses import dataclass

SCHEME = "ods"
"""The scheme that the codes pretend to be of."""

COLUMNS = (
    "scheme",
    "code",
    "name",
    "type",
    "region",
    "parent_scheme",
    "parent_code",
    "valid_from",
    "valid_to",
)
"""The header of the organisations file."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation, or one site of it."""

    code: str
    name: str
    type: str
    region: str
    parent: str | None = None
    """The code of the organisation it belongs to or answers to."""
    valid_from: str = "2003-04-01"

    @property
    def id(self) -> str:
        """Name it with its scheme."""
        return f"{SCHEME}:{self.code}"


ACUTE = "ZN1"
MENTAL_HEALTH = "ZM1"
COMMUNITY = "ZC1"
AMBULANCE = "ZA1"
PRACTICE = "ZP1"

ORGANISATIONS = (
    Organisation("ZQ1", "Moor and Dale Commissioning Board", "commissioner", "North"),
    Organisation("ZQ2", "Vale Commissioning Board", "commissioner", "Midlands"),
    Organisation(ACUTE, "Northern Moor Acute Hospitals", "acute", "North", "ZQ1"),
    Organisation("ZN101", "Moor Royal Infirmary", "acute", "North", ACUTE),
    Organisation("ZN102", "Fellside General Hospital", "acute", "North", ACUTE),
    Organisation("ZN103", "Harbour Road Hospital", "acute", "North", ACUTE, "2009-10-01"),
    Organisation(MENTAL_HEALTH, "Wharf and Dale Mental Health", "mental_health", "North", "ZQ1"),
    Organisation("ZM101", "Larch House", "mental_health", "North", MENTAL_HEALTH),
    Organisation("ZM102", "Dale Community Mental Health Team", "mental_health", "North", "ZM1"),
    Organisation(COMMUNITY, "Vale Community Care", "community", "Midlands", "ZQ2", "2011-01-01"),
    Organisation("ZC101", "Canal Street Health Centre", "community", "Midlands", COMMUNITY),
    Organisation(AMBULANCE, "Moor and Vale Ambulance", "ambulance", "North", "ZQ1"),
    Organisation(PRACTICE, "Beck Lane Surgery", "practice", "North", "ZQ1"),
)

BY_CODE = {organisation.code: organisation for organisation in ORGANISATIONS}


def sites(trust: str) -> tuple[str, ...]:
    """List the codes of a trust's sites; the trust itself where it has none."""
    return tuple(o.code for o in ORGANISATIONS if o.parent == trust) or (trust,)


def within(trust: str) -> frozenset[str]:
    """Name the trust and all below it."""
    below = {o.code for o in ORGANISATIONS if o.parent == trust}
    return frozenset({trust}).union(*(within(code) for code in below))


def organisations_file() -> bytes:
    """Write the organisations as CSV; every call writes the same bytes."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for o in ORGANISATIONS:
        scheme = SCHEME if o.parent else ""
        rows.writerow(
            (SCHEME, o.code, o.name, o.type, o.region, scheme, o.parent or "", o.valid_from, "")
        )
    return text.getvalue().encode()
