import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import configure
from rules._organisation_files import COLUMNS
from rules.configure import Source
from schemas._record import Record
from schemas.channel import Channel
from schemas.config import Config, HttpRules, OwnSite, ReportPull
from schemas.errors import ConfigError
from schemas.organisation import Organisation, Parent, Population
from schemas.partner import Agreement, Edition, Partner, Scope
from schemas.story import Kind, Rights
from schemas.views import Method
from tests.rules._written import (
    AGREEMENT,
    CHANNEL,
    EXAMPLE,
    FILE,
    HOWTO,
    KINDS,
    PARTNER,
    WHSEC,
    Opinions,
    faults,
    read,
    source,
)


def test_the_example_is_read_without_a_fault_and_says_what_it_seems_to() -> None:
    config = read(EXAMPLE)
    assert config.name == "Retold of the North"
    assert config.http.allow == ("127.0.0.1:8901",)
    (channel,) = config.channels
    assert channel.options == Opinions(base_url="https://www.careopinion.org.uk")
    assert channel.secrets == {"key": "k-1"}
    assert channel.rights.may_syndicate
    assert config.platforms() == {
        "careopinion": ("own_site",),
        "northern-voice": ("report", "beacon"),
    }
    assert config.agreements[0].scope == Scope(organisations=("ods:ZN1",))
    assert [edition.key for edition in config.editions] == [
        "northern-voice/north",
        "northern-voice/thanks",
        "northern-voice/best",
    ]
    best = Scope(populations=("hospitals",), rating_from=4, newest_days=90)
    assert config.editions[2].scope == best
    assert config.reports[0].secret == "k-2"
    webhook = config.partners[0].webhook
    assert webhook is not None
    assert webhook.url == "https://northernvoice.example/retold/removals"
    assert webhook.secrets == (WHSEC,)
    assert config.organisations[2] == Organisation(
        id="ods:ZA1",
        name="Anytown Hospitals NHS Trust",
        type="acute",
        region="North",
        parents=(Parent(id="ods:ZN1"), Parent(id="ods:ZN2", until=date(2019, 3, 31))),
    )
    assert config.organisations[4].valid_to == date(2014, 3, 31)


def test_an_empty_file_is_an_installation_with_nothing_in_it() -> None:
    assert read("") == Config()


def test_only_a_channel_that_says_so_has_a_site_of_its_own() -> None:
    assert read(CHANNEL).own_sites == ()
    assert read(CHANNEL + "own_site = {}\n").own_sites == (OwnSite(channel="a"),)


def test_an_agreement_may_be_in_force_for_one_day() -> None:
    term = "valid_from = 2020-02-01\nvalid_to = 2020-02-01\n"
    assert read(PARTNER + AGREEMENT + term).agreements[0].valid_to == date(2020, 2, 1)


def test_the_same_source_always_gives_the_same_configuration() -> None:
    assert read(EXAMPLE) == read(EXAMPLE)


def test_no_secret_stands_in_what_a_configuration_or_a_source_shows() -> None:
    shown = f"{read(EXAMPLE)!r}{read(EXAMPLE).model_dump_json()}{source(EXAMPLE)!r}"
    assert not any(secret in shown for secret in ("k-1", "k-2", "k-3", WHSEC))


def test_every_fault_is_told_at_once_in_order_of_lines() -> None:
    toml = f"""
nmae = "R"
{FILE}
{CHANNEL}every = "often"
{CHANNEL}language = 7
{PARTNER}zone = "Mars"
counters = ["guess"]
{AGREEMENT}embargo_days = "none"
formats = ["fax"]
scope = {{ organisations = ["ods:NONE"], regions = ["Nowhere"] }}
[[agreements]]
id = "b"
partner = "nobody"
"""
    found = faults(toml, "scheme,code,name\nods,ZN1,\n")
    assert [line.split(": ")[0] + ": " + line.split(": ")[1] for line in found] == [
        "retold.toml:2: nmae",
        "retold.toml:8: channels[0].every",
        "retold.toml:10: channels[1].id",
        "retold.toml:12: channels[1].language",
        "retold.toml:16: partners[0].zone",
        "retold.toml:17: partners[0].counters[0]",
        "retold.toml:21: agreements[0].embargo_days",
        "retold.toml:22: agreements[0].formats[0]",
        "retold.toml:23: agreements[0].scope.organisations[0]",
        "retold.toml:23: agreements[0].scope.regions[0]",
        "retold.toml:26: agreements[1].partner",
        "organisations.csv:2: name",
    ]


def test_a_file_that_is_not_utf8_is_named_with_the_line_that_shows_it() -> None:
    with pytest.raises(ConfigError) as caught:
        configure.read(Source(path="r.toml", toml=b'\nname = "R"\n# caf\xe9\n'), KINDS)
    assert str(caught.value) == "r.toml:3: syntax: the file is not UTF-8 (save it as UTF-8)"


def test_a_number_too_long_for_any_machine_is_a_fault_like_another() -> None:
    assert faults(f"name = {'9' * 5_000}\n")[0].startswith("retold.toml:1: syntax: this is not")


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    toml = f"\ufeff{CHANNEL}".replace("\n", "\r\n")
    assert read(toml) == read(CHANNEL)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("15m", 900), ("1h", 3_600), ("1d", 86_400), ("2w", 1_209_600)],
)
def test_a_length_of_time_is_read_as_seconds(text: str, seconds: int) -> None:
    assert configure.every_s(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "0h", "-1h", "1", "1.5h", "1 h", "1y", "1\uff11h"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no length of time"):
        configure.every_s(text)


def test_the_files_wanted_are_those_the_configuration_points_to() -> None:
    toml = b"""
organisations = ["a.csv", 7, "b.csv"]
[[channels]]
secrets = { key = { file = "/run/key" }, other = { env = "X" }, third = "clear" }
[[channels]]
secrets = 7
[[reports]]
secret.file = "/run/reads"
[[partners]]
webhook = { secret = { file = "/run/hook" }, next_secret = { file = "/run/next" } }
"""
    assert configure.wanted_files(toml) == ("a.csv", "b.csv")
    assert configure.wanted_secret_files(toml) == (
        "/run/reads",
        "/run/hook",
        "/run/next",
        "/run/key",
    )


def test_no_file_is_wanted_by_what_is_not_toml() -> None:
    assert configure.wanted_files(b"[") == ()
    assert configure.wanted_secret_files(b"[") == ()


WORDS = st.text(st.characters(categories=("L", "N")), max_size=8)
VALUES = st.recursive(
    st.one_of(WORDS, st.integers(0, 99), st.booleans(), st.dates(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["env", "file", "id", "partner", "scope"]), inner),
    ),
)


def written(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {written(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}'" if isinstance(value, str) else str(value)


def lines_of_faults(toml: str) -> list[int]:
    try:
        read(toml)
    except ConfigError as error:
        return [fault.line for fault in error.faults]
    return []


@given(st.integers(0, 2**32), VALUES)
def test_whatever_is_put_for_a_value_of_the_example_is_read_or_told(
    seed: int, value: object
) -> None:
    lines = EXAMPLE.splitlines()
    keyed = [number for number, line in enumerate(lines) if " = " in line]
    chosen = random.Random(seed).choice(keyed)
    lines[chosen] = f"{lines[chosen].split(' = ')[0]} = {written(value)}"
    assert all(1 <= line <= len(lines) for line in lines_of_faults("\n".join(lines)))


@pytest.mark.parametrize(
    "record",
    [
        HttpRules,
        Channel,
        OwnSite,
        Rights,
        Partner,
        Agreement,
        Scope,
        Edition,
        ReportPull,
        Population,
    ],
)
def test_the_howto_explains_every_key(record: type[Record]) -> None:
    told = (HOWTO / "configure.md").read_text(encoding="utf-8")
    keys = set(record.model_fields) - ({"channel"} if record is OwnSite else set())
    assert [key for key in keys if f"`{key}`" not in told and f".{key}]`" not in told] == []


def test_the_howto_explains_every_column_and_counter() -> None:
    told = (HOWTO / "configure.md").read_text(encoding="utf-8")
    assert [word for word in (*COLUMNS, *Method, *Kind) if f"`{word}`" not in told] == []
