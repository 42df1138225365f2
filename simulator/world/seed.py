"""Seed: people and demo content."""

from __future__ import annotations

import hashlib
import struct
import zlib

from simulator.model.entities import Attachment, Content, ContentVersion, FileVersion, Person, Space
from simulator.model.permissions import EDITOR, SPACE_ADMIN, VIEWER
from simulator.model.site import Site
from simulator.world.world import World

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

ALICE = "557058:0a1e0000-0000-4000-8000-00000000a11c"
BOB = "557058:0b0b0000-0000-4000-8000-000000000b0b"
CHARLIE = "557058:0c4a0000-0000-4000-8000-0000000c4a12"
DANA = "557058:0da00000-0000-4000-8000-00000000da0a"
SAM = "557058:05a00000-0000-4000-8000-0000000005a0"
GINA = "557058:061a0000-0000-4000-8000-00000000061a"
HANK = "557058:04a00000-0000-4000-8000-0000000004a0"
GRETA = "557058:06e00000-0000-4000-8000-0000000006e0"

SPACE_ID = 65538
PAGE_ID = 98311
BLOG_ID = 98320
PRIVATE_PAGE_ID = 98330
ARCHIVED_PAGE_ID = 98340
BUDGET_ID = 131203
BRIEF_ID = 131204
LOGO_ID = 131205
BLOG_FILE_ID = 131301
PRIVATE_FILE_ID = 131401
ARCHIVED_FILE_ID = 131501


def _png(side: int, colour: bytes) -> bytes:
    """A square of one colour."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + colour * side) * side)
    chunks = [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _person(account_id: str, name: str, family: str, role: str, site_name: str) -> Person:
    return Person(
        account_id=account_id,
        name=name,
        display_name=f"{name.title()} {family}",
        email=f"{name}@{site_name}.example",
        role=role,
        site_admin=role == "site admin",
    )


def _files(
    world: World, content_id: int, files: dict[int, tuple[str, str, list[tuple[str, bytes]]]]
) -> list[Attachment]:
    made = []
    for number, (title, media_type, versions) in files.items():
        attachment = Attachment(number, content_id, [])
        for position, (author, data) in enumerate(versions):
            created = world.clock.now_ms() - DAY_MS * 10 + position * DAY_MS
            file_id = hashlib.sha256(f"{number}/{position}".encode()).hexdigest()[:32]
            version = FileVersion(created, author, "", False, title, media_type, file_id, data)  # noqa: FBT003
            attachment.versions.append(version)
        made.append(attachment)
    return made


def _content(world: World, number: int, kind: str, title: str, author: str) -> Content:
    created = world.clock.now_ms() - DAY_MS * 12
    versions = [
        ContentVersion(created, author, "", title, f"<p>First thoughts about: {title}</p>"),
        ContentVersion(
            created + HOUR_MS, author, "more detail", title, f"<p>{title}</p><p>See the attached files.</p>"
        ),
    ]
    return Content(number, kind, SPACE_ID, versions)


def _space(world: World, site: Site, key: str, name: str, owner: str) -> Space:
    space = Space(SPACE_ID, key, name, owner, world.clock.now_ms() - DAY_MS * 30, homepage_id=PAGE_ID)
    rights = {"editor": EDITOR, "viewer": VIEWER, "space admin": SPACE_ADMIN, "site admin": SPACE_ADMIN}
    for person in site.people.values():
        space.permissions[person.account_id] = set(rights[person.role])
    return space


def _fill(site: Site, contents: list[Content], files: list[Attachment]) -> None:
    site.contents.update({content.id: content for content in contents})
    site.attachments.update({attachment.id: attachment for attachment in files})


def _acme(world: World, site: Site) -> None:
    cast = [
        (ALICE, "alice", "Arden", "editor"),
        (BOB, "bob", "Baker", "editor"),
        (CHARLIE, "charlie", "Chan", "viewer"),
    ]
    cast += [(DANA, "dana", "Diaz", "space admin"), (SAM, "sam", "Silva", "site admin")]
    site.people = {account: _person(account, name, family, role, "acme") for account, name, family, role in cast}
    site.spaces[SPACE_ID] = _space(world, site, "DS", "Demo space", DANA)
    private = _content(world, PRIVATE_PAGE_ID, "page", "Board papers", ALICE)
    private.read, private.update = {ALICE}, {ALICE}
    archived = _content(world, ARCHIVED_PAGE_ID, "page", "Plan of last year", DANA)
    archived.status = "archived"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    text = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    files = _files(
        world,
        PAGE_ID,
        {
            BUDGET_ID: (
                "budget.xlsx",
                sheet,
                [(ALICE, b"budget, first draft"), (BOB, b"budget"), (ALICE, b"budget 2027")],
            ),
            BRIEF_ID: ("brief.docx", text, [(BOB, b"the brief")]),
            LOGO_ID: ("logo.png", "image/png", [(DANA, _png(96, b"\x18\x68\xdb"))]),
        },
    )
    files += _files(world, BLOG_ID, {BLOG_FILE_ID: ("agenda.pdf", "application/pdf", [(BOB, b"%PDF-1.4 agenda")])})
    files += _files(world, PRIVATE_PAGE_ID, {PRIVATE_FILE_ID: ("minutes.docx", text, [(ALICE, b"minutes")])})
    old = _files(world, ARCHIVED_PAGE_ID, {ARCHIVED_FILE_ID: ("old-plan.docx", text, [(DANA, b"old plan")])})
    old[0].status = "archived"
    pages = [
        _content(world, PAGE_ID, "page", "Release plan", ALICE),
        _content(world, BLOG_ID, "blogpost", "Kick-off", BOB),
    ]
    _fill(site, [*pages, private, archived], files + old)


def _globex(world: World, site: Site) -> None:
    cast = [(GINA, "gina", "Gold", "editor"), (HANK, "hank", "Hall", "editor"), (GRETA, "greta", "Grant", "site admin")]
    site.people = {account: _person(account, name, family, role, "globex") for account, name, family, role in cast}
    site.spaces[SPACE_ID] = _space(world, site, "GX", "Globex space", GRETA)
    deck = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    files = _files(
        world,
        PAGE_ID,
        {
            BUDGET_ID: ("roadmap.pptx", deck, [(GINA, b"road map, first draft"), (GINA, b"road map")]),
            BRIEF_ID: ("contract.pdf", "application/pdf", [(HANK, b"%PDF-1.4 contract")]),
        },
    )
    _fill(site, [_content(world, PAGE_ID, "page", "Road map", GINA)], files)


def site_names() -> dict[str, str]:
    """By key, in port order."""
    return {"acme": "Acme", "globex": "Globex"}


def fill(world: World, base_urls: dict[str, str]) -> None:
    """Seed an empty world; `base_urls` by site key, each ending in /wiki."""
    for key, name in site_names().items():
        cloud = hashlib.sha256(key.encode()).hexdigest()
        cloud_id = f"{cloud[:8]}-{cloud[8:12]}-4{cloud[13:16]}-8{cloud[17:20]}-{cloud[20:32]}"
        world.sites[key] = Site(key, name, base_urls[key], cloud_id)
    _acme(world, world.sites["acme"])
    _globex(world, world.sites["globex"])
