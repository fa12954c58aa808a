"""Posts flow only where they are named."""

import pytest

from rules import lineage, select
from schemas.partner import Agreement, Edition, Partner, Scope
from schemas.publication import Shown
from schemas.story import Kind, Rights
from tests import make

PARTNER = Partner(id="paper", name="The Paper")
RIGHTS = {"opinion": Rights(may_syndicate=True)}


def is_in(kind: str, agreed: tuple[str, ...], shown: tuple[str, ...]) -> bool:
    agreement = {"id": "a", "partner": "paper", "scope": {"kinds": agreed}}
    edition = {"id": "e", "partner": "paper", "title": "E", "scope": {"kinds": shown}}
    desire = select.allowed(
        make.story(kind=kind),
        Edition.model_validate(edition),
        PARTNER,
        [Agreement.model_validate(agreement)],
        RIGHTS,
        lineage.ground((), make.NOON.date()),
        make.NOON,
    )
    return desire.state is Shown.IN


@pytest.mark.parametrize(
    ("agreed", "shown", "kinds"),
    [
        pytest.param((), (), {"story"}, id="nothing named"),
        pytest.param(("post",), (), set(), id="the agreement alone names them"),
        pytest.param((), ("post",), set(), id="the edition alone names them"),
        pytest.param(("story", "post"), ("post",), {"post"}, id="both name them"),
        pytest.param(("story", "post"), (), {"story"}, id="an edition that names no kinds"),
        pytest.param(("post",), ("story", "post"), {"post"}, id="only they are agreed"),
    ],
)
def test_a_post_flows_only_where_agreement_and_edition_name_it(
    agreed: tuple[str, ...], shown: tuple[str, ...], kinds: set[str]
) -> None:
    found = {kind for kind in ("story", "post") if is_in(kind, agreed, shown)}
    assert found == kinds


def test_every_kind_but_a_post_is_in_a_scope_that_names_no_kinds() -> None:
    assert {kind for kind in Kind if not Scope().takes(kind)} == {Kind.POST}
    assert all(Scope(kinds=(kind,)).takes(kind) for kind in Kind)
