"""Every figure can be measured; how fast anything is, no test asserts."""

from pathlib import Path

import orjson
import pytest

from bench import __main__ as bench
from bench import clock, figure, serve
from bench.figure import Figure
from kit.stages import stages

FIELDS = {"name", "ours", "peer", "ratio", "goal", "met"}

FIGURES = {
    "change": ["change.60/20"],
    "idle": ["idle.flow", "idle.memory"],
    "ingest": ["ingest", "ingest/sqlite3.executemany", "ingest/dlt", "ingest.again/dlt"],
    "kinds": [f"kinds.{kind}" for kind in stages()],
    "memory": ["ingest.memory"],
    "million": ["change.80/20"],
    "parse": ["parse.atom/feedparser", "parse.atom/lxml", "parse.rss/feedparser", "parse.rss/lxml"],
    "prefect": ["prefect.flow/step"],
    "removed": ["removed.60/0"],
    "render": [
        "render.cold",
        "render.warm.20",
        "render.cold/strings",
        "render.cold/feedgen",
        "render.cold/lxml.xmlfile",
        "render.warm/feedgen",
        "render.answered",
        "render.answered/strings",
    ],
    "serve": ["serve.200/nginx", "serve.304/nginx"],
    "settle": ["settle.facts/by hand", "settle.statements/by hand"],
}


def test_every_group_of_figures_is_under_test() -> None:
    assert sorted(bench.KNOWN) == sorted(FIGURES)


@pytest.mark.parametrize("name", bench.KNOWN)
def test_every_figure_is_measured_and_says_what_it_is(name: str) -> None:
    measured = list(bench.measure(name, tiny=True))
    assert [one.name for one in measured] == FIGURES[name]
    for one in measured:
        assert one.ours is None or one.ours > 0
        assert (one.ours is None) == one.note.startswith("not measured")
        assert (one.met is None) == (one.goal is None or one.ours is None)


def test_a_server_is_not_measured_where_there_is_nothing_to_load_it_with(tmp_path: Path) -> None:
    measured = list(serve.figures(serve.TINY, tmp_path, find=lambda _tool: None))
    assert [one.name for one in measured] == FIGURES["serve"]
    assert {one.note for one in measured} == {"not measured: install nginx-light and wrk"}
    assert {one.met for one in measured} == {None}


def test_what_was_measured_is_printed_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    latest = tmp_path / "latest.json"
    assert bench.main(["--tiny", "render", "memory"], latest) == 0
    printed = capsys.readouterr().out.splitlines()
    written = orjson.loads(latest.read_bytes())
    names = [*FIGURES["render"], *FIGURES["memory"]]
    assert [line.split()[0] for line in printed] == names
    assert [record["name"] for record in written] == names
    assert all(record.keys() >= FIELDS for record in written)


def test_a_name_that_no_figure_bears_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["speed"])
    assert "no figures are called speed: say ingest, parse" in capsys.readouterr().err


LINES = (
    (
        figure.compared("a", "x/s", 300.0, 100.0, at_least=2),
        "a 300 x/s peer 100 3x goal >= 2x met",
    ),
    (
        figure.compared("a", "x/s", 100.0, 100.0, at_least=2),
        "a 100 x/s peer 100 1x goal >= 2x MISSED",
    ),
    (
        figure.compared("a", "x/s", 1.5, 3.0, note="rough"),
        "a 1.5 x/s peer 3 0.5x no goal (rough)",
    ),
    (figure.at_least("a", "x/s", 9000.0, 8000), "a 9,000 x/s goal >= 8,000 met"),
    (figure.below("a", "MB", 300.0, 300), "a 300 MB goal < 300 MISSED"),
    (figure.unmeasured("a", "x/s", ">= 2x", "install b"), "a not measured: install b"),
)


@pytest.mark.parametrize(("one", "line"), LINES, ids=[line for _, line in LINES])
def test_a_figure_is_one_line(one: Figure, line: str) -> None:
    assert " ".join(figure.line(one).split()) == line


def test_each_side_runs_in_turn_and_what_is_slow_but_once() -> None:
    ran: list[str] = []
    sides = {name: lambda name=name: ran.append(name) for name in ("ours", "peer", "slow")}
    assert clock.medians(sides, 2, once=("slow",)).keys() == sides.keys()
    assert ran == ["ours", "peer", "slow", "ours", "peer"]
