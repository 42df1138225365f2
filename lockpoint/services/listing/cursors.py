"""Cursors that tell nothing: sealed places in a list, for one person, one list and one question."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from lockpoint.services.container import Services
from lockpoint.services.context import Actor
from lockpoint.services.errors import Invalid
from lockpoint.services.ports.listing import LockPlace


def seal(services: Services, actor: Actor, question: str, place: LockPlace) -> str:
    """The place may name a file that the person does not see, so it is encrypted, not only signed."""
    at, attachment_id = place
    text = json.dumps([at.isoformat() if at else None, attachment_id])
    return services.tokens.seal_link(text, _purpose(actor, question))


def unseal(services: Services, actor: Actor, question: str, cursor: str) -> LockPlace:
    """`Invalid` for what was not sealed for this person and question."""
    text = services.tokens.unseal_link(cursor, _purpose(actor, question))
    if text is None:
        raise Invalid("This cursor is invalid.")
    at, attachment_id = json.loads(text)
    return datetime.fromisoformat(at) if at else None, attachment_id


def _purpose(actor: Actor, question: str) -> str:
    about = f"{actor.tenant.site_key}/{actor.account_id}/{question}"
    return f"locks/{hashlib.sha256(about.encode()).hexdigest()}"
