"""What an operator types, from an empty folder to a feed, and what is said when it goes wrong."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from cli import app, sandbox
from kit import far
from kit.far import Ask, Reply
from schemas.play import Judged, Play, Ruling, Verdict
from schemas.play import plays as played
from store import plays
from store.database import open_engine, writing
from tests.connectors import hostile
from tests.flows import house

ROOT = Path(__file__).parents[2]


class Typist:
    """Somebody at a terminal."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ

    def types(self, *words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, list(words), env=self.environ)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    def reads(self, *words: str) -> Any:
        return json.loads(self.types(*words, "--json").stdout)


@pytest.fixture
def typist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Typist]:
    monkeypatch.chdir(tmp_path)
    served = {"/": hostile.answer(house.FEED, content_type="application/rss+xml")}
    with hostile.serve(served) as far:
        given = house.environment(tmp_path, far.url("/"), far.place)
        yield Typist(given)


def test_from_nothing_to_a_feed_and_twice_changes_nothing(typist: Typist) -> None:
    typist.types("init")
    typist.types("init")
    assert "2 channels" in typist.types("check").stdout
    (row,) = typist.reads("ingest", "forum")
    assert (row["new"], row["fetched"]) == (2, 2)
    assert "unchanged" in typist.types("ingest", "forum").stdout
    (row,) = typist.reads("publish")
    assert row["came_in"] == 2
    (row,) = typist.reads("publish", "voice/all")
    assert row["came_in"] == 0
    assert typist.types("ingest", "--due", "forum").stdout.strip() == "No channel to work on."


def test_an_edition_is_written_as_files_and_taken_away(typist: Typist, tmp_path: Path) -> None:
    typist.types("init")
    typist.types("ingest", "forum")
    to = str(tmp_path / "www")
    told = " ".join(typist.types("publish", "--to", to, code=1).stderr.split())
    assert "voice/all is not public: write public = true" in told
    toml = tmp_path / "retold.toml"
    public = toml.read_text().replace('id = "a"\n', 'id = "a"\npublic = true\n')
    toml.write_text(public)
    assert "paged = false" in typist.types("publish", "--to", to, code=1).stderr
    toml.write_text(public + "paged = false\n")
    (row,) = typist.reads("publish", "voice/all", "--to", to)
    assert (row["files_written"], row["files_unchanged"]) == (36, 0)
    assert (tmp_path / "www" / "voice" / "all.atom").exists()
    (row,) = typist.reads("publish", "--to", to)
    assert (row["files_written"], row["files_unchanged"]) == (0, 36)
    toml.write_text(public.replace('id = "all"', 'id = "other"') + "paged = false\n")
    gone, other = typist.reads("publish", "--to", to)
    assert (gone["edition"], gone["files_removed"]) == ("voice/all", 36)
    assert (other["edition"], other["files_written"]) == ("voice/other", 36)
    assert not (tmp_path / "www" / "voice" / "all.atom").exists()


def test_an_edition_that_is_taken_out_is_looked_at_published_and_leaves_no_file(
    typist: Typist, tmp_path: Path
) -> None:
    typist.types("init")
    typist.types("ingest", "forum")
    toml, to = tmp_path / "retold.toml", str(tmp_path / "www")
    public = toml.read_text().replace('id = "a"\n', 'id = "a"\npublic = true\n')
    toml.write_text(public + "paged = false\n")
    typist.types("publish", "--to", to)
    toml.write_text(public.partition("[[editions]]")[0])
    (seen,) = typist.reads("preview")
    assert (seen["edition"], len(seen["go_out"]["agreement"])) == ("voice/all", 2)
    (row,) = typist.reads("publish", "--to", to)
    assert (row["edition"], row["went_out"], row["files_removed"]) == ("voice/all", 2, 36)
    assert not (tmp_path / "www" / "voice" / "all.atom").exists()
    assert "No edition to work on." in typist.types("publish").stdout
    assert typist.reads("removals", "list", "voice/all") == []


def test_a_partner_is_tried_before_it_goes_live(typist: Typist, tmp_path: Path) -> None:
    typist.types("init")
    assert "voice is live" in typist.types("sandbox", "start", "voice", code=1).stderr
    toml = tmp_path / "retold.toml"
    toml.write_text(toml.read_text().replace('name = "Voice"\n', 'name = "Voice"\nlive = false\n'))
    typist.types("ingest", "forum")
    assert "no play of voice" in typist.types("sandbox", "show", "voice", code=1).stderr
    assert "in voice/sandbox" in typist.types("sandbox", "start", "voice", "--over", "1d").stdout
    rows = {row["edition"]: row["came_in"] for row in typist.reads("publish")}
    assert rows == {"voice/all": 0, "voice/sandbox": 3}
    found = typist.reads("sandbox", "show", "voice")
    assert {one["verdict"] for one in found["rulings"]} == {"not yet"}
    assert not found["obeys"]
    assert "… not yet" in typist.types("sandbox", "show", "voice").stdout
    typist.types("sandbox", "stop", "voice")
    (row,) = typist.reads("publish", "voice/sandbox")
    assert row["went_out"] == 3
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    engine = open_engine(f"sqlite:///{tmp_path}/retold.db")
    with writing(engine) as connection:
        connection.execute(sa.delete(played))
        plays.add(connection, Play(partner="voice", started_at=long_ago, length_s=3600))
    engine.dispose()
    told = typist.types("sandbox", "show", "voice", code=1).stdout
    assert "ended 2026-01-01 01:00" in told
    assert "not yet fit to go live" in told


def test_who_did_all_is_told_to_go_live(capsys: pytest.CaptureFixture[str]) -> None:
    play = Play(partner="voice", started_at=datetime(2026, 1, 1, tzinfo=UTC), length_s=3600)
    done = Ruling(rule="edits", asked="a", seen="[1 of 1]", verdict=Verdict.PASSED)
    sandbox.say(Judged(play=play, rulings=(done,)), play.ends_at)
    told = " ".join(capsys.readouterr().out.split())
    assert 'may go live: write live = true under [[partners]] id = "voice"' in told
    assert "[1 of 1]" in told


def test_one_channel_that_fails_stops_no_other_and_is_named(typist: Typist) -> None:
    typist.types("init")
    result = typist.types("ingest", "--json", code=1)
    assert [("error" in row) for row in json.loads(result.stdout)] == [False, True]
    assert "gone" in result.stderr
    status = typist.reads("status")
    outcomes = {row["channel"]: row["outcome"] for row in status["channels"]}
    assert outcomes == {"forum": "done", "gone": "failed"}
    assert "editions: nothing yet" in typist.types("status").stdout


def test_a_channel_is_looked_at_before_anything_is_kept(typist: Typist) -> None:
    typist.types("init")
    rows = {row["channel"]: row for row in typist.reads("channel", "check", "forum")}
    assert (rows["forum"]["stories"], rows["forum"]["error"]) == (2, None)
    result = typist.types("channel", "check", "--json", code=1)
    assert [row["channel"] for row in json.loads(result.stdout) if row["error"]] == ["gone"]
    assert "Kind staff" in typist.types("channel", "preview", "forum").stdout
    told = typist.reads("channel", "preview", "forum", "--most", "1")
    assert [story["title"] for story in told["stories"]] == ["Kind staff"]
    assert typist.reads("status")["stories"] == []


def test_what_a_channel_told_is_read_again(typist: Typist) -> None:
    typist.types("init")
    typist.types("ingest", "forum", "--believe")
    (row,) = typist.reads("renormalise", "forum")
    assert (row["landings"], row["unchanged"], row["expired"]) == (1, 2, 0)
    assert "unchanged" in typist.types("renormalise", "forum").stdout


def test_a_story_is_shown_held_released_merged_and_withdrawn(typist: Typist) -> None:
    typist.types("init")
    typist.types("ingest", "forum")
    assert "Kind staff" in typist.types("story", "show", "forum/s1").stdout
    typist.types("story", "hold", "forum/s1", "--why", "a doubt")
    shown = typist.reads("story", "show", "forum/s1")
    assert (shown["story"]["status"], shown["story"]["reason"]) == ("held", "by_person")
    typist.types("story", "release", "forum/s1")
    typist.types("publish")
    assert "voice/all" in typist.types("story", "show", "forum/s1").stdout
    assert "stays" in typist.types("story", "merge", "forum/s1", "forum/s2").stdout
    typist.types("story", "withdraw", "forum/s1")
    (row,) = typist.reads("publish")
    assert row["went_out"] == 2
    assert "no story is known" in typist.types("story", "show", "nowhere", code=1).stderr


def test_a_webhook_that_is_gone_is_said_to_be_and_is_set_going_again(
    typist: Typist, tmp_path: Path
) -> None:
    heard = []

    def gone(ask: Ask) -> Reply:
        heard.append(ask)
        return Reply(status=410)

    typist.types("init")
    assert "No partner has a webhook." in typist.types("removals", "webhooks").stdout
    typist.types("ingest", "forum")
    typist.types("publish")
    with far.play(gone) as place:
        toml = tmp_path / "retold.toml"
        hook = f'webhook = {{ url = "{place.origin}/", secret = {{ env = "HOOK" }} }}\n'
        text = toml.read_text().replace('name = "Voice"\n', f'name = "Voice"\n{hook}')
        toml.write_text(text.replace("allow = [", f'allow = ["{place.place}", '))
        typist.environ["HOOK"] = "whsec_" + "a" * 40
        typist.types("push")
        typist.types("story", "withdraw", "forum/s1")
        typist.types("publish")
        said = typist.types("push")
        assert "1 stopped: see `retold removals webhooks`" in said.stderr
        (row,) = typist.reads("removals", "webhooks")
        assert (row["edition"], row["state"], row["waiting"]) == ("voice/all", "stopped", 1)
        assert typist.reads("status")["webhooks"][0]["state"] == "stopped"
        typist.types("push")
        assert len(heard) == 1
        typist.types("removals", "resume", "voice/all")
        assert typist.reads("push")[0]["stopped"] == 1
        assert len(heard) == 2
        assert typist.reads("removals", "list")[0]["client"] == "webhook 127.0.0.1"


def test_tokens_are_made_listed_and_revoked(typist: Typist) -> None:
    typist.types("init")
    made = typist.reads("token", "create", "voice", "--days", "30")
    clear = made["token"]
    assert clear.startswith("rt_feed_")
    listed = typist.types("token", "list").stdout
    assert clear not in listed
    (row,) = typist.reads("token", "list")
    typist.types("token", "revoke", row["id"])
    (row,) = typist.reads("token", "list")
    assert row["live"] is False
    assert "there are: voice" in typist.types("token", "create", "nobody", code=1).stderr
    assert "rt_report_" in typist.types("token", "create", "voice", "--use", "report").stdout


def test_a_token_is_rotated_once_and_the_old_one_has_an_end(typist: Typist) -> None:
    typist.types("init")
    old = typist.types("token", "create", "voice").stdout
    new = typist.types("token", "rotate", old[8:16])
    assert new.stdout.startswith("rt_feed_")
    assert f"{old[8:16]} ends on" in new.stderr
    assert "use the one that took its place" in typist.types(
        "token", "rotate", old[8:16], code=1
    ).stderr.replace("\n", " ")
    newer = typist.reads("token", "rotate", new.stdout[8:16])["token"]
    expires = {row["id"]: row["expires"] for row in typist.reads("token", "list")}
    assert [expires[one[8:16]] is None for one in (old, new.stdout, newer)] == [False, False, True]
    revoked = typist.types("token", "revoke", old[8:16]).stderr
    assert f"{new.stdout[8:16]} took its place" in revoked
    assert f"{newer[8:16]} took its place" in revoked


def test_quarantine_is_looked_at_and_tried_again(typist: Typist) -> None:
    typist.types("init")
    assert "Nothing waits" in typist.types("quarantine", "list").stdout
    assert typist.reads("quarantine", "replay") == [
        {"tried": 0} | dict.fromkeys(_COUNTS, 0),
    ]
    assert "see `quarantine list`" in typist.types("quarantine", "show", "7", code=1).stderr


def test_doubts_about_reads_are_listed_shown_and_accepted(typist: Typist, tmp_path: Path) -> None:
    typist.types("init")
    assert "No report" in typist.types("reports", "list").stdout
    assert "Nothing is in doubt" in typist.types("breaks", "list").stdout
    assert "Every item" in typist.types("breaks", "suspense").stdout
    report = "# period: 2026-10-01/2026-11-01\nitem,count\na,x\nb,5\n"
    (tmp_path / "2026-10.csv").write_text(report)
    with (tmp_path / "retold.toml").open("a") as config:
        config.write(
            f'[[reports]]\nplatform = "voice"\nurl = "{tmp_path}/{{month}}.csv"\n'
            "since = 2026-10-01\nuntil = 2026-10-31\n"
        )
    assert "1 faulty: see `retold reports list`" in typist.types("collect", "voice").stderr
    (row,) = typist.reads("reports", "list")
    assert (row["platform"], row["faulty"], row["rows"]) == ("voice", 1, 1)
    shown = typist.types("reports", "show", str(row["number"]))
    assert "a,x" in shown.stdout
    assert "row 1" in shown.stderr
    assert "see `retold breaks list`" in typist.types("reconcile", "voice").stderr
    kinds = [row["kind"] for row in typist.reads("breaks", "list")]
    assert "unknown_items" in kinds
    assert [row["ref"] for row in typist.reads("breaks", "suspense")] == ["b"]
    assert typist.reads("status")["reads"][0]["open_breaks"] == len(kinds)
    typist.types("breaks", "accept", "voice", "--why", "theirs")
    assert typist.reads("breaks", "list") == []


_COUNTS = ("new", "changed", "unchanged", "removed", "quarantined", "skipped")


def test_the_store_is_backed_up_restored_and_moved(typist: Typist, tmp_path: Path) -> None:
    typist.types("init")
    typist.types("ingest", "forum")
    typist.types("backup", str(tmp_path / "b.db"))
    assert "already" in typist.types("backup", str(tmp_path / "b.db"), code=1).stderr
    typist.types("restore", str(tmp_path / "b.db"), "--yes")
    typist.types("upgrade")
    typist.types("move", f"sqlite:///{tmp_path}/moved.db")
    status = typist.reads("status")
    assert status["stories"] == [{"status": "published", "stories": 2}]


def test_reads_are_collected_settled_summed_up_and_explained(
    typist: Typist, tmp_path: Path
) -> None:
    typist.types("init")
    typist.types("ingest", "forum")
    typist.types("collect")
    typist.types("reconcile", "voice", "--full")
    (row,) = typist.reads("summarise", "forum", "--to", str(tmp_path / "out"))
    assert row["stories"] == 2
    assert (tmp_path / "out" / "forum.html").exists()
    assert "No channel to work on" in typist.types("inform").stdout
    (before,) = typist.reads("preview")
    assert (len(before["come_in"]), before["go_out"]) == (2, {})
    assert "No edition to work on" in typist.types("push").stdout
    typist.types("push", "voice/none", code=1)
    typist.types("inform", "forum", code=1)
    assert "No channel to work on" in typist.types("subscribe").stdout
    assert "wants no pushes" in typist.types("subscribe", "forum", code=1).stderr
    typist.types("explain", "ods:RXX")
    assert typist.reads("explain", "forum/s1")


def test_every_fault_of_the_configuration_is_told_at_once(typist: Typist, tmp_path: Path) -> None:
    (tmp_path / "retold.toml").write_text('nmae = "x"\n[[channels]]\nid = "a"\nkind = "morse"\n')
    result = typist.types("check", code=2)
    assert "retold.toml:1" in result.stderr
    assert "morse" in result.stderr
    assert typist.types("ingest", code=2).stderr == result.stderr


def test_what_is_not_there_is_said_without_a_traceback(typist: Typist) -> None:
    assert "run `retold init`" in typist.types("ingest", code=1).stderr
    typist.types("init")
    assert "there are: forum, gone" in typist.types("ingest", "nothing", code=1).stderr
    assert "there are: voice/all" in typist.types("publish", "nothing", code=1).stderr
    assert "there are: voice" in typist.types("collect", "nothing", code=1).stderr
    assert "nothing to summarise" in typist.types("summarise", "ods:NOPE", code=1).stderr
    assert "there are: ingest" in typist.types("flow", "nothing", code=2).stderr


def test_init_writes_a_configuration_to_begin_with(tmp_path: Path) -> None:
    given = {"RETOLD_CONFIG": str(tmp_path / "r.toml"), "RETOLD_STATE_DIR": str(tmp_path / "s")}
    typist = Typist(given)
    assert "wrote" in typist.types("init").stdout
    assert "no fault" in typist.types("check").stdout
    assert (tmp_path / "s" / "secret.key").stat().st_mode & 0o777 == 0o600


def test_help_comes_without_prefect_and_without_the_store() -> None:
    code = (
        "import sys; from cli import app\n"
        "sys.exit(repr({'prefect', 'sqlalchemy', 'lxml'} & set(sys.modules)) != 'set()')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_files_of_ods_become_a_file_of_organisations(typist: Typist, tmp_path: Path) -> None:
    cells = ["R0A", "MANCHESTER", "", "QOP", *[""] * 23]
    (tmp_path / "etr.csv").write_text(",".join(cells) + "\n")
    result = typist.types("organisations", "convert", "etr.csv")
    assert result.stdout.splitlines()[1].startswith("ods,R0A,MANCHESTER,trust,")
    assert "1 organisations that no file is about, and were left out: QOP" in result.stderr
    (tmp_path / "etr.csv").write_text(",".join(cells) + "\nR0B,short\n")
    result = typist.types("organisations", "convert", "etr.csv", code=1)
    assert "ods,R0A," in result.stdout
    assert "etr.csv:2: row: 2 columns stand here" in result.stderr
    result = typist.types("organisations", "convert", "gone.csv", code=2)
    assert "gone.csv: file: cannot be read" in result.stderr


def test_a_story_is_erased_for_a_reason_and_once(typist: Typist) -> None:
    typist.types("init")
    typist.types("ingest", "forum")
    typist.types("publish")
    story = typist.reads("story", "show", "forum/s1")["story"]["id"]
    asked = typist.types("story", "erase", "forum/s1", "--reason", "author_request", code=1)
    assert story in " ".join(asked.stderr.split())
    erase = ("story", "erase", "forum/s1", "--reason", "author_request", "--yes")
    assert f"{story} is erased:" in " ".join(typist.types(*erase).stdout.split())
    assert "erased already" in typist.types(*erase).stdout
    assert typist.reads("story", "erase", story, "--reason", "a", "--yes")["already"]
    assert "removed (erased)" in typist.types("story", "show", story).stdout
    paper = typist.types("removals", "certificate", story).stdout
    assert json.loads(paper)["erased"]["reason"] == "author_request"
    named = typist.types("story", "erase", "forum/s2", "--reason", "Mrs S", "--yes", code=1)
    assert "is no code" in named.stderr
