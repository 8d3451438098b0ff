"""Where a sign-in rests: the keyring's ways, the file's modes, the lock between processes."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from helpdesk_tui.core import tokens
from helpdesk_tui.core.errors import SettingsError, SignInError
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import FileStore, FirstUsable, KeyringStore, open_store

RECORD = {"v": 1, "access_token": "x" * 2000, "saved_at": 100.0}


class Ring(KeyringBackend):
    """A keyring in memory that can be locked."""

    priority = 1
    name = "test ring"

    def __init__(self, longest: int = 10**6):
        super().__init__()
        self.entries: dict[str, str] = {}
        self.locked = False
        self.longest = longest

    def _open(self, service):
        assert service == "helpdesk-tui"
        if self.locked:
            raise KeyringLocked("the collection is locked")

    def get_password(self, service, username):
        self._open(service)
        return self.entries.get(username)

    def set_password(self, service, username, password):
        self._open(service)
        assert len(password) <= self.longest
        self.entries[username] = password

    def delete_password(self, service, username):
        self._open(service)
        del self.entries[username]


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_its_owners_alone(tmp_path):
    old = os.umask(0)
    try:
        store = FileStore(tmp_path / "a" / "sign-in", "work")
        store.write(RECORD)
    finally:
        os.umask(old)
    assert (mode(store.path), mode(store.directory)) == (0o600, 0o700)
    assert store.read() == RECORD
    assert store.where == str(store.path)


def test_a_directory_that_was_open_is_closed(tmp_path):
    tmp_path.chmod(0o755)
    FileStore(tmp_path, "work").write(RECORD)
    assert mode(tmp_path) == 0o700


@pytest.mark.parametrize(
    ("bits", "way_out"), [(0o644, "helpdesk logout"), (0o640, "helpdesk logout"), (0o622, "chmod")]
)
def test_a_file_that_others_can_read_or_change_is_refused(tmp_path, bits, way_out):
    store = FileStore(tmp_path, "work")
    store.write(RECORD)
    store.path.chmod(bits)
    with pytest.raises(SettingsError, match=f"mode {bits:o}") as caught:
        store.read()
    assert way_out in str(caught.value)
    assert store.read(checked=False) == RECORD
    store.write(RECORD)
    assert store.read() == RECORD, "signing in again makes it good"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_account_is_refused(tmp_path):
    store = FileStore(tmp_path, "work")
    store.write(RECORD)
    os.chown(store.path, 12345, 12345)
    with pytest.raises(SettingsError, match="belongs to another account"):
        store.read()


def test_one_file_a_profile_and_forgetting(tmp_path):
    work, lab = FileStore(tmp_path, "work"), FileStore(tmp_path, "lab")
    work.write(RECORD)
    assert lab.read() is None
    (tmp_path / ".work.json.0123").write_text("left by a killed write")
    work.forget()
    work.forget()
    assert work.read() is None
    assert list(tmp_path.glob(".work*")) == []


def test_what_is_no_record_counts_as_none(tmp_path):
    store = FileStore(tmp_path, "work")
    for text in ("", "{", "[]", "\x00\xff"):
        store.path.write_text(text, encoding="latin-1")
        store.path.chmod(0o600)
        assert store.read() is None


def test_a_record_is_replaced_whole_or_not_at_all(tmp_path):
    """Killed at any moment of writing, the file holds the one record or the other."""
    store = FileStore(tmp_path, "work")
    store.write({"n": 0})
    script = f"""
    import pathlib
    from helpdesk_tui.core.tokens import FileStore
    store = FileStore(pathlib.Path({str(tmp_path)!r}), "work")
    print("ready", flush=True)
    n = 0
    while True:
        n += 1
        store.write({{"n": n, "filler": "x" * 100_000}})
    """
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            for _ in range(20):
                record = store.read()
                assert record is not None
                assert "n" in record
            process.send_signal(signal.SIGKILL)
        assert store.read() is not None


def test_a_full_disk_is_said_and_leaves_what_was_there(tmp_path, monkeypatch):
    store = FileStore(tmp_path, "work")
    store.write(RECORD)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match=r"cannot be kept in .*work.json: No space left on device"):
        store.write({"v": 2})
    assert store.read() == RECORD
    assert list(tmp_path.glob(".work*")) == []


async def test_the_lock_keeps_other_processes_out_and_ends_with_them(tmp_path, monkeypatch):
    script = f"""
    import asyncio, pathlib
    from helpdesk_tui.core.tokens import FileStore
    async def main():
        async with FileStore(pathlib.Path({str(tmp_path)!r}), "work").lock():
            print("locked", flush=True)
            await asyncio.sleep(60)
    asyncio.run(main())
    """
    store = FileStore(tmp_path, "work")
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: ASYNC220
        assert process.stdout
        process.stdout.readline()
        with monkeypatch.context() as patch:
            patch.setattr(tokens, "LOCK_SECONDS", 0.1)
            with pytest.raises(SignInError, match="Another helpdesk"):
                async with store.lock():
                    pass
        process.kill()
    async with asyncio.timeout(2), store.lock(), FileStore(tmp_path, "lab").lock():
        pass


# --- keyrings


def test_keyring_record(tmp_path):
    ring = Ring()
    store = KeyringStore(ring, "work", FileStore(tmp_path, "work"))
    assert store.read() is None
    store.write(RECORD)
    assert store.read() == RECORD
    assert list(ring.entries) == ["work"]
    store.forget()
    store.forget()
    assert ring.entries == {}


def test_long_records_are_spread_over_the_entries_of_a_keyring_with_short_ones(tmp_path):
    """The Windows vault takes 2,560 bytes an entry, and a token may be longer."""
    ring = Ring(longest=tokens.WINDOWS_ENTRY)
    store = KeyringStore(ring, "work", FileStore(tmp_path, "work"), tokens.WINDOWS_ENTRY)
    for length in (5000, 3000, 100, 4000):
        record = {"token": "y" * length}
        store.write(record)
        assert store.read() == record
        assert len(ring.entries) == (1 if length == 100 else 1 + -(-len(json.dumps(record)) // tokens.WINDOWS_ENTRY))
    ring.entries.pop(next(name for name in ring.entries if "/" in name))
    assert store.read() is None
    store.forget()
    assert ring.entries == {}


def test_a_keyring_that_refuses_gives_way_to_the_file(tmp_path):
    ring, file = Ring(), FileStore(tmp_path, "work")
    store = FirstUsable(KeyringStore(ring, "work", file), file)
    ring.locked = True
    assert store.read() is None
    store.write(RECORD)
    assert "is locked" in str(store.notice)
    assert store.where == str(file.path)
    assert store.read() == RECORD
    ring.locked = False
    newer = {**RECORD, "saved_at": 200.0}
    store.write(newer)
    assert file.read() is None, "never in two places"
    assert store.read() == newer
    assert store.where == "the system keyring (test ring)"


def test_the_newest_of_two_records_counts(tmp_path):
    ring, file = Ring(), FileStore(tmp_path, "work")
    store = FirstUsable(KeyringStore(ring, "work", file), file)
    store.write(RECORD)
    file.write({**RECORD, "saved_at": 300.0})
    assert (store.read() or {})["saved_at"] == 300.0
    store.forget()
    assert (ring.entries, file.read()) == ({}, None)


def test_the_keyring_forgets_even_if_the_file_cannot_be_removed(tmp_path):
    ring, file = Ring(), FileStore(tmp_path, "work")
    store = FirstUsable(KeyringStore(ring, "work", file), file)
    store.write(RECORD)
    file.path.mkdir()
    with pytest.raises(SettingsError, match="cannot be removed"):
        store.forget()
    assert ring.entries == {}


def test_which_store_is_opened(tmp_path, monkeypatch):
    env = {"HELPDESK_STATE_DIR": str(tmp_path)}
    found: list[KeyringBackend | None] = [None]
    monkeypatch.setattr(tokens, "usable_keyring", lambda env: found[0])
    assert isinstance(open_store(Settings(), env), FileStore)
    assert open_store(Settings(profile="lab"), env).where == str(tmp_path / "sign-in" / "lab.json")
    with pytest.raises(SettingsError, match="no usable system keyring"):
        open_store(Settings(token_store="keyring"), env)
    found[0] = Ring()
    assert isinstance(open_store(Settings(), env), FirstUsable)
    assert isinstance(open_store(Settings(token_store="keyring"), env), KeyringStore)
    assert isinstance(open_store(Settings(token_store="file"), env), FileStore)
    assert isinstance(open_store(Settings(local=True), env), FileStore)


def test_keyrings_that_keep_nothing_or_keep_it_readable_count_as_none(monkeypatch):
    import keyring
    from keyring.backends import chainer, fail, null

    class PlaintextKeyring(Ring):
        pass

    class Chain(chainer.ChainerBackend):
        backends = ()

    ring = Ring()
    env = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/0/bus"}
    chain = Chain()
    for backends, chosen in (([fail.Keyring(), PlaintextKeyring(), ring], ring), ([null.Keyring()], None)):
        monkeypatch.setattr(Chain, "backends", backends)
        monkeypatch.setattr(keyring, "get_keyring", lambda: chain)
        assert tokens.usable_keyring(env) is chosen
    for backend, chosen in ((fail.Keyring(), None), (null.Keyring(), None), (PlaintextKeyring(), None), (ring, ring)):
        monkeypatch.setattr(keyring, "get_keyring", lambda backend=backend: backend)
        assert tokens.usable_keyring(env) is chosen


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have their keyring always")
def test_without_a_session_bus_the_keyring_library_is_not_even_imported(tmp_path):
    script = "import sys; from helpdesk_tui.core.tokens import usable_keyring as u; assert u({}) is None; "
    script += "assert 'keyring' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
