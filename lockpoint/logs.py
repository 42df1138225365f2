"""Logs: one line per event on standard output, from us and libraries, with nothing about a customer.

Every line passes one formatter, which lets through:

- From our loggers: message and fields, scrubbed of what looks like a token, mail address, account id, query string or
  download name. Call sites log only ids and our words.
- From libraries, WARNING and above: the message's first line as in the code, values replaced by their kinds, scrubbed;
  no fields. Of a message built before logging, only its place in the code.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from types import FrameType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from lockpoint.crash_reports import Report

GONE: Final = "[removed]"
OURS: Final = ("lockpoint", "_granian")
"""Loggers shown with values; granian's contain addresses and process numbers of this machine."""

QUEUE: Final = "procrastinate"
"""Its messages are never shown; see `_of_the_queue`."""

SECRET_NAMES: Final = re.compile(r"(?i)authorization|cookie|jwt|password|secret|token|api_?key|email|signature")
"""Such fields lose their value."""

_PATTERNS: Final = (
    re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"),  # a JWT
    re.compile(r"gAAAA[\w=-]{20,}"),  # a sealed secret
    re.compile(r"(?i)(?<=bearer )\S+|(?<=jwt )\S+|(?<=basic )[\w+/=]{6,}"),
    re.compile(r"(?<=\?)[^\s\"'<>]*=[^\s\"'<>]*"),  # a query string
    re.compile(r"(?<=://)[^/\s@]+(?=@)"),  # user and password of an address
    re.compile(r"(?i)(?<=password=)\S+"),  # a libpq address in words
    re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"),  # a mail address
    re.compile(r"(?<=/download/)[^\s\"'<>]+"),  # a download ends in the file's name
    re.compile(r"(?i)\b[a-z\d]{1,12}(:|%3a)[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b"),  # an account id
    re.compile(r"(?i)\b[\da-f]{24}\b"),  # an older account id
)
_CRASHES: Final = frozenset({"error", "critical"})
_CODE: Final = re.compile(r"[\w.-]{1,40}")
_PLACEHOLDER: Final = re.compile(r"%(\(\w+\))?[-#0 +]*(\d+|\*)?(\.\d+)?[a-zA-Z]")
_PLACES: Final = 30
"""Innermost frames shown."""

_SHARED: Final[list[Processor]] = [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name]
_OURS_FIRST: Final[list[Processor]] = [
    structlog.stdlib.filter_by_level,
    structlog.contextvars.merge_contextvars,
    *_SHARED,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]
"""One list forever: loggers keep the first they used."""


def configure_logs(
    level: str = "info", style: str = "json", stream: TextIO | None = None, report: Report | None = None
) -> None:
    """Write to `stream` (stdout); later calls replace earlier ones.

    `level` is for our lines; libraries log from WARNING. `style`: `json` or `text`. `report` gets lines of exceptions.
    """
    last: list[Processor] = [
        _describe_failure,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        scrub,
        *([_reporting(report)] if report else ()),
        _renderer(style),
    ]
    structlog.configure(
        processors=_OURS_FIRST,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = _Handler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder(), _from_stdlib],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            use_get_message=False,
            pass_foreign_args=True,
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    _catch_the_uncaught()


def _reporting(report: Report) -> Processor:
    """A failing report costs no log line."""

    def pass_on(_logger: object, _method: str, event: EventDict) -> EventDict:
        if event.get("level") in _CRASHES and "exception" in event and "at" in event:
            with suppress(Exception):
                report(event)
        return event

    return pass_on


def scrub(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Remove secrets and personal data, however deep."""
    return {name: _clean(name, value) for name, value in event.items()}


class _Handler(logging.StreamHandler[TextIO]):
    """Unlike the standard one it prints no values of a line that it cannot write; the work goes on without the line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        del record
        kind = sys.exc_info()[0]
        with suppress(OSError, ValueError):
            sys.stderr.write(f'{{"event": "a log line could not be written", "kind": "{kind and kind.__name__}"}}\n')
            sys.stderr.flush()


def _renderer(style: str) -> Processor:
    if style == "text":
        return structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    return structlog.processors.JSONRenderer(default=str, ensure_ascii=False)


def _is_ours(name: str) -> bool:
    return name.split(".", 1)[0] in OURS


def _from_stdlib(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Ours with values; a library's with their kinds, no fields."""
    record: logging.LogRecord = event["_record"]
    args = event.pop("positional_args", ()) or ()
    if _is_ours(record.name):
        event["event"] = _filled(str(record.msg), args)
        return event
    kept = {
        name: event[name] for name in ("_record", "_from_structlog", "level", "logger", "exc_info") if name in event
    }
    if record.name.split(".", 1)[0] == QUEUE:
        return {**kept, **_of_the_queue(event)}
    if not _stands_in_the_code(record):
        return {**kept, "event": f"{record.module}:{record.lineno}"}
    return {**kept, "event": _with_kinds(str(record.msg).split("\n", 1)[0], args)}


def _stands_in_the_code(record: logging.LogRecord) -> bool:
    """Whether the message is a constant of its function, still on the stack."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - the inspect module offers no cheaper way
    while frame is not None:
        if (frame.f_code.co_filename, frame.f_code.co_name) == (record.pathname, record.funcName):
            return record.msg in frame.f_code.co_consts
        frame = frame.f_back
    return False


def _of_the_queue(event: EventDict) -> dict[str, object]:
    """What happened to which job; the message contains arguments, results and errors' texts."""
    job = event.get("job")
    which = {"job": job.get("task_name"), "number": job.get("id")} if isinstance(job, Mapping) else {}
    return {"event": f"{QUEUE}: {event.get('action', 'no action')}", **which}


def _filled(message: str, args: Any) -> str:
    try:
        return message % args if args else message
    except (TypeError, ValueError, KeyError):
        return message


def _with_kinds(message: str, args: Any) -> str:
    """Replace values by their kinds; numbers stay."""
    if not args:
        return message
    if isinstance(args, Mapping):
        return _PLACEHOLDER.sub("<value>", message)
    values = iter(args)
    return _PLACEHOLDER.sub(lambda _: _kind(next(values, None)), message)


def _kind(value: object) -> str:
    return str(value) if isinstance(value, int | float) else f"<{type(value).__name__}>"


def _describe_failure(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Kind, codes and origin; no text."""
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = _kinds(error)
        event["at"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-_PLACES:]
        ]
    return event


def _kinds(error: BaseException) -> str:
    """Includes its causes."""
    names, seen = [], set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        codes = [
            f"{name}={value}"
            for name in ("sqlstate", "errno", "status", "code")
            if isinstance(value := getattr(current, name, None), int | str) and _CODE.fullmatch(str(value))
        ]
        names.append(" ".join([type(current).__name__, *codes]))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return ", from ".join(names)


def _catch_the_uncaught() -> None:
    """Also Python's warnings."""
    logger = logging.getLogger("lockpoint.crash")

    def log(error: BaseException | None, how: str) -> None:
        logger.critical(how, exc_info=(type(error), error, error.__traceback__) if error else None)

    def at_top(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log(error, "the process crashed")

    def warn(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        del message, file, line
        logger.warning("Python warns", extra={"kind": category.__name__, "at": f"{filename}:{lineno}"})

    warnings.showwarning = warn
    sys.excepthook = at_top
    threading.excepthook = lambda args: log(args.exc_value, "a thread crashed")
    sys.unraisablehook = lambda args: log(args.exc_value, "an error was left over")


def _clean(name: str, value: Any) -> Any:
    if SECRET_NAMES.search(name) and not isinstance(value, bool | int | float | None):
        return GONE
    if isinstance(value, Mapping):
        return {_clean_text(str(inner)): _clean(str(inner), content) for inner, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(name, content) for content in value]
    if isinstance(value, BaseException):
        return _kinds(value)
    return value if isinstance(value, bool | int | float | None) else _clean_text(str(value))


def _clean_text(text: str) -> str:
    for pattern in _PATTERNS:
        text = pattern.sub(GONE, text)
    return text
