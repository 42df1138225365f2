import base64
import gzip
import html
import json
import unicodedata
from collections.abc import Callable
from urllib.parse import quote

CANARY = "Kanarienvogel Ägir & Co"
WRITINGS: dict[str, Callable[[str], str | bytes]] = {
    "as it is": str,
    "lower case": str.lower,
    "NFC": lambda text: unicodedata.normalize("NFC", text),
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "JSON": json.dumps,
    "percent": quote,
    "HTML": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "gzip": lambda text: gzip.compress(text.encode()),
}


def as_bytes(writing: str) -> bytes:
    """The canary where bytes can be stored."""
    written = WRITINGS[writing](CANARY)
    return written.encode() if isinstance(written, str) else written


def as_text(writing: str) -> str:
    """The canary where only text can be stored; bytes as base64."""
    written = WRITINGS[writing](CANARY)
    return base64.b64encode(written).decode() if isinstance(written, bytes) else written
