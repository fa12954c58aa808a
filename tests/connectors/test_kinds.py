"""A kind of channel is one file of ours, or comes with another installed distribution."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import channels
from schemas.errors import UnknownKindError


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install a distribution that brings two kinds, one under a name of ours."""
    about = tmp_path / "pigeons-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeons\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[retold.channels]\npigeon = pigeons_of_ours\nfeed = pigeons_of_ours\n"
    )
    (tmp_path / "pigeons_of_ours.py").write_text('VERSION = "1"\n')
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("pigeons_of_ours", None)


@pytest.mark.usefixtures("installed")
def test_a_kind_may_come_with_another_distribution() -> None:
    assert "pigeon" in channels.kinds()
    assert channels.connector("pigeon").__name__ == "pigeons_of_ours"  # type: ignore[attr-defined]


@pytest.mark.usefixtures("installed")
def test_no_distribution_takes_the_place_of_a_kind_of_ours() -> None:
    assert channels.kinds().count("feed") == 1
    assert channels.connector("feed").__name__ == "connectors.channels.feed"  # type: ignore[attr-defined]


@pytest.mark.usefixtures("installed")
def test_an_unknown_kind_names_those_that_were_installed_too() -> None:
    with pytest.raises(UnknownKindError, match=r"there are: .*pigeon"):
        channels.connector("owl")
