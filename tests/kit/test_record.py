"""An exchange is recorded without what nobody may see, and played again as it was."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kit import record
from kit.far import Ask, Reply
from kit.stages import stage
from kit.trial import Trial, open_trial
from kit.world import Piece, World

TEXT = "Ring me on 020 7946 0018 or write to ash@home.example, I live at SW1A 1AA."


def recorded(trial: Trial, pages: int = 9) -> list[dict[str, Any]]:
    with trial.http() as http:
        return record.record(trial.channel, http, pages)


@pytest.mark.parametrize("kind", ["trustpilot", "nhs_reviews", "google_reviews", "feed", "table"])
def test_no_secret_and_nothing_personal_is_recorded(kind: str, tmp_path: Path) -> None:
    with open_trial(kind, tmp_path) as trial:
        trial.world.add(2)
        trial.world.add(1, text=TEXT)
        written = json.dumps(recorded(trial), ensure_ascii=False)
        assert trial.source is not None
        assert trial.source.place not in written
    assert "listened, and explained" in written
    for secret in (*stage(kind).SECRETS.values(), "google-canary-access-44"):
        assert secret not in written
    for personal in ("7946", "ash@home.example", "ash@mail.example", "SW1A", '"Ash"'):
        assert personal not in written


class Replayed:
    """The stage of a kind that answers as was recorded."""

    BYPASS: Mapping[str, str] = {}

    def __init__(self, kind: str, path: Path) -> None:
        self._stage: Any = stage(kind)
        self.SECRETS: Mapping[str, str] = self._stage.SECRETS
        self._answer = record.replay(path)

    def options(self, place: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._stage.options(place)
        return found

    def name(self, piece: Piece) -> str:
        return str(self._stage.name(piece))

    def answer(self, _: World, ask: Ask) -> Reply:
        return self._answer(ask)


@pytest.mark.parametrize("kind", ["trustpilot", "nhs_reviews", "careopinion", "rest", "feed"])
def test_what_was_recorded_is_played_again(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    with open_trial(kind, tmp_path / "first") as trial:
        trial.world.add(130)
        path.write_text(json.dumps(recorded(trial)))
        trial.ingest()
        first = {name: kept.said for name, kept in trial.kept().items()}
    played: Any = Replayed(kind, path)
    with open_trial(kind, tmp_path / "again", played=played) as again:
        assert again.ingest().new == 130
        assert {name: kept.said for name, kept in again.kept().items()} == first


def test_what_was_not_recorded_is_not_made_up(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    path.write_text("[]")
    assert record.replay(path)(Ask("GET", "/", {}, {})).status == 599


def test_only_so_many_pages_are_read(tmp_path: Path) -> None:
    with open_trial("rest", tmp_path) as trial:
        trial.world.add(130)
        assert len(recorded(trial, 1)) < len(recorded(trial))


def test_what_is_no_text_is_left_out(tmp_path: Path) -> None:
    class Binary(Replayed):
        def answer(self, _: World, ask: Ask) -> Reply:
            del ask
            return Reply(b"\xff\xfe\x00", "application/octet-stream")

    path = tmp_path / "recorded.json"
    path.write_text("[]")
    played: Any = Binary("feed", path)
    with open_trial("feed", tmp_path, played=played) as trial:
        (one,) = recorded(trial)
    assert (one["body"], one["bytes"]) == (None, 3)
