import ast
import csv
from pathlib import Path

import pytest
import requests

import demo.world
from demo.world import World, population
from tests.patience import PATIENCE_S

HOUSE = {
    "schemas", "rules", "connectors", "feeds", "summaries", "store", "steps", "flows", "web",
    "cli", "settings",
}  # fmt: skip

SCALE = 0.04


def _bytes_of(world: World) -> dict[str, bytes]:
    files = {
        str(path.relative_to(world.folder)): path.read_bytes()
        for path in world.folder.rglob("*.*")
        if path.is_file()
    }
    reports = {month: world.careopinion.view_report(month) for month in world.careopinion.months()}
    headers = {"Authorization": world.careopinion.authorization}
    served = {
        name: requests.get(url, headers=headers, timeout=PATIENCE_S).content
        for name, url in {
            "opinions": f"{world.careopinion.api_url}/opinions",
            "responses": f"{world.careopinion.api_url}/responses",
            "feed": world.forum.feed_url,
        }.items()
    }
    return files | reports | served


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others() -> None:
    with World(7, SCALE) as one, World(7, SCALE) as same, World(8, SCALE) as other:
        first, second, third = (_bytes_of(world) for world in (one, same, other))
    assert first == second
    assert {name for name in first if first[name] == third[name]} == {"organisations.csv"}


def test_the_world_ends_cleanly_and_takes_its_own_folder_away() -> None:
    with World(scale=SCALE) as world:
        folder, address = world.folder, world.careopinion.address
        partner = world.partner(f"{world.forum.address}/feed.atom")
        assert requests.get(partner.address, timeout=PATIENCE_S).ok
    world.stop()
    assert not folder.exists()
    for gone in (address, world.forum.address, partner.address):
        with pytest.raises(requests.ConnectionError):
            requests.get(gone, timeout=PATIENCE_S)


def test_a_folder_that_was_given_stays(tmp_path: Path) -> None:
    with World(scale=SCALE, folder=tmp_path):
        pass
    assert (tmp_path / "organisations.csv").read_bytes() == population.organisations_file()
    assert len(list((tmp_path / "survey").iterdir())) == 4


def test_a_partner_of_a_small_world_is_read_less_in_proportion() -> None:
    with World(scale=SCALE) as world:
        feed = world.forum.feed_url
        small, own = world.partner(feed), world.partner(feed, reads=10, name="other.example")
        small.poll()
        own.poll()
        assert sum(n for month in small.months for _, n in small.reads(month)) == 76_000
        assert sum(n for month in own.months for _, n in own.reads(month)) == 10


def test_a_removed_story_and_an_edited_one_show_at_once() -> None:
    with World(scale=SCALE) as world:
        gone, edited = world.stories[0].id, world.stories[1].id
        world.remove(gone)
        assert world.edit(edited, body="Said otherwise.").body == "Said otherwise."
        headers = {"Authorization": world.careopinion.authorization}
        url = f"{world.careopinion.api_url}/opinions"
        assert requests.get(f"{url}/{gone}", headers=headers, timeout=PATIENCE_S).status_code == 404
        shown = requests.get(f"{url}/{edited}", headers=headers, timeout=PATIENCE_S).json()
        assert shown["body"] == "Said otherwise."
        assert shown["title"] == world.stories[1].title


def test_the_traps_can_be_asked_for_by_name() -> None:
    with World(scale=SCALE) as world:
        assert [len(world.laid(trap)) for trap in ("personal", "three services")] == [3, 1]


def test_the_world_imports_nothing_of_the_house() -> None:
    for path in Path(demo.world.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not HOUSE & {name.partition(".")[0] for name in names}, path.name


def test_every_organisation_answers_to_one_that_is_listed_too() -> None:
    rows = list(csv.DictReader(population.organisations_file().decode().splitlines()))
    assert tuple(rows[0]) == population.COLUMNS
    listed = {(row["scheme"], row["code"]) for row in rows}
    assert len(listed) == len(rows)
    parents = {(row["parent_scheme"], row["parent_code"]) for row in rows} - {("", "")}
    assert parents < listed
    assert {row["region"] for row in rows} == {"North", "Midlands"}
    assert population.BY_CODE["ZN1"].id == "ods:ZN1"


def test_a_trust_has_its_sites_within_it_and_a_board_its_trusts() -> None:
    assert population.within("ZN1") == {"ZN1", "ZN101", "ZN102", "ZN103"}
    assert population.within("ZQ1") > population.within("ZN1") | population.within("ZM1")
    assert population.sites("ZP1") == ("ZP1",)
