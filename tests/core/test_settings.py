"""Settings: file, environment, flags, profiles; and what is said when one of them is wrong."""

import base64
import dataclasses
import json
from pathlib import Path

import pytest

from helpdesk_tui.core import settings
from helpdesk_tui.core.errors import SettingsError

GOOD = """\
# Two helpdesks.
default_profile = "work"
theme = "nord"

[profile.work]
auth_url = "https://ref.supabase.co/"
api_key = "sb_publishable_x"
db_host = "aws-0-eu.pooler.supabase.com"
db_port = 6543
db_user_suffix = ".ref"
listen_host = "db.ref.supabase.co"

[profile.lab]
auth_url = "http://127.0.0.1:54321"
db_host = "127.0.0.1"
db_port = 54322
theme = "gruvbox"
"""


@pytest.fixture
def file(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def refusal(path, flags=None, env=None) -> str:
    with pytest.raises(SettingsError) as caught:
        settings.load(flags, env or {}, path)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_file_then_environment_then_flags(file):
    path = file(GOOD)
    assert settings.load(None, {}, path).db_port == 6543
    env = {"HELPDESK_DB_PORT": "5433", "HELPDESK_THEME": "env"}
    loaded = settings.load({"theme": "flag", "db_host": None}, env, path)
    assert (loaded.db_port, loaded.theme, loaded.db_host) == (5433, "flag", "aws-0-eu.pooler.supabase.com")


def test_profiles_override_the_top_of_the_file(file):
    path = file(GOOD)
    work, lab = settings.load(None, {}, path), settings.load({"profile": "lab"}, {}, path)
    assert (work.profile, work.theme) == ("work", "nord")
    assert (lab.profile, lab.theme) == ("lab", "gruvbox")
    assert settings.load(None, {"HELPDESK_PROFILE": "lab"}, path) == lab
    assert settings.load({"profile": "work"}, {"HELPDESK_PROFILE": "lab"}, path) == work


def test_settings_are_frozen(file):
    loaded = settings.load(None, {}, file(GOOD))
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.theme = "other"  # type: ignore[misc]


def test_one_profile_needs_no_default(file):
    path = file('[profile.desk]\nauth_url = "https://a.example"\ndb_host = "db.example"\n')
    assert settings.load(None, {}, path).profile == "desk"


def test_several_profiles_and_none_chosen_is_said(file):
    path = file(GOOD.replace('default_profile = "work"', ""))
    assert "several profiles (work, lab)" in refusal(path)


def test_without_profiles_the_top_of_the_file_is_enough(file):
    loaded = settings.load(None, {}, file('auth_url = "https://a.example"\ndb_host = "db.example"\n'))
    assert (loaded.profile, loaded.sslmode, loaded.pooled) == ("default", "require", False)


def test_everything_may_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    env = {"HELPDESK_AUTH_URL": "https://a.example", "HELPDESK_DB_HOST": "db.example", "HELPDESK_POOLED": "yes"}
    assert settings.load(None, env).pooled is True


def test_the_demo_profile_is_always_there_and_local(file, tmp_path):
    loaded = settings.load({"profile": "demo"}, {"HELPDESK_CONFIG": str(file(GOOD))})
    assert loaded.local
    assert loaded.theme == "nord"
    assert (loaded.auth_url, loaded.db_host, loaded.db_port) == ("", "", 5432)
    path = file("[profile.demo]\nlocal = false\n")
    assert "config.toml:2: local: The profile demo is always local" in refusal(path, {"profile": "demo"})


def test_no_settings_at_all_points_to_the_demo(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "default_path", lambda env: tmp_path / "nowhere.toml")
    with pytest.raises(SettingsError, match=r"No helpdesk is set up.*helpdesk demo"):
        settings.load(None, {})


def test_a_named_file_that_is_missing_is_said(tmp_path):
    assert "There is no settings file" in refusal(tmp_path / "x.toml")
    assert "There is no settings file" in refusal(None, env={"HELPDESK_CONFIG": str(tmp_path / "x.toml")})


def test_missing_values_are_named(file):
    assert "The profile “default” has no db_host." in refusal(file('auth_url = "https://a.example"'))


def test_unknown_key_names_line_and_nearest(file):
    path = file('theme = "nord"\n\n[profile.work]\ndb_hots = "x"\n')
    assert f"{path}:4: db_hots: There is no setting “db_hots”. Did you mean “db_host”?" in refusal(path)
    (problem,) = settings.validate(path)
    assert (problem.line, problem.key, problem.nearest) == (4, "db_hots", "db_host")


def test_a_slip_in_another_profile_does_not_stop_this_one(file):
    path = file(GOOD + 'themee = "x"\n')
    assert settings.load(None, {}, path).profile == "work"
    assert "themee" in refusal(path, {"profile": "lab"})


def test_unknown_profile_names_the_nearest(file):
    text = refusal(file(GOOD), {"profile": "wrok"})
    assert "There is no profile “wrok”" in text
    assert "“work”" in text
    assert "work, lab, demo" in text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("db_port = 'x'", "db_port must be a port"),
        ("db_port = true", "db_port must be a port"),
        ("db_port = 70000", "db_port must be a port"),
        ("pooled = 'yes'", "pooled must be true or false"),
        ("poll_seconds = 0", "poll_seconds must be"),
        ("theme = 3", "theme must be text"),
        ("sslmode = 'requires'", "Did you mean “require”?"),
        ("auth_url = 'ref.supabase.co'", "auth_url must be an address"),
        ("auth_url = 'http://desk.example'", "must begin with https://"),
        ("auth_url = 'https://[1'", "auth_url must be an address"),
        ("db_host = 'db.example:5432'", "the port goes into db_port"),
        ("db_user_suffix = 'ref'", "“.ref”"),
        ("default_profile = 'x'", "there is no [profile.x]"),
        ("profile = 'x'", "the one to start with is default_profile"),
        ('theme = "a\\u001b[31m"', "control characters"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(file, line, said):
    path = file("\n" + line + "\n")
    assert said in refusal(path)
    assert f"{path}:2:" in refusal(path)
    assert settings.validate(path)[0].line == 2


@pytest.mark.parametrize(
    "key",
    [
        "db_password",
        "password",
        "passwd",
        "PGPASSWORD",
        "pwd",
        "client_secret",
        "service_role_key",
        "service_key",
        "dsn",
        "db_dsn",
        "jwt_secret",
        "refresh_token",
        "db-password",
        "credentials",
    ],
)
def test_no_database_password_and_no_secret_in_the_settings(file, key):
    for text in (f'"{key}" = "x"', f'[profile.other]\n"{key}" = "x"'):
        path = file(GOOD.replace("[profile.work]", text + "\n[profile.work]"))
        assert "short-lived database login" in refusal(path)
        assert any(problem.secret for problem in settings.validate(path))


def test_no_secret_as_a_value_either(file):
    def jwt(role):
        return "e30." + base64.urlsafe_b64encode(json.dumps({"role": role}).encode()).decode().rstrip("=") + ".c2ln"

    for line in (f"api_key = '{jwt('service_role')}'", "api_key = 'sb_secret_abc'"):
        assert "secret key" in refusal(file(line))
    for line in ("db_host = 'postgresql://u:p@db.example/x'", "auth_url = 'https://u:p@a.example'"):
        assert "short-lived database login" in refusal(file(line))
    assert settings.validate(file(f"api_key = '{jwt('anon')}'")) == []


def test_no_secret_in_the_environment_or_a_flag(file):
    assert "environment HELPDESK_DB_PASSWORD" in refusal(file(GOOD), env={"HELPDESK_DB_PASSWORD": "x"})
    assert "short-lived" in refusal(file(GOOD), {"db_password": "x"})
    # The owner's connection for `helpdesk db` is no setting, and is never stored.
    settings.load(None, {"HELPDESK_OWNER_DSN": "postgresql://o:p@db.example/x"}, file(GOOD))


def test_bad_toml_names_line_and_column(file):
    path = file('theme = "x"\ndb_host = \n')
    assert refusal(path).startswith(f"{path}:2: this is not TOML: invalid value (column 11)")
    assert settings.validate(path)[0].line == 2
    assert "config.toml:1: this is not TOML" in refusal(file("theme = [1,"))
    assert "config.toml:3: this is not TOML: cannot declare" in refusal(file("theme = ''\n[profile.x]\n[profile.x]\n"))


def test_what_windows_editors_write(file):
    assert settings.load(None, {}, file(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())).profile == "work"
    assert "UTF-16" in refusal(file(GOOD.encode("utf-16")))
    assert "config.toml:2: this is not TOML: the file is not UTF-8" in refusal(file(b'# x\ntheme = "\xfc"\n'))


def test_values_from_environment_and_flags_are_checked(file):
    path = file(GOOD)
    assert "environment HELPDESK_DB_PORT: db_port must be a port" in refusal(path, env={"HELPDESK_DB_PORT": "x"})
    assert "flag dbhost: There is no setting “dbhost”. Did you mean “db_host”?" in refusal(path, {"dbhost": "x"})
    assert settings.load({"pooled": "no", "poll_seconds": "5"}, {}, path).pooled is False


def test_each_value_says_where_it_came_from(file):
    path = file(GOOD)
    shown = settings.explain({"poll_seconds": "3"}, {"HELPDESK_DB_NAME": "desk"}, path)
    assert shown.origins["db_port"] == f"{path}:9"
    assert shown.origins["theme"] == f"{path}:3"
    assert shown.origins["db_name"] == "environment HELPDESK_DB_NAME"
    assert shown.origins["poll_seconds"] == "flag poll_seconds"
    assert shown.origins["sslmode"] == "default for this host"
    assert shown.origins["pooled"] == "default for port 6543"
    assert shown.origins["token_store"] == "default"
    assert set(shown.origins) == set(settings.KEYS)
    assert shown.profiles == ("work", "lab", "demo")


def test_misspelt_variables_are_noticed():
    problems = settings.validate_environment(
        {"HELPDESK_DB_HSOT": "x", "HELPDESK_DB_PORT": "x", "HELPDESK_CI": "1", "HELPDESK_SECRET": "x", "HOME": "/"}
    )
    assert [(p.key, p.nearest, p.secret) for p in problems] == [
        ("HELPDESK_DB_HSOT", "HELPDESK_DB_HOST", False),
        ("HELPDESK_DB_PORT", None, False),
        ("HELPDESK_SECRET", None, True),
    ]


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://ref.supabase.co", "https://ref.supabase.co/auth/v1"),
        ("https://ref.supabase.co/auth/v1/", "https://ref.supabase.co/auth/v1"),
        ("https://desk.example/login", "https://desk.example/login"),
    ],
)
def test_auth_endpoint_of_a_project_or_a_full_address(url, endpoint):
    assert settings.Settings(auth_url=url).auth_endpoint == endpoint


def test_encryption_is_asked_of_every_host_but_this_machine():
    def sslmode(host):
        env = {"HELPDESK_AUTH_URL": "https://a.example", "HELPDESK_DB_HOST": host}
        return settings.explain(None, env, None).settings.sslmode

    assert [sslmode(h) for h in ("db.example", "10.0.0.1", "localhost", "127.0.0.1", "/run/postgresql")] == [
        "require",
        "require",
        "prefer",
        "prefer",
        "disable",
    ]


def test_lines_are_found_in_odd_files(file):
    path = file('theme = """\ndb_hots = "no key"\n"""\nprofile."a.b" = { db_hots = "x" }\nprofile.c.themee = 1\n')
    path.write_text(path.read_text().replace("no key", "no\nkey"))
    assert [(p.line, p.key) for p in settings.validate(path)] == [(1, "theme"), (5, "db_hots"), (6, "themee")]
