"""A Confluence in memory, behind the ports of `lockpoint.services.ports.confluence`."""

from __future__ import annotations

from lockpoint.services.ports.runtime import Clock
from tests.fakes.confluence.attachments import FakeAttachments, FakeScratchFiles
from tests.fakes.confluence.comments import FakeComments
from tests.fakes.confluence.host import FakeHost
from tests.fakes.confluence.people import FakeDirectory, FakePeople
from tests.fakes.confluence.properties import FakeLockProperties, FakeProperties
from tests.fakes.confluence.search import FakeLockSearch


class FakeConfluence(FakeHost):
    """A host with all its ports."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.attachments = FakeAttachments(self)
        self.lock_properties = FakeLockProperties(self)
        self.properties = FakeProperties(self)
        self.people = FakePeople(self)
        self.directory = FakeDirectory(self)
        self.search = FakeLockSearch(self)
        self.scratch = FakeScratchFiles(self)
        self.comments = FakeComments(self)
