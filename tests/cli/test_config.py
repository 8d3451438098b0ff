"""``helpdesk config show|validate`` as printed, with their exit codes."""

import pytest

SOUND = """\
theme = "nord"
auth_url = "https://a.example"

[profile.work]
db_host = "db.example"
db_port = 5433
"""
BROKEN = """\
theme = "nord"
auth_ulr = "https://a.example"

[profile.work]
db_host = "db.example"
db_prot = 6543
db_port = "many"
password = "hunter2-secret"
"""


@pytest.fixture
def file(plain_cli, tmp_path):
    """Writes the settings file."""

    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text)
        return path

    return write


async def test_validate_of_a_sound_file(plain_cli, file):
    path = file(SOUND)
    found = await plain_cli.run(None, "config", "validate")
    assert (found.code, found.out) == (0, "")
    assert found.err.strip().endswith(f"{path} is sound.")
    assert (await plain_cli.run(None, "config", "validate", "--json")).json == []


async def test_validate_names_line_and_nearest_key_and_exits_with_2(plain_cli, file):
    path = file(BROKEN)
    found = await plain_cli.run(None, "config", "validate")
    assert found.code == 2
    lines = found.out.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        [f"{path}:2", "auth_ulr"],
        [f"{path}:6", "db_prot"],
        [f"{path}:7", "db_port"],
        [f"{path}:8", "password"],
    ]
    assert lines[0].endswith("Did you mean “auth_url”?")
    assert lines[1].endswith("Did you mean “db_port”?")
    assert "hunter2-secret" not in found.out + found.err


async def test_validate_as_json(plain_cli, file):
    path = file(BROKEN)
    found = await plain_cli.run(None, "config", "validate", "--json")
    assert found.code == 2
    assert [(each["where"], each["line"], each["key"], each["nearest"]) for each in found.json] == [
        (str(path), 2, "auth_ulr", "auth_url"),
        (str(path), 6, "db_prot", "db_port"),
        (str(path), 7, "db_port", None),
        (str(path), 8, "password", None),
    ]


async def test_validate_names_a_theme_that_there_is_none_of_and_the_nearest(plain_cli, file):
    path = file('theme = "helpdesk-ligth"\n[profile.work]\ntheme = "zzz"\ndb_host = "db.example"\n')
    found = await plain_cli.run(None, "config", "validate")
    assert found.code == 2
    first, second = found.out.splitlines()
    assert first == f"{path}:1: theme: There is no theme “helpdesk-ligth”. Did you mean “helpdesk-light”?"
    assert second == f"{path}:3: theme: There is no theme “zzz”."
    from_environment = await plain_cli.run(None, "config", "validate", HELPDESK_THEME="drakula")
    assert "Did you mean “dracula”?" in from_environment.out


async def test_validate_of_a_named_file(plain_cli, file, tmp_path):
    file(SOUND)
    other = tmp_path / "other.toml"
    other.write_text("theme = [1,\n")
    found = await plain_cli.run(None, "config", "validate", str(other))
    assert found.code == 2
    assert found.out.startswith(f"{other}:1: this is not TOML")
    missing = await plain_cli.run(None, "config", "validate", str(tmp_path / "missing.toml"))
    assert (missing.code, missing.out) == (2, "")
    assert "There is no settings file" in missing.err


async def test_validate_looks_at_the_environment_too(plain_cli, file):
    file(SOUND)
    found = await plain_cli.run(None, "config", "validate", HELPDESK_DB_PROT="1")
    assert found.code == 2
    assert found.out.startswith("environment: HELPDESK_DB_PROT: ")
    assert found.out.rstrip().endswith("Did you mean “HELPDESK_DB_PORT”?")


async def test_show_says_every_value_and_where_it_comes_from(plain_cli, file):
    path = file(SOUND)
    shown = await plain_cli.run(None, "config", "show", "--profile", "work", HELPDESK_DB_HOST="env.example")
    assert shown.code == 0
    rows = {line.split()[0]: line.split(None, 2)[1:] for line in shown.out.splitlines()[1:]}
    assert rows["db_port"] == ["5433", f"{path}:6"]
    assert rows["auth_url"] == ["https://a.example", f"{path}:2"]
    assert rows["db_host"] == ["env.example", "environment HELPDESK_DB_HOST"]
    assert rows["pooled"] == ["false", "default"]
    as_json = await plain_cli.run(None, "config", "show", "--profile", "work", "--json")
    assert as_json.json["profile"] == "work"
    assert as_json.json["settings"]["db_port"] == {"value": 5433, "from": f"{path}:6"}
    assert set(as_json.json["settings"]) == set(rows)


async def test_show_of_a_broken_file_exits_with_2_and_names_the_line(plain_cli, file):
    path = file(BROKEN)
    shown = await plain_cli.run(None, "config", "show", "--profile", "work")
    assert (shown.code, shown.out) == (2, "")
    assert f"{path}:2: auth_ulr" in shown.err
    assert "Did you mean “auth_url”?" in shown.err
