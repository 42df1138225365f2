"""Texts that are tried before they are saved."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.domain.mails.mail_templates import LANGUAGES, MAILS, MailTemplate
from lockpoint.mail.compose import show
from lockpoint.mail.site_texts import app_words
from lockpoint.services.errors import Busy, Invalid, NotAllowed, ShareUsedUp
from lockpoint.services.notifications import template_trials
from lockpoint.services.notifications.template_trials import MOST_TESTS
from lockpoint.services.ports.notifications import MailRefused, MailUnavailable
from tests.fakes.world import ACME, ALICE, DANA, SAM
from tests.services.stage import Stage, refusal_of, untouched

MAIL = "lock_ended"
TEXT = MailTemplate("{attachment}", "{owner}")


def _test(stage: Stage, text: MailTemplate = TEXT, who: str = SAM) -> None:
    template_trials.send_test(stage.world.services, stage.world.actor(who), "en", MAIL, text)


@pytest.mark.parametrize("who", [ALICE, DANA])
def test_only_site_admins_try_texts(stage: Stage, who: str) -> None:
    assert isinstance(refusal_of(_test, stage, who=who), NotAllowed)
    actor = stage.world.actor(who)
    refusal = refusal_of(template_trials.preview, stage.world.services, actor, "en", MAIL, TEXT)
    assert isinstance(refusal, NotAllowed)
    assert stage.world.tables.audit_of(ACME) == []


def test_what_must_not_stand_there_is_neither_shown_nor_sent(stage: Stage) -> None:
    bad = MailTemplate("{nobody}", "x")
    assert isinstance(refusal_of(_test, stage, bad), Invalid)
    actor = stage.world.actor(SAM)
    assert isinstance(refusal_of(template_trials.preview, stage.world.services, actor, "en", MAIL, bad), Invalid)
    assert stage.world.services.mailer.box == []


def test_a_test_goes_to_the_admin_who_asks(stage: Stage) -> None:
    """With invented facts; audited and logged; nobody else is told."""
    _test(stage)
    ((address, facts, message_id),) = stage.world.services.mailer.box
    assert address == "sam@example.com"
    assert re.fullmatch("[0-9a-f]{32}", message_id)
    assert facts.told is not None
    assert (facts.told.template, facts.told.tried, facts.file_name) == (TEXT, True, "Budget.xlsx")
    assert [(row.kind, row.account) for row in stage.world.tables.audit_of(ACME)] == [(AuditKind.TEST_MAIL, SAM)]
    assert [result for _, result in stage.world.tables.sent] == ["sent"]
    assert untouched(stage)


def test_tests_are_rationed(stage: Stage) -> None:
    """Five an hour; one that failed counts."""
    stage.world.services.mailer._port.trouble = MailUnavailable("421")
    for number in range(MOST_TESTS):
        with pytest.raises(Busy):
            _test(stage)
        stage.world.clock.advance(minutes=number + 1)
    stage.world.services.mailer._port.trouble = None
    with pytest.raises(ShareUsedUp) as refused:
        _test(stage)
    assert refused.value.retry_after == 45 * 60
    stage.world.clock.advance(minutes=45)
    _test(stage)
    assert [result for _, result in stage.world.tables.sent] == ["sent"]


def test_an_admin_whom_no_mail_reaches(stage: Stage) -> None:
    """No address, or refused by the mail server: said, and nothing hidden."""
    stage.world.services.mailer._port.trouble = MailRefused("550")
    assert isinstance(refusal_of(_test, stage), Invalid)
    stage.world.site().addresses.clear()
    assert isinstance(refusal_of(_test, stage), Invalid)
    assert [result for _, result in stage.world.tables.sent] == ["refused"]


def test_no_test_on_a_site_that_is_switched_off(stage: Stage) -> None:
    services, off = stage.world.services, replace(ACME, enabled=False)
    actor = replace(stage.world.actor(SAM), tenant=off)
    assert isinstance(refusal_of(template_trials.send_test, services, actor, "en", MAIL, TEXT), NotAllowed)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mail", MAILS)
def test_every_mail_can_be_shown(stage: Stage, mail: str, language: str) -> None:
    """With every placeholder; nothing is left open or unknown."""
    words = app_words(language)[mail]
    body = " ".join(f"[{{{name}}}]" for name in sorted(MAILS[mail]))
    everything = MailTemplate(words.subject, f"{words.body}\n\n{body}")
    facts = template_trials._example(stage.world.services, stage.world.actor(SAM), language, mail, everything)
    shown = show(facts)
    assert "{" not in shown.subject + shown.text
    assert "[\u2013]" not in shown.text
    assert "[]" not in shown.text
    assert "<html" in shown.html
