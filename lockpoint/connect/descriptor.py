"""The descriptor, `atlassian-connect.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE_NAME: Final = "atlassian-connect.json"

_PACKAGE: Final = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Descriptor:
    content: bytes
    webhook_events: frozenset[str]


def build(*, app_key: str, base_url: str, licensing: bool) -> Descriptor:
    """FileNotFoundError when it is neither in the package (a wheel) nor beside it (a checkout)."""
    document = read_template()
    document["key"] = app_key
    document["baseUrl"] = base_url
    document["enableLicensing"] = licensing
    document["links"] = {name: base_url + path for name, path in document["links"].items()}
    return Descriptor(
        content=json.dumps(document, indent=2, ensure_ascii=False).encode(),
        webhook_events=frozenset(hook["event"] for hook in document["modules"]["webhooks"]),
    )


def read_template() -> dict[str, Any]:
    places = (_PACKAGE / FILE_NAME, _PACKAGE.parent / FILE_NAME)
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise FileNotFoundError(f"{FILE_NAME} is not in {' or '.join(str(place.parent) for place in places)}")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document
