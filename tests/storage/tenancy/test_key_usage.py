"""What an old root key is still needed for, and until when; tags of lists, hashed addresses."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update

from lockpoint.domain.events import MailKind
from lockpoint.services.key_rotation import sign_again
from lockpoint.services.listing.etag import etag_for, still_true
from lockpoint.services.ports.confluence import Container, ContainerKind
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.notifications import mail_log
from lockpoint.storage.partitions import with_partitions
from lockpoint.storage.tables import INSTALLATION
from lockpoint.storage.tenancy.sealed_secrets import SealedSecrets
from tests.fakes.world import ALICE, BOB
from tests.storage.tenancy.rotation import BEFORE_THE_MOVE, BOTH, ONLY_NEW, ONLY_OLD, Stage


def test_a_lists_tag_is_believed_by_processes_on_both_sides_of_a_rotation(stage: Stage) -> None:
    """Otherwise every open dialog would read Confluence again at each deployment."""
    page, actor = Container(ContainerKind.PAGE, "65600"), stage.actor(ALICE)
    tag = etag_for(stage.process(ONLY_OLD), actor, page, "65538", ())
    assert still_true(stage.process(BOTH), actor, page, tag)
    assert still_true(
        stage.process(BEFORE_THE_MOVE), actor, page, etag_for(stage.process(BOTH), actor, page, "65538", ())
    )
    assert not still_true(stage.process(ONLY_NEW), actor, page, tag)
    assert not still_true(stage.process(BOTH), stage.actor(BOB), page, tag)


def log_mail(stage: Stage, keys: Keyring, days_ago: int) -> None:
    at = stage.world.clock.now() - timedelta(days=days_ago)
    with_partitions(
        stage.database,
        [at],
        lambda connection: mail_log.append(
            connection,
            stage.tenant.id,
            at=at,
            kind=MailKind.FILE_AVAILABLE,
            result="sent",
            address=keys.hash_address("bob@example.com"),
        ),
    )


def test_status_tells_what_an_old_key_is_needed_for_and_until_when(stage: Stage) -> None:
    """Secrets and live locks now; hashed addresses for 30 days at most."""
    file_id = stage.locked_file(ONLY_OLD)
    log_mail(stage, ONLY_OLD, days_ago=10)
    log_mail(stage, ONLY_OLD, days_ago=4)
    log_mail(stage, BOTH, days_ago=0)
    now = stage.world.clock.now()
    uses = stage.uses(BOTH)
    assert list(uses) == [ONLY_NEW.newest, ONLY_OLD.newest]
    old = uses[ONLY_OLD.newest]
    assert (old.secrets, old.live_locks, old.address_hashes, old.droppable) == (1, 1, 2, None)
    assert old.address_hashes_until == now + timedelta(days=26)
    SealedSecrets(stage.database, BOTH).reseal()
    assert stage.uses(BOTH)[ONLY_OLD.newest].droppable is None
    sign_again(stage.process(BOTH), stage.tenant)
    assert stage.signer(file_id) == ONLY_NEW.newest
    assert stage.uses(BOTH)[ONLY_OLD.newest].droppable == now + timedelta(days=26)
    newest = stage.uses(BOTH)[ONLY_NEW.newest]
    assert (newest.newest, newest.secrets, newest.live_locks, newest.droppable) == (True, 1, 1, None)


def test_status_names_keys_that_were_dropped_too_early(stage: Stage) -> None:
    """Not configured any more, but still needed."""
    stage.locked_file(ONLY_OLD)
    uses = stage.uses(ONLY_NEW)
    assert (uses[None].secrets, uses[None].configured) == (1, False)
    assert (uses[ONLY_OLD.newest].live_locks, uses[ONLY_OLD.newest].configured) == (1, False)


def test_locks_of_sites_that_left_are_counted_apart(stage: Stage) -> None:
    """We may not call such a site: its locks keep their signature and do not keep the key in use."""
    stage.locked_file(ONLY_OLD)
    SealedSecrets(stage.database, BOTH).reseal()
    with stage.database.single() as connection:
        connection.execute(update(INSTALLATION).values(enabled=False))
        assert connection.execute(select(func.count()).select_from(INSTALLATION)).scalar_one() == 1
    old = stage.uses(BOTH)[ONLY_OLD.newest]
    assert (old.live_locks, old.locks_elsewhere) == (0, 1)
    assert old.droppable == stage.world.clock.now()
