# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""Files and their versions."""

from __future__ import annotations

from datetime import datetime

from lockpoint.domain.history.judge import FileStatus, Version
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, LostRace, Rejected, TooLarge
from lockpoint.services.ports.confluence import Attachment, AttachmentPage, Container, PropertyHost, ScratchTrial
from tests.fakes.confluence.host import FakeHost
from tests.fakes.confluence.site import LOCK_KEY, WAITLIST_KEY, FakeSite, StoredFile


def version_of(stored: StoredFile, number: int, *, detailed: bool) -> Version:
    found = stored.versions[number - 1]
    return Version(
        number=number,
        created=found.created,
        author=found.author,
        message=found.message,
        minor=found.minor,
        size=len(found.content) if detailed else None,
        file_id=found.file_id if detailed else None,
        title=found.title if detailed else None,
        media_type=found.media_type if detailed else None,
    )


class FakeAttachments:
    def __init__(self, host: FakeHost) -> None:
        self.host = host

    def get(
        self,
        tenant: Tenant,
        attachment_id: str,
        *,
        priority: Priority,
        person: str | None = None,
        properties: bool = True,
        operations: bool = True,
    ) -> Attachment:
        site = self.host.site(tenant)
        account = person or site.app_account
        stored = site.file(attachment_id, account)
        return self._attachment(tenant, stored, account, properties=properties, operations=operations)

    def _attachment(
        self, tenant: Tenant, stored: StoredFile, account: str, *, properties: bool, operations: bool
    ) -> Attachment:
        site = self.host.site(tenant)
        waitlist_row = self.host.rows(tenant, PropertyHost.ATTACHMENT, stored.id, WAITLIST_KEY) if properties else ()
        locks = self.host.rows(tenant, PropertyHost.ATTACHMENT, stored.id, LOCK_KEY) if properties else None
        return Attachment(
            id=stored.id,
            status=stored.status,
            title=stored.title,
            media_type=stored.media_type,
            size=len(stored.content),
            container=stored.container,
            head=version_of(stored, len(stored.versions), detailed=True),
            may_update=operations and site.may_edit(account, stored.container),
            properties=locks,
            waitlist_row=waitlist_row[0] if waitlist_row else None,
            open_url=f"https://{tenant.id}.example/wiki/x/{stored.id}",
            download_url=f"https://{tenant.id}.example/wiki/download/{stored.id}",
            host_time=site.clock.now(),
        )

    def of_container(
        self,
        tenant: Tenant,
        container: Container,
        *,
        priority: Priority,
        person: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> AttachmentPage:
        site = self.host.site(tenant)
        account = person or site.app_account
        if container.id not in site.pages or not site.may_view(account, container):
            raise GoneOrInvisible(container.id)
        files = [f for f in site.files.values() if f.container == container and f.status is FileStatus.CURRENT]
        start = int(cursor or 0)
        items = tuple(
            self._attachment(tenant, stored, account, properties=False, operations=False)
            for stored in files[start : start + limit]
        )
        odd = () if cursor else site.unreadable.get(container.id, ())
        return AttachmentPage(items, str(start + limit) if start + limit < len(files) else None, odd)

    def newest(
        self, tenant: Tenant, container: Container, *, priority: Priority, person: str | None = None
    ) -> AttachmentPage:
        whole = self.of_container(tenant, container, priority=priority, person=person, limit=10_000)
        items = sorted(whole.items, key=lambda file: file.head.created)[-1:]
        return AttachmentPage(tuple(items), None)

    def versions(
        self,
        tenant: Tenant,
        attachment_id: str,
        *,
        back_to: datetime | None,
        priority: Priority,
        person: str | None = None,
    ) -> tuple[tuple[Version, ...], bool]:
        site = self.host.site(tenant)
        stored = site.file(attachment_id, person or site.app_account)
        every = tuple(version_of(stored, number + 1, detailed=False) for number in range(len(stored.versions)))
        if back_to is None:
            return every, True
        older = [place for place, version in enumerate(every) if version.created <= back_to]
        return every[older[-1] if older else 0 :], True

    def version(
        self, tenant: Tenant, attachment_id: str, number: int, *, priority: Priority, person: str | None = None
    ) -> Version:
        site = self.host.site(tenant)
        stored = site.file(attachment_id, person or site.app_account)
        if not 1 <= number <= len(stored.versions):
            raise GoneOrInvisible(str(number))
        return version_of(stored, number, detailed=True)

    def restore(
        self,
        tenant: Tenant,
        attachment_id: str,
        number: int,
        message: str,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> Version:
        site = self._editable(tenant, attachment_id, person)
        stored = site.files[attachment_id]
        if site.restore_refused:
            raise Rejected("the operation does not apply to attachments")
        if not 1 <= number <= len(stored.versions):
            raise GoneOrInvisible(str(number))
        source = stored.versions[number - 1]
        site.add_version(
            stored,
            person or site.app_account,
            content=source.content,
            title=stored.title,
            message=message,
            file_id=source.file_id,
            media_type=stored.media_type if site.restore_leaves_type else source.media_type,
        )
        return version_of(stored, len(stored.versions), detailed=True)

    def copy(
        self,
        tenant: Tenant,
        attachment: Attachment,
        source: Version,
        message: str,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> Version:
        site = self._editable(tenant, attachment.id, person)
        stored = site.files[attachment.id]
        wanted = next((v for v in stored.versions if v.created == source.created), None)
        if wanted is None:
            raise GoneOrInvisible(str(source.number))
        if site.copy_limit is not None and len(wanted.content) > site.copy_limit:
            raise TooLarge(attachment.id)
        site.add_version(
            stored,
            person or site.app_account,
            content=wanted.content,
            message=message,
            minor=True,
            media_type=source.media_type,
        )
        stored.uploaded.pop()  # these bytes are no person's
        return version_of(stored, len(stored.versions), detailed=True)

    def rename(
        self,
        tenant: Tenant,
        attachment: Attachment,
        title: str,
        media_type: str | None,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> None:
        site = self._editable(tenant, attachment.id, person)
        stored = site.files[attachment.id]
        self._unmoved(stored, attachment)
        site.must_be_free(stored, title)
        site.rename(stored.id, person or site.app_account, title, media_type)

    def undo_trash(
        self, tenant: Tenant, attachment: Attachment, title: str, *, priority: Priority, person: str | None = None
    ) -> None:
        site = self._editable(tenant, attachment.id, person)
        stored = site.files[attachment.id]
        self._unmoved(stored, attachment)
        if title != attachment.title:
            site.rename(stored.id, person or site.app_account, title)
        site.must_be_free(stored, title)
        site.rename(stored.id, person or site.app_account, title)
        stored.status = FileStatus.CURRENT

    def confirmed_gone(
        self, tenant: Tenant, attachment_id: str, container: Container | None, *, priority: Priority
    ) -> bool:
        return attachment_id not in self.host.site(tenant).files

    def _editable(self, tenant: Tenant, attachment_id: str, person: str | None) -> FakeSite:
        site = self.host.site(tenant)
        account = person or site.app_account
        stored = site.file(attachment_id, account)
        if not site.may_edit(account, stored.container):
            raise Forbidden(attachment_id)
        return site

    @staticmethod
    def _unmoved(stored: StoredFile, attachment: Attachment) -> None:
        if len(stored.versions) != attachment.head.number:
            raise LostRace(attachment.id)


class FakeScratchFiles:
    def __init__(self, host: FakeHost) -> None:
        self.host = host

    def try_restore(self, tenant: Tenant, scratch_id: str | None, *, priority: Priority) -> ScratchTrial:
        site = self.host.site(tenant)
        if not site.pages:
            return ScratchTrial(None, scratch_id)
        return ScratchTrial(not site.restore_refused, scratch_id or "131199")
