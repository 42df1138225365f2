from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from lockpoint.confluence.comments import ConfluenceComments
from lockpoint.services.errors import GoneOrInvisible, HostUnavailable
from lockpoint.services.ports.confluence import Container, ContainerKind, Mention
from tests.confluence.live import ALICE, BLOG, BOB, PAGE, PRIORITY, PRIVATE_PAGE

if TYPE_CHECKING:
    from tests.confluence.live import Live

LINK = 'https://acme.example/wiki/pages/viewpage.action?pageId=1&a="b"#lockpoint-0a1b'
MENTION = Mention(account=BOB, sentences=("Hello <b>&amp;", '"plan.txt": free'), link_text="See <all>", link=LINK)


def _bodies(live: Live) -> list[str]:
    return [comment.body for comment in live.running.world.sites["acme"].comments.values()]


@pytest.mark.parametrize("place", [PAGE, BLOG], ids=["page", "blogpost"])
def test_a_comment_mentions_one_person_in_plain_text(live: Live, place: Container) -> None:
    """F46: whatever the texts hold, there is one mention and one link."""
    comments = ConfluenceComments(live.client)
    assert not comments.has(live.acme, place, LINK, priority=PRIORITY)
    comments.add(live.acme, place, MENTION, priority=PRIORITY)
    (body,) = _bodies(live)
    root = ET.fromstring(f'<b xmlns:ac="ac" xmlns:ri="ri">{body}</b>')  # noqa: S314 - what we have written
    assert [one.tag for one in root.iter()] == ["b", "p", "{ac}link", "{ri}user", "p", "p", "a"]
    assert [one.attrib for one in root.iter() if one.attrib] == [{"{ri}account-id": BOB}, {"href": LINK}]
    assert "".join(root.itertext()) == ' Hello <b>&amp;"plan.txt": freeSee <all>'
    assert comments.has(live.acme, place, LINK, priority=PRIORITY)
    assert not comments.has(live.acme, place, f"{LINK}2", priority=PRIORITY)


def test_a_comment_whose_answer_was_lost_is_found(live: Live) -> None:
    """F02."""
    comments = ConfluenceComments(live.client)
    live.fault("lost", method="POST", path="footer-comments", times=1)
    with pytest.raises(HostUnavailable):
        comments.add(live.acme, PAGE, MENTION, priority=PRIORITY)
    assert comments.has(live.acme, PAGE, LINK, priority=PRIORITY)
    assert len(_bodies(live)) == 1


def test_no_comment_where_the_app_may_not(live: Live) -> None:
    comments = ConfluenceComments(live.client)
    live.act("restrict", ALICE, pageId=PAGE.id, read=[ALICE], update=[ALICE])
    for place in (PAGE, PRIVATE_PAGE, Container(ContainerKind.CUSTOM, "1")):
        with pytest.raises(GoneOrInvisible):
            comments.has(live.acme, place, LINK, priority=PRIORITY)
    with pytest.raises(GoneOrInvisible):
        comments.add(live.acme, PAGE, MENTION, priority=PRIORITY)
    assert _bodies(live) == []
