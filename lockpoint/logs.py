"""Logs: one JSON object a line on stdout, ours and those of libraries alike, with nothing about a customer in them.

Call sites log ids and words of ours only. The scrubber is the second line: it takes out what looks like a token, a mail
address or a query string, wherever it stands, because libraries put addresses and errors into their lines.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import structlog
from structlog.typing import Processor

GONE: Final = "[removed]"
TALKATIVE: Final = ("alembic", "apscheduler", "procrastinate")
"""Libraries that report every tick and every job; what matters of that we count and log ourselves."""

SECRET_NAMES: Final = re.compile(r"(?i)authorization|cookie|jwt|password|secret|token|api_?key|email|signature")
"""Fields with such names lose their value, whatever it is."""

_PATTERNS: Final = (
    re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"),  # a JWT
    re.compile(r"(?i)(?<=bearer )\S+|(?<=jwt )\S+"),
    re.compile(r"(?<=\?)[^\s\"'<>]*=[^\s\"'<>]*"),  # a query string
    re.compile(r"(?<=://)[^/\s@]+(?=@)"),  # user and password of an address
    re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"),  # a mail address
)


def configure_logs() -> None:
    """Send every log line of this process to stdout; later calls change nothing."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                scrub,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for library in TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)


def scrub(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Take secrets and personal data out of every value, however deep it lies."""
    return {name: _clean(name, value) for name, value in event.items()}


def _clean(name: str, value: Any) -> Any:
    if SECRET_NAMES.search(name) and not isinstance(value, bool | int | float | None):
        return GONE
    if isinstance(value, Mapping):
        return {str(inner): _clean(str(inner), content) for inner, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(name, content) for content in value]
    return value if isinstance(value, bool | int | float | None) else _clean_text(str(value))


def _clean_text(text: str) -> str:
    for pattern in _PATTERNS:
        text = pattern.sub(GONE, text)
    return text
