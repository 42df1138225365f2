"""Log lines, as the process prints them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lockpoint.logs import GONE, scrub
from tests.support.checkout import ROOT

PRINTS = """
import logging, structlog
from lockpoint.logs import configure_logs
configure_logs()
structlog.get_logger("lockpoint.ours").info("opened", tenant_id=7, jwt="eyJhbGciOi.eyJpc3Mi.c2ln")
logging.getLogger("lockpoint.ours").info("GET %s for %s", "/page?jwt=abc&x=1", "a.b@example.com", extra={"n": 1})
logging.getLogger("theirs").warning("GET %s failed for %s, %d times", "/page?jwt=abc", "Al", 3, extra={"x": "Al"})
try:
    raise ValueError("postgresql://user:hunter2@db.example.com/x")
except ValueError:
    logging.getLogger("theirs").exception("broken")
"""

GOES_ON = """
import logging, sys, structlog
from lockpoint.logs import configure_logs
configure_logs()
structlog.get_logger("lockpoint.ours").info("opened")
logging.getLogger("theirs").warning("failed")
open(sys.argv[1], "w").write("went on")
"""

CANARIES = {
    "name": "Alice Kanarienvogel",
    "file": "Kanarienvogel-figures.xlsx",
    "address": "alice@kanarienvogel.example.com",
    "account": "557058:0f0f0f0f-1111-2222-3333-444444444444",
    "account of a guest": "qm:0f0f0f0f-5555-2222-3333-444444444444:5",
    "account of a group": "ug:0f0f0f0f-6666-2222-3333-444444444444",
    "account in capitals": "557058:0F0F0F0F-7777-2222-3333-44444444ABCD",
    "older account": "0f0f0f0f0f0f0f0f0f0f0f0f",
    "id of no known shape": "Nachtigall_0-0f0f",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl",
    "secret": "hunter2-shared-secret",
}
"""Must not occur in any line."""

LIBRARIES = """
import asyncio, io, logging, sys, threading, warnings
import structlog
from lockpoint.logs import configure_logs
configure_logs({level!r}, {style!r})
C = {canaries!r}
TEXT = " ".join(C.values())

def by_stdlib():
    logging.getLogger("some.library").error("%s", TEXT)
    logging.getLogger("some.library").error("sent %(name)s", C)
    logging.getLogger("some.library").error("first line\\n" + TEXT)
    logging.getLogger("some.library").warning("field", extra=dict(note=TEXT, **{{"job": C}}))
    logging.getLogger("some.library").info(TEXT)
    logging.getLogger("some.library").error("%d %d", TEXT)
    logging.getLogger("lockpoint.x").error("for %s with %s", C["address"], C["token"])
    for name in C:
        if "account" in name:
            logging.getLogger("lockpoint.x").error("for %s", C[name])
    logging.getLogger("lockpoint.x").error("not enough %s %s", 1)

def by_structlog():
    log = structlog.get_logger("lockpoint.x")
    log.warning("sent", email=C["address"], headers={{"Authorization": "JWT " + C["token"]}}, account=C["account"])
    try:
        raise LookupError(TEXT) from KeyError(TEXT)
    except LookupError:
        log.exception("failed")

def by_requests():
    import requests
    from urllib3.util.retry import Retry
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=Retry(2, backoff_factor=0)))
    for path in ("/download/attachments/98311/" + C["file"], "/wiki?jwt=" + C["token"] + "&email=" + C["address"]):
        try:
            session.get("http://127.0.0.1:1" + path, headers={{"X": C["secret"]}})
        except requests.RequestException:
            logging.getLogger("lockpoint.x").exception("call failed")
            logging.getLogger("some.library").exception("call failed")

def by_sqlalchemy():
    import sqlalchemy as sa
    from lockpoint.storage.engine import Database
    database = Database("postgresql+psycopg://user:hunter2-shared-secret@127.0.0.1:1/x?application_name=Kanarienvogel")
    try:
        database.ping()
    except Exception:
        logging.getLogger("lockpoint.x").exception("database")
    logging.getLogger("sqlalchemy").setLevel(logging.DEBUG)
    engine = sa.create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("select :name from missing"), C)
    except sa.exc.SQLAlchemyError:
        logging.getLogger("some.library").exception("statement")

def by_pydantic():
    from pydantic import TypeAdapter, ValidationError
    try:
        TypeAdapter(dict[str, int]).validate_python(C)
    except ValidationError:
        logging.getLogger("lockpoint.x").exception("invalid")

def by_procrastinate():
    import procrastinate
    from procrastinate import testing
    app = procrastinate.App(connector=testing.InMemoryConnector())
    @app.task(name="trashed")
    def trashed(tenant_id, subject):
        raise RuntimeError(TEXT)
    with app.open():
        for canary in C.values():
            trashed.defer(tenant_id=1, subject="123:" + canary)
        app.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)

def by_ready_made_messages():
    log = logging.getLogger("some.library")
    for canary in C.values():
        log.error(f"cannot read {{canary}}")
        log.error("cannot read " + canary)
        log.error("cannot read %s and " + canary, 1)
    log.error("cannot read it")

def by_python_itself():
    warnings.warn(TEXT)
    thread = threading.Thread(target=lambda: 1 / 0 if not TEXT else (_ for _ in ()).throw(ValueError(TEXT)))
    thread.start(); thread.join()
    class Bad:
        def __del__(self):
            raise ValueError(TEXT)
    Bad()
    async def fail():
        raise ValueError(TEXT)
    async def forget():
        task = asyncio.ensure_future(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
    asyncio.run(forget())
    raise ValueError(TEXT)

for work in ({work},):
    work()
print("end")
"""


def test_the_queue_says_which_job_failed_and_not_with_what() -> None:
    """The line has the queue's word, kind and number of the job."""
    out = run(LIBRARIES.format(level="info", style="json", canaries=CANARIES, work="by_procrastinate")).stdout
    first = json.loads(out.splitlines()[1])
    assert (first["event"], first["job"], first["number"]) == ("procrastinate: job_error", "trashed", 1)
    assert first["exception"] == "RuntimeError"


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)


def test_ours_and_theirs_are_json_lines_without_secrets() -> None:
    out = run(PRINTS).stdout
    structured, ours, theirs, broken = (json.loads(line) for line in out.splitlines())
    assert (structured["event"], structured["tenant_id"], structured["jwt"]) == ("opened", 7, GONE)
    assert (ours["event"], ours["n"]) == (f"GET /page?{GONE} for {GONE}", 1)
    assert (theirs["event"], theirs["level"]) == ("GET <str> failed for <str>, 3 times", "warning")
    assert "x" not in theirs
    assert broken["exception"] == "ValueError"
    assert broken["at"]
    assert "hunter2" not in out


@pytest.mark.parametrize(("level", "style"), [("debug", "text"), ("info", "json")])
@pytest.mark.parametrize(
    ("work", "lines"),
    [
        ("by_stdlib", 12),
        ("by_structlog", 2),
        ("by_requests", 6),
        ("by_sqlalchemy", 2),
        ("by_pydantic", 1),
        ("by_procrastinate", 13),
        ("by_ready_made_messages", 30),
        ("by_python_itself", 5),
    ],
)
def test_no_library_prints_anything_about_a_customer(work: str, lines: int, level: str, style: str) -> None:
    """Privacy §1"""
    done = run(LIBRARIES.format(level=level, style=style, canaries=CANARIES, work=work))
    said = done.stdout + done.stderr
    assert len(done.stdout.splitlines()) >= lines, said
    for kind, canary in CANARIES.items():
        assert canary not in said, kind
    assert "kanarienvogel" not in said.lower()
    assert done.stdout.endswith("end\n") or work == "by_python_itself"


def test_a_library_is_quoted_as_its_author_wrote() -> None:
    """A constant message is shown, with types for values; of a composed message only the place."""
    program = (
        "import logging; from lockpoint.logs import configure_logs; configure_logs()\n"
        "log, name = logging.getLogger('some.library'), 'Kanarienvogel.xlsx'\n"
        "log.error('disk full')\n"
        "log.error('cannot read %s', name)\n"
        "log.error(f'cannot read {name}')\n"
    )
    events = [json.loads(line)["event"] for line in run(program).stdout.splitlines()]
    assert events == ["disk full", "cannot read <str>", "<string>:5"]


APP = """
from lockpoint.logs import configure_logs
configure_logs()
def app(environ, start_response):
    raise ValueError("Kanarienvogel " + environ["QUERY_STRING"])
"""

SERVE = """
import sys, threading, time, os, signal, urllib.request, urllib.error
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from lockpoint.commands.web import TO_OURS
from devstack.ports import free_ports
from lockpoint.logs import configure_logs
configure_logs()
(port,) = free_ports(1)
def ask():
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/connect/page?jwt=Kanarienvogel")
        except urllib.error.HTTPError as error:
            error.close()
            break
        except OSError:
            time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=ask, daemon=True).start()
Granian("canary_app:app", address="127.0.0.1", port=port, interface=Interfaces.WSGI, http=HTTPModes.http1,
        websockets=False, log_access=False, log_dictconfig=TO_OURS).serve()
"""


@pytest.mark.processes
def test_the_web_server_prints_no_exception_text_of_the_application(tmp_path: Path) -> None:
    """Granian logs only its first line."""
    (tmp_path / "canary_app.py").write_text(APP)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", SERVE],
        capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=60,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert "exception" in said.lower(), said
    assert "kanarienvogel" not in said.lower(), said


@pytest.mark.parametrize("output", ["full", "closed"])
def test_work_goes_on_where_no_line_can_be_written(tmp_path: Path, output: str) -> None:
    """F49: the disk below standard output and error is full, or nobody reads them any more."""
    if output == "full":
        nowhere = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, nowhere = os.pipe()
        os.close(reader)
    went = tmp_path / "went"
    command = [sys.executable, "-c", GOES_ON, str(went)]
    subprocess.run(command, stdout=nowhere, stderr=nowhere, check=False, cwd=ROOT, timeout=60)
    os.close(nowhere)
    assert went.read_text() == "went on"


def test_level_and_format() -> None:
    """`LOCKPOINT_LOG_LEVEL` applies to our lines only; `text` is for people."""
    program = (
        "import logging; from lockpoint.logs import configure_logs; configure_logs({level!r}, {style!r})\n"
        "for name in ('lockpoint.a', 'urllib3', 'apscheduler', 'procrastinate', 'alembic'):\n"
        "    for level in (10, 20, 30): logging.getLogger(name).log(level, '%d', level)"
    )

    def said(level: str, style: str = "json") -> list[tuple[str, str]]:
        lines = [json.loads(line) for line in run(program.format(level=level, style=style)).stdout.splitlines()]
        return [(line["logger"], line["event"]) for line in lines if line["logger"] in {"lockpoint.a", "urllib3"}]

    assert said("debug") == [("lockpoint.a", "10"), ("lockpoint.a", "20"), ("lockpoint.a", "30"), ("urllib3", "30")]
    assert said("info") == [("lockpoint.a", "20"), ("lockpoint.a", "30"), ("urllib3", "30")]
    assert said("error") == [("urllib3", "30")]
    text = run(program.format(level="info", style="text")).stdout.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\S+ \[info *\] 20 +\[lockpoint\.a\]", text[0])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sharedSecret", "x"),
        ("headers", {"Authorization": "JWT abc"}),
        ("headers", [{"cookie": "abc"}]),
        ("text", "Authorization: Bearer abc.def"),
        ("error", "mail to bob.b+x@mail.example.com"),
        ("path", "/wiki/download/attachments/1/abc.xlsx?version=1"),
        ("holder", "557058:0f0f0f0f-1111-2222-3333-4444abcabc00"),
        ("holder", "557058%3A0F0F0F0F-1111-2222-3333-4444abcABC00"),
        ("holder", "qm:0f0f0f0f-1111-2222-3333-4444abcabc00:5"),
        ("holder", "5fabc0f0f0f0f0f0f0f0f0f0"),
        ("address", "redis://user:abc@redis.example.com"),
        ("conninfo", "host=db password=abc user=x"),
        ("557058:0f0f0f0f-1111-2222-3333-4444abcabc00", 1),
    ],
)
def test_secrets_are_found_at_any_depth(field: str, value: object) -> None:
    """In mappings, lists and field names."""
    said = json.dumps(scrub(None, "info", {"data": {field: value}}), default=str)
    assert GONE in said
    assert not any(secret in said for secret in ('"x"', "abc", "bob.b"))


def test_the_text_of_an_exception_stays_out() -> None:
    """An exception as a value becomes its type and code."""
    error = OSError(2, "Kanarienvogel")
    assert scrub(None, "info", {"error": error}) == {"error": "FileNotFoundError errno=2"}


def test_harmless_values_stay() -> None:
    event = {"event": "restored", "attachment_id": "131203", "tokens": 3, "ok": True, "none": None, "ratio": 0.5}
    assert scrub(None, "info", dict(event)) == event
