from pathlib import Path

import pytest

from bench import memory


@pytest.mark.soak
def test_a_million_rows_are_ingested_within_bounds(tmp_path: Path) -> None:
    (figure,) = memory.figures(memory.FULL, tmp_path)
    assert figure.ours is not None
    assert figure.ours < memory.LIMIT_MB
