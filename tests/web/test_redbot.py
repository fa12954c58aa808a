"""REDbot, a linter of HTTP that others wrote, finds nothing to mend in what is served.

`make test` sets up an environment for it; where there is none these tests are skipped.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from feeds import names
from rules import beacon, identity
from schemas.partner import Agreement, Edition
from steps import documents, keep
from steps.pages import STYLE_PATH
from store.database import open_engine
from tests.tell import tell, telling
from tests.web.published import Published
from tests.web.rig import KEY
from tests.web.test_serve import bearer, serving

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv/redbot/bin/python"
DROID = ROOT / "tests/web/droid.py"

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="`make test` sets REDbot up")

EDITION = Edition(id="all", partner="nhs", title="Everything", page_size=3)
TEXT = "The nurses were kind and the wait was long. " * 9
ALL = "/feeds/nhs/all"


class Seen(NamedTuple):
    """What REDbot said of one answer."""

    status: int
    faults: list[str]
    """Its notes that are warnings or worse, by name."""
    revalidates: bool
    """Whether If-None-Match and If-Modified-Since were each answered with 304."""
    packs: bool


def story(name: str) -> str:
    return identity.mint(("opinion.example", name))


ALONE = f"{ALL}/story/{story('1').rpartition(':')[2]}"
WITHDRAWN = f"{ALL}/story/{story('5').rpartition(':')[2]}"

DOCUMENTS: Mapping[str, str] = {
    **{f"newest in {name}": f"{ALL}.{name}" for name in names()},
    **{f"archive in {name}": f"{ALL}/archive-1.{name}" for name in names()},
    "page": f"{ALL}.atom?below=7",
    "manifest": f"{ALL}/manifest.json",
    "manifest of a month": f"{ALL}/manifest-2026-01.json",
    "story": ALONE,
    "page for people": ALL,
}
OTHERS: Mapping[str, tuple[str, int]] = {
    "home": ("/", 200),
    "style": (STYLE_PATH, 200),
    "health": ("/health", 200),
    "beacon": (beacon.path("nhs", story("1"), KEY), 200),
    "story that is gone": (WITHDRAWN, 410),
    "hub": ("/hub", 405),
    "reports": ("/reports/nhs", 401),
    "nothing": (f"{ALL}/archive-99.atom", 404),
    "no page": ("/none", 404),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Seen]]:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('redbot')}/retold.db")
    keep.set_up(engine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "BUCKET", 4)
        rig = Published(engine)
        agreement = Agreement(id="a1", partner="nhs", formats=tuple(names()))
        told = {"agreements": (agreement,), "editions": (EDITION,)}
        rig.config = rig.config.model_copy(update=told)
        tell(engine, *(telling(str(number), TEXT) for number in range(12)))
        rig.publish(EDITION)
        asked = _asked(rig)
        with serving(rig) as address:
            yield _looked(address, asked)
    rig.runner.close()
    engine.dispose()


def _asked(rig: Published) -> dict[str, tuple[str, dict[str, str]]]:
    """Name what is to be asked for, and with which headers."""
    key = rig.issue("nhs")
    token = bearer(key)
    held = {name: rig.ask(f"{ALL}.{name}", key)["etag"] for name in ("atom", "json")}
    tell(rig.engine, telling("3", "Told again."), removed=[("opinion", "5")])
    rig.publish(EDITION)
    paths = {**DOCUMENTS, **{name: path for name, (path, _) in OTHERS.items()}}
    return {
        **{name: (path, token) for name, path in paths.items()},
        **{name: (f"{ALL}.atom", token | {"Accept-Encoding": name}) for name in CODINGS},
        **{
            f"delta in {name}": (f"{ALL}.{name}", token | {"A-IM": "feed", "If-None-Match": etag})
            for name, etag in held.items()
        },
        "no token": (f"{ALL}.atom", {}),
    }


CODINGS = ("br", "gzip", "zstd", "identity;q=0.5")


def _looked(address: str, asked: Mapping[str, tuple[str, dict[str, str]]]) -> Mapping[str, Seen]:
    lines = [(address + path, list(headers.items())) for path, headers in asked.values()]
    told = subprocess.run(
        [PYTHON, DROID],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    found = zip(asked, json.loads(told.stdout), strict=True)
    return {name: _seen(one) for name, one in found}


def _seen(told: Mapping[str, Any]) -> Seen:
    assert told["notes"], told
    assert told["error"] == "", told
    return Seen(
        told["status"],
        [
            f"{name} ({level}): {words}"
            for name, level, _, words in told["notes"]
            if level in FAULTS
        ],
        bool(told["if_none_match"] and told["if_modified_since"]),
        bool(told["gzip"]),
    )


FAULTS = {"WARN", "BAD"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_may_be_kept_asked_after_and_packed(seen: Mapping[str, Seen], name: str) -> None:
    assert seen[name] == Seen(200, [], revalidates=True, packs=True)


@pytest.mark.parametrize("name", OTHERS)
def test_any_other_address_is_answered_soundly(seen: Mapping[str, Seen], name: str) -> None:
    assert (seen[name].status, seen[name].faults) == (OTHERS[name][1], [])


@pytest.mark.parametrize("name", CODINGS)
def test_a_document_in_any_coding_may_be_asked_after(seen: Mapping[str, Seen], name: str) -> None:
    assert seen[name]._replace(packs=False) == Seen(200, [], revalidates=True, packs=False)


@pytest.mark.parametrize("name", ["delta in atom", "delta in json"])
def test_a_delta_is_answered_soundly(seen: Mapping[str, Seen], name: str) -> None:
    assert (seen[name].status, seen[name].faults) == (226, [])


def test_whoever_has_no_token_is_refused_soundly(seen: Mapping[str, Seen]) -> None:
    assert (seen["no token"].status, seen["no token"].faults) == (401, [])
