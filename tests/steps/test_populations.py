"""Populations made from reference data: they overlap, and every total counts a story once."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from rules import configure
from rules.configure import Source
from schemas.config import Config
from steps import summarise
from store.database import Engine
from tests import make
from tests.steps.test_summarise import NOVEMBER, about
from tests.tell import tell

SAMPLES = Path(__file__).parents[3] / "shared" / "data"

COLUMNS = "scheme,code,name,type,region,parent_scheme,parent_code,parent_from,parent_to"

SEVEN = [f"ZQ{n}" for n in range(7)]
"""A trust in seven populations."""


def config_of(rows: list[str], boards: list[str], *more: str) -> Config:
    tables = [
        f'[[populations]]\nid = "{b.lower()}"\nname = "{b}"\nbelow = ["ods:{b}"]' for b in boards
    ]
    toml = "\n".join(['organisations = ["o.csv"]', *tables, *more])
    payload = "\n".join([COLUMNS, *rows]).encode()
    read = configure.read(
        Source(path="retold.toml", toml=toml.encode(), files={"o.csv": payload}), {}
    )
    return read.model_copy(update={"channels": (make.channel(),)})


def counted(engine: Engine, config: Config, subject: str) -> int:
    return summarise.summarise(engine, config, subject, NOVEMBER).stories


def test_a_story_of_a_trust_in_seven_populations_counts_once_in_each_and_once_in_all(
    engine: Engine,
) -> None:
    rows = [f"ods,{board},Board {board},icb,,ods,ZY1,," for board in SEVEN]
    rows += ["ods,ZY1,The Region,region,,,,,", "ods,RYF,Ambulances,trust,,,,,"]
    rows += [f"ods,RYF,,,,ods,{board},," for board in SEVEN]
    region = '[[populations]]\nid = "zy1"\nname = "R"\nbelow = ["ods:ZY1"]\ntypes = ["trust"]'
    config = config_of(rows, SEVEN, region)
    tell(engine, about("1", "RYF"), about("2", "RYF"), about("3", "ZY1"))
    assert [counted(engine, config, board.lower()) for board in SEVEN] == [2] * 7
    assert counted(engine, config, "zy1") == 2
    assert counted(engine, config, "all") == 3


def test_the_care_boards_of_england_overlap_and_no_trust_counts_twice_in_all(
    sqlite_engine: Engine,
) -> None:
    path = SAMPLES / "ods_trust_icb_region.csv"
    if not path.exists():
        pytest.skip("the samples are not here")
    with path.open(encoding="utf-8", newline="") as file:
        pairs = {(row["trust_code"], row["icb_code"]) for row in csv.DictReader(file)}
    boards, trusts = (sorted({pair[place] for pair in pairs}) for place in (1, 0))
    of_trust = Counter(trust for trust, _ in pairs)
    assert (len(boards), len(trusts), len(pairs)) == (42, 207, 271)
    assert (sum(n > 1 for n in of_trust.values()), max(of_trust.values())) == (33, 7)
    rows = ["ods,Y0,England,region,,,,,"]
    rows += [f"ods,{board},{board},icb,,ods,Y0,," for board in boards]
    rows += [f"ods,{trust},{trust},trust,,ods,{board},," for trust, board in sorted(pairs)]
    england = '[[populations]]\nid = "england"\nname = "E"\nbelow = ["ods:Y0"]'
    config = config_of(rows, boards, england)
    tell(sqlite_engine, *(about(trust, trust) for trust in trusts))
    by_board = [counted(sqlite_engine, config, board.lower()) for board in boards]
    assert sum(by_board) == 271
    assert counted(sqlite_engine, config, "england") == 207
