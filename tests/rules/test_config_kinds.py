from datetime import date

import pytest

from tests.rules._written import (
    CHANNEL,
    OPINIONS,
    PARTNER,
    REPORT,
    Auth,
    Opinions,
    faults,
    read,
)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        pytest.param(
            "",
            "1: channels[0].options.base_url: is missing (add `base_url = …` to this table: "
            "The site; its API stands below)",
            id="missing",
        ),
        pytest.param(
            '[channels.options]\nbase_url = "www"\n',
            "6: channels[0].options.base_url: is no address "
            "(correct `base_url`: The site; its API stands below)",
            id="what the kind itself refuses",
        ),
        pytest.param(
            '[channels.options]\nbase_url = "http://c"\nwait_s = "1"\n',
            "7: channels[0].options.wait_s: must be a number (write wait_s = 0.5)",
            id="no number",
        ),
        pytest.param(
            '[channels.options]\nbase_url = "http://c"\n[channels.options.auth]\nusr = 1\n'
            'user = "me"\n',
            "8: channels[0].options.auth.usr: nothing is known by this name (did you mean `user`? "
            "there are: user)",
            id="unknown key within",
        ),
        pytest.param(
            '[channels.options]\nbase_url = "http://c"\n"base-url" = ""\n',
            "7: channels[0].options.base-url: nothing is known by this name (did you mean "
            "`base_url`? there are: auth, base_url, columns, pages, since, wait_s)",
            id="unknown key",
        ),
        pytest.param(
            'options = "http://c"\n',
            "5: channels[0].options: must be a table (write [channels.options], and its keys "
            "below)",
            id="no table",
        ),
        pytest.param(
            'options.base_url = "http://c"\nbase_url = "http://c"\n',
            "6: channels[0].base_url: nothing is known by this name (it belongs into "
            "[channels.options])",
            id="option outside its table",
        ),
        pytest.param(
            '[channels.options]\nbase_url = "http://c"\nkey = "k"\n',
            "7: channels[0].options.key: nothing is known by this name "
            "(there are: auth, base_url, columns, pages, since, wait_s)",
            id="secret among the options",
        ),
    ],
)
def test_a_fault_of_a_kinds_own_options_is_told_where_it_stands(options: str, fault: str) -> None:
    assert faults(OPINIONS + options) == [f"retold.toml:{fault}"]


def test_a_value_that_fits_no_branch_of_a_union_is_told_at_its_own_key() -> None:
    toml = OPINIONS + 'options.base_url = "http://c"\noptions.columns."the body" = true\n'
    assert {fault.split(": must")[0] for fault in faults(toml)} == {
        'retold.toml:6: channels[0].options.columns."the body"'
    }


def test_what_a_kind_refuses_as_a_whole_is_told_at_its_table_or_where_it_would_stand() -> None:
    channel = CHANNEL.replace("webfeed", "survey")
    what = "names neither a file nor an address (correct `options`)"
    assert faults(channel) == [f"retold.toml:1: channels[0].options: {what}"]
    assert faults(f"{channel}[channels.options]\n") == [
        f"retold.toml:4: channels[0].options: {what}"
    ]


def test_options_hear_of_days_numbers_and_tables_as_toml_has_them() -> None:
    toml = OPINIONS + (
        '[channels.options]\nbase_url = "http://c"\nwait_s = 2\nsince = 2012-01-01\n'
        'auth = { user = "me" }\ncolumns = { body = 3 }\n'
    )
    assert read(toml).channels[0].options == Opinions(
        base_url="http://c",
        wait_s=2.0,
        since=date(2012, 1, 1),
        auth=Auth(user="me"),
        columns={"body": 3},
    )


@pytest.mark.parametrize(
    ("secrets", "fault"),
    [
        pytest.param(
            "",
            "3: channels[0].secrets.key: is missing "
            '(add key = { env = "NAME" } or { file = "/run/secrets/name" })',
            id="missing",
        ),
        pytest.param(
            'secrets = "s3cret"\n',
            "6: channels[0].secrets: must be a table (write [channels.secrets], and its keys "
            "below)",
            id="no table",
        ),
        pytest.param(
            'secrets.key = "s3cret"\n',
            "6: channels[0].secrets.key: a secret stands here in clear text "
            '(write { env = "NAME" } or { file = "/run/secrets/name" }, and change the secret: '
            "it has been seen)",
            id="clear text",
        ),
        pytest.param(
            'secrets.key = { env = "CAREOPINION_KEY", file = "/run/secrets/key" }\n',
            "6: channels[0].secrets.key: is no reference to a secret "
            '(write { env = "NAME" } or { file = "/run/secrets/name" })',
            id="two references",
        ),
        pytest.param(
            'secrets.key = { env = "ABSENT" }\n',
            "6: channels[0].secrets.key: the variable ABSENT cannot be read "
            "(set it, or correct its name)",
            id="unset variable",
        ),
        pytest.param(
            'secrets.key = { env = "s3cret" }\n',
            "6: channels[0].secrets.key: the variable cannot be read (set it, or correct its name)",
            id="secret for a name",
        ),
        pytest.param(
            'secrets.key = { env = "HOLLOW" }\n',
            "6: channels[0].secrets.key: the variable HOLLOW is empty (put the secret there)",
            id="empty variable",
        ),
        pytest.param(
            'secrets.key = { file = "/run/absent" }\n',
            "6: channels[0].secrets.key: the file /run/absent cannot be read "
            "(check that it is there, and may be read)",
            id="unreadable file",
        ),
        pytest.param(
            'secrets.key = { file = "/run/secrets/hollow" }\n',
            "6: channels[0].secrets.key: the file /run/secrets/hollow is empty "
            "(put the secret there)",
            id="empty file",
        ),
        pytest.param(
            'secrets.kye.env = "CAREOPINION_KEY"\n',
            "6: channels[0].secrets.key: is missing (rename `kye`)",
            id="misspelt",
        ),
    ],
)
def test_a_secret_is_a_reference_and_no_fault_tells_it(secrets: str, fault: str) -> None:
    toml = OPINIONS.replace('secrets.key.env = "CAREOPINION_KEY"\n', "")
    found = faults(f'# A channel with a secret.\n\n{toml}{secrets}options.base_url = "x://y"\n')
    assert f"retold.toml:{fault}" in found
    assert "s3cret" not in "".join(found)


def test_a_report_hides_its_secret_too() -> None:
    (found,) = faults(PARTNER + REPORT + 'header = "X"\nsecret = "s3cret"\n')
    assert found.startswith("retold.toml:9: reports[0].secret: a secret stands here in clear text")
    assert "s3cret" not in found


def test_a_secret_is_taken_from_a_file_without_the_end_of_its_line() -> None:
    toml = OPINIONS.replace('env = "CAREOPINION_KEY"', 'file = "/run/secrets/key"')
    (channel,) = read(f'{toml}options.base_url = "http://c"\n').channels
    assert channel.secrets == {"key": "k-3"}


def test_a_channel_may_have_secrets_that_its_kind_can_do_without() -> None:
    toml = f'{CHANNEL}secrets.any = {{ env = "CAREOPINION_KEY" }}\n'
    (channel,) = read(toml).channels
    assert channel.secrets == {"any": "k-1"}
