"""My data, my preferences and the links in mails, over real HTTP, without fakes."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
from pydantic.alias_generators import to_camel

from lockpoint import bootstrap
from lockpoint.domain.events import OPTIONAL, MailKind
from lockpoint.domain.lock import Held
from lockpoint.services.context import Tenant
from lockpoint.services.notifications.mail_links import extend_url, unsubscribe_url
from lockpoint.services.ports.jobs import Job, JobKind
from simulator.world.seed import ALICE, BOB
from tests.commands.run import lockpoint
from tests.web.doors import BOTH_DOORS
from tests.web.live_app import CALL_SECONDS, ERIN, LiveApp

pytestmark = BOTH_DOORS

ALL = dict.fromkeys(
    ("lockEnded", "overwriteAttempt", "unprotected", "lockWillEnd", "editRequest", "editAnswer", "endlessLocks"), True
)
PREFERENCES = "/me/preferences"


def _link(live: LiveApp, account: str, kind: MailKind = MailKind.LOCK_ENDED, locale: str = "en") -> str:
    with bootstrap.operating(live.settings) as working:
        url = unsubscribe_url(working.services, _acme(live), account, kind, locale, "Europe/Berlin")
    assert url is not None
    return f"{live.url}{urlsplit(url).path}"


def _acme(live: LiveApp) -> Tenant:
    with bootstrap.operating(live.settings) as working:
        acme = working.services.tenants.by_id(live.tenant_id("acme"))
    assert acme is not None
    return acme


@pytest.mark.usefixtures("other_site_untouched")
def test_my_data_are_mine_only(live: LiveApp) -> None:
    """All data about the caller on their site, with their own words; no other person's id."""
    page = live.page()
    mine, others = live.file(page), live.file(page)
    live.lock("erin", mine, note="my own words")
    live.lock("bob", others)
    assert live.call("erin", "PUT", f"/attachments/{others}/notify-me").status_code == 200
    live.run_jobs(JobKind.PROFILE)
    answer = live.call("erin", "GET", "/me/data")
    assert answer.status_code == 200
    found = answer.json()
    assert (found["accountId"], found["complete"]) == (ERIN, True)
    assert [(lock["attachment"], lock["note"]) for lock in found["locks"]] == [(mine, "my own words")]
    assert found["waiting"] == [{"attachment": others, "position": 1}]
    assert found["ended"] == []
    assert found["database"]["account_profile"][0]["time_zone"] == "Europe/Helsinki"
    assert BOB not in answer.text
    assert ALICE not in answer.text
    assert answer.headers["Cache-Control"] == "no-cache, no-store"


@pytest.mark.usefixtures("other_site_untouched")
def test_preferences_are_read_and_changed_by_their_person(live: LiveApp) -> None:
    """Invalid values are refused; the signed property is on this account only."""
    assert live.call("charlie", "GET", PREFERENCES).json() == {
        "mails": ALL,
        "locale": None,
        "timeZone": None,
        "restricted": False,
    }
    wanted = {
        "mails": {**ALL, "unprotected": False},
        "locale": "de-AT",
        "timeZone": "Europe/Vienna",
        "restricted": True,
    }
    assert live.call("charlie", "PUT", PREFERENCES, wanted).json() == wanted
    assert live.call("charlie", "GET", PREFERENCES).json() == wanted
    assert live.call("dana", "GET", PREFERENCES).json()["mails"] == ALL
    people = live.running.world.sites["acme"].people
    (owner,) = [
        person for person in people.values() if "lockpointprefs" in person.properties and person.name == "charlie"
    ]
    stored = owner.properties["lockpointprefs"].value
    assert isinstance(stored, dict)
    assert set(stored) == {"schema", "off", "locale", "time_zone", "restricted", "seq", "at", "mac"}
    older = {name: value for name, value in wanted.items() if name != "restricted"}
    assert live.call("charlie", "PUT", PREFERENCES, older).json() == wanted
    for nonsense in (
        {"restricted": "yes"},
        {"timeZone": "Mars/Olympus"},
        {"locale": "<b>"},
        {"mails": {"fileAvailable": False}},
    ):
        assert live.call("charlie", "PUT", PREFERENCES, nonsense).status_code == 422
    assert live.raw("GET", PREFERENCES, None).status_code == 401


@pytest.mark.usefixtures("other_site_untouched")
def test_one_click_unsubscribes(live: LiveApp) -> None:
    """RFC 8058: GET changes nothing; POST without cookies or token switches one kind off."""
    link = _link(live, BOB)
    shown = requests.get(link, timeout=CALL_SECONDS)
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert '<form method="post">' in shown.text
    assert "form-action 'self'" in shown.headers["Content-Security-Policy"]
    assert BOB not in link + shown.text
    assert live.call("bob", "GET", PREFERENCES).json()["mails"] == ALL
    for _ in range(2):
        done = requests.post(link, data={"List-Unsubscribe": "One-Click"}, timeout=CALL_SECONDS)
        assert (done.status_code, "no more mails" in done.text) == (200, True)
    assert live.call("bob", "GET", PREFERENCES).json()["mails"] == {**ALL, "lockEnded": False}


@pytest.mark.usefixtures("other_site_untouched")
def test_unsubscribing_can_be_undone_on_its_page(live: LiveApp) -> None:
    """C6: by the button there, which posts to the same link; looking at its address changes nothing."""
    link = _link(live, ALICE, MailKind.UNPROTECTED)
    done = requests.post(link, timeout=CALL_SECONDS)
    assert '<form method="post" action="?undo=1"><button>Undo</button></form>' in done.text
    assert requests.get(f"{link}?undo=1", timeout=CALL_SECONDS).status_code == 200
    assert live.call("alice", "GET", PREFERENCES).json()["mails"] == {**ALL, "unprotected": False}
    again = requests.post(f"{link}?undo=1", timeout=CALL_SECONDS)
    assert (again.status_code, "You get these mails again" in again.text, "<button>" in again.text) == (
        200,
        True,
        False,
    )
    assert "when a file that you have locked is not protected" in again.text
    assert live.call("alice", "GET", PREFERENCES).json()["mails"] == ALL


@pytest.mark.parametrize("kind", OPTIONAL)
def test_every_optional_mail_can_be_switched_off(live: LiveApp, kind: MailKind) -> None:
    """In the preferences, and by a link whose page says which mails it is about."""
    assert set(ALL) == {to_camel(each.value) for each in OPTIONAL}
    shown = requests.get(_link(live, BOB, kind), timeout=CALL_SECONDS)
    assert shown.status_code == 200
    assert "<button>Unsubscribe</button>" in shown.text


def _extend_link(live: LiveApp, file: str, locale: str = "fr") -> str:
    """The link of a warning of Alice's lock."""
    with bootstrap.operating(live.settings) as working:
        witness = working.services.witnesses.get(_acme(live), file)
        assert witness is not None
        assert isinstance(witness.record, Held)
        url = extend_url(working.services, _acme(live), file, witness.record, locale, "Asia/Tokyo")
    return f"{live.url}{urlsplit(url).path}"


@pytest.mark.usefixtures("other_site_untouched")
def test_a_link_to_a_lock_that_is_gone_says_so(live: LiveApp) -> None:
    """P-12, L-23: broken, locked by another, in the trash, purged: plain words in the mail's language, never 5xx."""
    file = live.file(live.page(), "plan.txt")
    lock = live.lock("alice", file)
    link = _extend_link(live, file)
    live.call("dana", "POST", f"/attachments/{file}/lock/break", {"lockId": lock, "reason": "x"})
    for turn in range(3):
        for method, status in (("GET", 200), ("POST", 409)):
            answer = requests.request(method, link, timeout=CALL_SECONDS)
            assert answer.status_code == status
            assert '<html lang="fr" dir="ltr">' in answer.text
            words = "pas été prolongé" if turn == 2 else "Votre verrou a pris fin"
            assert words in answer.text
            assert ("Le verrou a pris fin\u00a0: " in answer.text) is (turn < 2)
            assert "<button>" not in answer.text
        if turn == 0:
            live.lock("bob", file)
        elif turn == 1:
            live.control("sites/acme/trash", attachmentId=file, account="bob")
            live.control("sites/acme/purge", attachmentId=file, account="dana")
    assert BOB not in link
    live.settle()


def test_while_confluence_is_away_the_link_says_later(live: LiveApp) -> None:
    """Nothing is changed, and the link works afterwards."""
    file = live.file(live.page(), "plan.txt")
    live.lock("alice", file)
    link = _extend_link(live, file, "de")
    live.control("faults", kind="status", status=500, caller="app", path=f"/{file}|/att{file}", times=None)
    try:
        away = requests.post(link, timeout=CALL_SECONDS)
    finally:
        requests.delete(f"{live.running.control_url}/_sim/faults", timeout=CALL_SECONDS)
    assert (away.status_code, "Bitte versuchen Sie es in einigen Minuten erneut" in away.text) == (503, True)


def test_links_of_earlier_mails_still_unsubscribe(live: LiveApp) -> None:
    """They name no language: English."""
    with bootstrap.operating(live.settings) as working:
        token = working.services.tokens.seal_link(f"{_acme(live).id}\nlock_ended\n{BOB}", "unsubscribe")
        wrong = working.services.tokens.seal_link(f"{_acme(live).id}\nnothing\n{BOB}", "unsubscribe")
        gone = working.services.tokens.seal_link(f"999\nlock_ended\n{BOB}", "unsubscribe")
    assert "No more mails of this kind?" in requests.get(f"{live.url}/mail/{token}", timeout=CALL_SECONDS).text
    for other in (wrong, gone):
        assert requests.get(f"{live.url}/mail/{other}", timeout=CALL_SECONDS).status_code == 401


def test_a_bad_link_speaks_the_browsers_language(live: LiveApp) -> None:
    """Nobody knows whose it was."""
    asked = {"Accept-Language": "ja,en;q=0.5"}
    answer = requests.get(f"{live.url}/mail/nothing", headers=asked, timeout=CALL_SECONDS)
    assert (answer.status_code, "このリンクは使用できません" in answer.text) == (401, True)


def test_links_that_we_did_not_seal_do_nothing(live: LiveApp) -> None:
    """A guessed, cut or changed link is refused with a page that says so."""
    link = _link(live, BOB)
    cut, changed, other = link[:-4], link[:-30] + link[-29:], link.replace("/mail/g", "/mail/h")
    for wrong in (cut, changed, other, f"{live.url}/mail/unsubscribe"):
        for method in ("GET", "POST"):
            answer = requests.request(method, wrong, timeout=CALL_SECONDS)
            assert answer.status_code == 401
            assert "does not work" in answer.text


def test_an_operator_hands_out_and_erases(live: LiveApp) -> None:
    """`privacy export` and `privacy erase --now`: afterwards the account is nowhere and its locks have ended."""
    page = live.page()
    file = live.file(page, author="erin")
    live.lock("erin", file)
    exported = lockpoint(live, "privacy", "export", "--account-id", ERIN, "--json")
    assert exported.exit_code == 0, exported.output
    assert f'"attachment": "{file}"' in exported.output
    erased = lockpoint(live, "privacy", "erase", "--account-id", ERIN, "--now", "--yes")
    assert erased.exit_code == 0, erased.output
    assert "done" in erased.output
    assert not [row for rows in live.rows().values() for row in rows if ERIN in row]
    assert ERIN not in str(live.properties(file))
    assert live.call("alice", "GET", f"/attachments/{file}/lock").json()["lock"]["state"] == "free"
    asked = lockpoint(live, "privacy", "erase", "--account-id", ERIN)
    assert (asked.exit_code, "cannot be undone" in asked.output) == (1, True)
    wrong = lockpoint(live, "privacy", "erase", "--account-id", "not an id")
    assert wrong.exit_code == 2


def test_a_closed_account_goes_by_itself(live: LiveApp) -> None:
    """The reporting cycle: Confluence reports an account closed, and its data are erased."""
    page = live.page()
    file = live.file(page)
    live.lock("sam", file)
    sam = next(p.account_id for p in live.running.world.sites["acme"].people.values() if p.name == "sam")
    live.control("sites/acme/person", account="sam", status="closed")
    with bootstrap.operating(live.settings) as working:
        services = working.services
        services.person_store.list_accounts(_acme(live), services.clock.now())
        services.jobs.defer([Job(JobKind.REPORT_ACCOUNTS, _acme(live).id)])
    live.sql("update account_report set due_at = now()")
    live.run_jobs(JobKind.REPORT_ACCOUNTS, JobKind.ERASE)
    live.sql("update erasure set release_at = now()")
    live.sql("update procrastinate_jobs set scheduled_at = null where task_name = 'erase'")
    live.run_jobs(JobKind.ERASE)
    assert not [row for rows in live.rows().values() for row in rows if sam in row]
    assert sam not in str(live.properties(file))
    assert live.call("alice", "GET", f"/attachments/{file}/lock").json()["lock"]["state"] == "free"
