import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from steps import keep
from store.database import open_engine
from tests.web.rig import Rig
from web.app import make_app


def health(rig: Rig) -> tuple[int, str]:
    reply = rig.ask("/health")
    return reply.status, json.loads(reply.body)["status"]


def test_a_house_is_well_when_its_store_is_as_this_version_needs_it(rig: Rig) -> None:
    assert health(rig) == (503, "store not migrated: run `retold init`")
    with rig.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num TEXT)"))
        needed = keep.versions(rig.engine)[1]
        connection.execute(sa.text("INSERT INTO alembic_version VALUES (:v)"), {"v": needed})
    rig.now += timedelta(seconds=1)
    assert health(rig) == (200, "ok")


def test_a_house_whose_store_is_gone_is_not_well(rig: Rig, tmp_path: Path) -> None:
    rig.engine = open_engine(f"sqlite:///{tmp_path}")  # a folder is no database
    rig.app = make_app(rig.house())
    assert health(rig) == (503, "store unreachable")


@pytest.mark.parametrize("path", ["", "/x", "/static/", "/static/../web/app.py", "/Feeds/nhs", "*"])
def test_what_is_not_there_is_a_problem_in_plain_words(rig: Rig, path: str) -> None:
    reply = rig.ask(path)
    assert (reply.status, reply["content-type"]) == (404, "application/problem+json")
    assert json.loads(reply.body) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such page.",
    }


@pytest.mark.parametrize("path", ["/", "/health"])
def test_a_page_is_only_read(rig: Rig, path: str) -> None:
    assert rig.ask(path, method="POST").status == 405
    assert rig.ask(path, method="HEAD").body == b""


def test_every_answer_bears_the_headers_that_keep_it_safe(rig: Rig) -> None:
    token = rig.issue("nhs")
    for path in ("/", "/health", "/x", "/feeds/", "/feeds/nhs/all", "/feeds/nhs/all.rss", "/b/x"):
        for given in (None, token):
            reply = rig.ask(path, given)
            assert reply["x-content-type-options"] == "nosniff"
            assert reply["referrer-policy"] == "no-referrer"
            assert reply["x-robots-tag"] == "noindex, nofollow"
            assert "default-src 'none'" in reply["content-security-policy"]


def test_what_cannot_be_kept_waits_and_the_house_goes_on(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    token = rig.issue("nhs")
    rename(rig, "deliveries", "elsewhere")
    with rig.open():
        assert rig.ask("/feeds/nhs/all.atom", token).status == 503
        while "they wait" not in caplog.text:
            rig.ask("/")
        rename(rig, "elsewhere", "deliveries")
        assert rig.ask("/feeds/nhs/all.atom", token).status == 200


def rename(rig: Rig, table: str, name: str) -> None:
    with rig.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")
