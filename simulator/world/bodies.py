"""Pages' bodies in storage format: text and apps' macros, in the order of the page."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from typing import Final

TEXTS: Final = frozenset({"p", "h1", "h2", "h3", "li"})
CONNECT_MACRO: Final = "ac:structured-macro"
FORGE_MACRO: Final = "ac:adf-extension"
FORGE_TYPE: Final = "com.atlassian.ecosystem"
_GUEST: Final = '<ac:adf-parameter key="guest-params">'
_GUEST_END: Final = "</ac:adf-parameter></ac:adf-attribute>"


@dataclass(slots=True)
class Macro:
    """`key` is its module's; `id` is unique in the body."""

    key: str = ""
    id: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    """`tag` is one of `TEXTS`."""

    tag: str
    text: str


def blocks(storage: str) -> list[Text | Macro]:
    """Everything else of a body, also whatever a browser would run, is left out."""
    reader = _Reader()
    reader.feed(storage)
    reader.close()
    return reader.blocks


def macros(storage: str) -> list[Macro]:
    return [block for block in blocks(storage) if isinstance(block, Macro)]


def connect_macro(key: str, parameters: dict[str, str]) -> str:
    """As the editor stores it."""
    number = secrets.token_hex(16)
    inner = "".join(
        f'<ac:parameter ac:name="{escape(name)}">{escape(value)}</ac:parameter>' for name, value in parameters.items()
    )
    head = f'<{CONNECT_MACRO} ac:name="{escape(key)}" ac:schema-version="1" ac:macro-id="{number}">'
    return f"{head}{inner}</{CONNECT_MACRO}>"


def forge_macro(app_id: str, key: str, parameters: dict[str, str]) -> str:
    """As the editor stores it."""
    number = secrets.token_hex(16)
    return (
        f'<{FORGE_MACRO}><ac:adf-node type="extension">'
        f'<ac:adf-attribute key="extension-type">{FORGE_TYPE}</ac:adf-attribute>'
        f'<ac:adf-attribute key="extension-key">{escape(app_id.rpartition("/")[2])}/local/static/{escape(key)}'
        f'</ac:adf-attribute><ac:adf-attribute key="parameters">{_GUEST}{_guest(parameters)}'
        f'{_GUEST_END}<ac:adf-attribute key="local-id">{number}</ac:adf-attribute>'
        f"</ac:adf-node></{FORGE_MACRO}>"
    )


def forge_macro_changed(storage: str, macro_id: str, parameters: dict[str, str]) -> str | None:
    """Return the body with other parameters of this macro; None when it has no such macro."""
    local_id = f'<ac:adf-attribute key="local-id">{escape(macro_id)}</ac:adf-attribute>'
    for found in re.finditer(f"<{FORGE_MACRO}>.*?</{FORGE_MACRO}>", storage, re.DOTALL):
        if local_id in found[0]:
            head, _, rest = found[0].partition(_GUEST)
            macro = head + _GUEST + _guest(parameters) + _GUEST_END + rest.partition(_GUEST_END)[2]
            return storage[: found.start()] + macro + storage[found.end() :]
    return None


def _guest(parameters: dict[str, str]) -> str:
    return "".join(
        f'<ac:adf-parameter key="{escape(name)}">{escape(value)}</ac:adf-parameter>'
        for name, value in parameters.items()
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Text | Macro] = []
        self._macro: Macro | None = None
        self._name = ""
        self._in_guest_parameters = False
        self._tag = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag in {CONNECT_MACRO, FORGE_MACRO}:
            self._macro = Macro(known.get("ac:name", ""), known.get("ac:macro-id", ""))
        elif self._macro is not None:
            self._start_part(tag, known)
        elif tag in TEXTS and not self._tag:
            self._tag, self._text = tag, []

    def _start_part(self, tag: str, known: dict[str, str]) -> None:
        self._name, self._text = known.get("ac:name") or known.get("key", ""), []
        if tag == "ac:adf-parameter" and self._name == "guest-params":
            self._in_guest_parameters = True

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._macro is not None and tag in {CONNECT_MACRO, FORGE_MACRO}:
            self.blocks.append(self._macro)
            self._macro = None
        elif self._macro is not None:
            self._end_part(self._macro, tag)
        elif tag == self._tag:
            self.blocks.append(Text(tag, "".join(self._text)))
            self._tag = ""

    def _end_part(self, macro: Macro, tag: str) -> None:
        name, value = self._name, "".join(self._text)
        self._name = ""
        if not name:  # the end of what held other parts
            self._in_guest_parameters = False
        elif tag == "ac:parameter" or (tag == "ac:adf-parameter" and self._in_guest_parameters):
            macro.parameters[name] = value
        elif name == "extension-key":
            macro.key = value.rpartition("/")[2]
        elif name == "local-id":
            macro.id = value
