import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

import settings
from schemas.channel import Options
from schemas.errors import ConfigError
from settings import Settings, keep_secret_key, load_config, read_secret_key, read_settings

KEY = "0123456789abcdef0123456789abcdef"
HOWTO = Path(__file__).parents[1] / "docs" / "howto"

HOOK_SECRET = "whsec_" + "a" * 40


class Opinions(Options):
    base_url: str


def faults(environ: dict[str, str]) -> list[tuple[str, str, str]]:
    with pytest.raises(ConfigError) as caught:
        read_settings(environ)
    return [(fault.where, fault.what, fault.remedy) for fault in caught.value.faults]


def test_nothing_needs_to_be_set() -> None:
    assert read_settings({}) == Settings()
    assert Settings().model_dump() == {
        "config": Path("retold.toml"),
        "state_dir": Path(".retold"),
        "database_url": "sqlite:///.retold/retold.db",
        "public_url": "http://127.0.0.1:8180",
        "host": "127.0.0.1",
        "port": 8180,
        "feed_rate": 5.0,
        "feed_burst": 50,
        "http_timeout_s": 20.0,
        "http_deadline_s": 120.0,
        "max_bytes": 67_108_864,
        "operator": "operator",
    }


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("CONFIG", "/etc/retold/retold.toml", Path("/etc/retold/retold.toml")),
        ("STATE_DIR", "/var/lib/retold", Path("/var/lib/retold")),
        ("DATABASE_URL", "sqlite:///else.db", "sqlite:///else.db"),
        ("DATABASE_URL", "postgres://me@db/retold", "postgresql+psycopg://me@db/retold"),
        ("DATABASE_URL", "postgresql://db/retold", "postgresql+psycopg://db/retold"),
        ("DATABASE_URL", "postgresql+psycopg://db/r", "postgresql+psycopg://db/r"),
        ("PUBLIC_URL", "https://retold.example/", "https://retold.example"),
        ("PUBLIC_URL", "https://nhs.example/stories", "https://nhs.example/stories"),
        ("HOST", "0.0.0.0", "0.0.0.0"),
        ("PORT", "80", 80),
        ("HTTP_TIMEOUT_S", "2.5", 2.5),
        ("HTTP_DEADLINE_S", "60", 60.0),
        ("MAX_BYTES", "1024", 1_024),
        ("OPERATOR", "night shift", "night shift"),
        ("SECRET_KEY", KEY, KEY),
    ],
)
def test_each_field_is_set_by_its_variable(variable: str, text: str, value: object) -> None:
    found = read_settings({f"RETOLD_{variable}": text})
    assert getattr(found, variable.lower()) == value


def test_every_field_is_told_of_in_a_docstring_beneath_it() -> None:
    source = Path(settings.__file__).read_text(encoding="utf-8")
    for name in Settings.model_fields:
        after = source.split(f"\n    {name}: ")[1].split("\n\n")[0]
        assert '"""' in after, name


def test_the_howto_explains_every_variable() -> None:
    told = (HOWTO / "configure.md").read_text(encoding="utf-8")
    assert [n for n in Settings.model_fields if f"| `RETOLD_{n.upper()}` |" not in told] == []


def test_the_store_lies_in_the_state_folder_where_nothing_else_is_said() -> None:
    found = read_settings({"RETOLD_STATE_DIR": "/var/lib/retold"})
    assert found.database_url == "sqlite:////var/lib/retold/retold.db"


def test_who_is_typing_is_the_user_of_the_machine_where_nothing_else_is_said() -> None:
    assert read_settings({"USER": "ash"}).operator == "ash"
    assert read_settings({"USER": "ash", "RETOLD_OPERATOR": "kim"}).operator == "kim"


def test_an_empty_variable_counts_as_left_out() -> None:
    assert read_settings({"RETOLD_PORT": "", "USER": ""}) == Settings()


def test_nothing_comes_from_the_process_or_from_a_file_that_nobody_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("RETOLD_PORT=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETOLD_PORT", "2")
    assert Settings().port == 8180
    assert read_settings({}).port == 8180


def test_a_wrong_value_is_told_with_its_variable_and_a_remedy() -> None:
    assert faults(
        {
            "RETOLD_PORT": "tcp://10.0.0.1:8180",
            "RETOLD_HTTP_TIMEOUT_S": "0",
            "RETOLD_PUBLIC_URL": "retold.example",
            "RETOLD_DATABASE_URL": "mysql://db",
        }
    ) == [
        (
            "RETOLD_DATABASE_URL",
            "is no SQLite or PostgreSQL: sqlite:///retold.db, postgresql://host/retold",
            "correct it",
        ),
        (
            "RETOLD_PUBLIC_URL",
            "is no address of a site: https://retold.example",
            "the default is http://127.0.0.1:8180",
        ),
        (
            "RETOLD_PORT",
            "should be a valid integer, unable to parse string as an integer",
            "the default is 8180",
        ),
        ("RETOLD_HTTP_TIMEOUT_S", "should be greater than 0", "the default is 20.0"),
    ]


def test_a_misspelt_variable_is_a_fault_and_a_stranger_is_none() -> None:
    assert faults({"RETOLD_DATABSE_URL": "sqlite://", "RETOLD_PORT": "x"})[1:] == [
        ("RETOLD_DATABSE_URL", "nothing is set by this name", "did you mean RETOLD_DATABASE_URL?")
    ]
    assert faults({"RETOLD_STATEDIR": "/var"}) == [
        ("RETOLD_STATEDIR", "nothing is set by this name", "did you mean RETOLD_STATE_DIR?")
    ]
    # Kubernetes names services in the environment of whatever runs beside them.
    strangers = {"RETOLD_SERVICE_HOST": "10.0.0.1", "RETOLD_PORT_8180_TCP": "tcp://10.0.0.1:8180"}
    assert read_settings({**strangers, "HTTP_PORT": "1"}) == Settings()


def test_settings_are_frozen_and_closed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Settings(prot=1)  # type: ignore[call-arg]


def test_no_secret_stands_in_what_settings_show() -> None:
    found = Settings(secret_key=KEY, database_url="postgresql://me:pass@db/retold")
    assert KEY not in f"{found!r}{found}{found.model_dump()}"
    assert "pass" not in f"{found!r}{found}"


def test_a_secret_key_too_short_to_be_one_is_told_but_not_shown() -> None:
    ((where, what, _),) = faults({"RETOLD_SECRET_KEY": "s3cret"})
    assert where == "RETOLD_SECRET_KEY"
    assert what == "string should have at least 32 characters"


def test_the_configuration_is_read_with_the_files_beside_it(tmp_path: Path) -> None:
    toml = (HOWTO / "retold.example.toml").read_text(encoding="utf-8")
    toml = toml.replace('env = "CAREOPINION_KEY"', 'file = "keys/careopinion"')
    (tmp_path / "retold.toml").write_text(toml, encoding="utf-8")
    (tmp_path / "organisations.csv").write_bytes((HOWTO / "organisations.csv").read_bytes())
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "careopinion").write_text("k-1\n")
    config = load_config(
        Settings(config=tmp_path / "retold.toml"),
        {"careopinion": Opinions},
        {"careopinion": ("key",)},
        {"CAREOPINION_READS": "k-2", "NORTHERN_VOICE_WEBHOOK": HOOK_SECRET},
    )
    assert config.channels[0].secrets == {"key": "k-1"}
    assert config.reports[0].secret == "k-2"
    assert len(config.organisations) == 5


def test_the_example_fits_the_connectors_there_are() -> None:
    config = settings.read_config(
        {
            "RETOLD_CONFIG": str(HOWTO / "retold.example.toml"),
            "CAREOPINION_KEY": "k-1",
            "CAREOPINION_READS": "k-2",
            "NORTHERN_VOICE_WEBHOOK": HOOK_SECRET,
        }
    )
    assert [channel.kind for channel in config.channels] == ["careopinion"]


def test_a_configuration_that_is_not_there_is_told_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(Settings(config=tmp_path / "retold.toml"), {})
    (fault,) = caught.value.faults
    assert (fault.file, fault.what, fault.remedy) == (
        str(tmp_path / "retold.toml"),
        "cannot be read: No such file or directory",
        "write one with `retold init`, or say where it is in RETOLD_CONFIG",
    )


def test_files_that_cannot_be_read_are_faults_of_the_line_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    toml = 'organisations = [\n"absent.csv",\n"folder",\n"zero\\u0000.csv",\n]\n'
    (tmp_path / "retold.toml").write_text(toml)
    with pytest.raises(ConfigError) as caught:
        load_config(Settings(config=tmp_path / "retold.toml"), {})
    assert [fault.line for fault in caught.value.faults] == [2, 3, 4]


def test_a_secret_key_is_kept_for_its_owner_alone_and_never_replaced(tmp_path: Path) -> None:
    found = Settings(state_dir=tmp_path / "a" / "state")
    assert keep_secret_key(found, KEY)
    assert not keep_secret_key(found, KEY[::-1])
    assert read_secret_key(found) == KEY.encode()
    file = found.state_dir / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(found.state_dir.stat().st_mode) == 0o700


def test_a_secret_key_in_the_environment_comes_before_the_one_kept(tmp_path: Path) -> None:
    keep_secret_key(Settings(state_dir=tmp_path), KEY)
    found = read_settings({"RETOLD_STATE_DIR": str(tmp_path), "RETOLD_SECRET_KEY": KEY[::-1]})
    assert read_secret_key(found) == KEY[::-1].encode()


@pytest.mark.parametrize("kept", [None, "", "s3cret"])
def test_a_missing_or_broken_secret_key_is_told_with_a_remedy(
    kept: str | None, tmp_path: Path
) -> None:
    if kept is not None:
        (tmp_path / "secret.key").write_text(kept)
    with pytest.raises(ConfigError, match="`retold init`") as caught:
        read_secret_key(Settings(state_dir=tmp_path))
    assert "s3cret" not in str(caught.value)


def test_a_channel_is_due_as_often_as_its_kind_says_unless_the_operator_does(
    tmp_path: Path,
) -> None:
    table = 'kind = "table"\noptions = { path = "a.csv", columns = { id = "id", body = "text" } }\n'
    (tmp_path / "retold.toml").write_text(
        f'[[channels]]\nid = "a"\n{table}[[channels]]\nid = "b"\nevery = "1h"\n{table}'
    )
    config = settings.read_config({"RETOLD_CONFIG": str(tmp_path / "retold.toml")})
    assert [channel.every for channel in config.channels] == ["1d", "1h"]
