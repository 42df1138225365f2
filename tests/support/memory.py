"""Search the memory of a running application."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import _lru_cache_wrapper, partial
from logging import Handler, Logger
from types import BuiltinMethodType, CodeType, FrameType, FunctionType, MethodType, ModuleType, TracebackType
from typing import Any

from flask import Flask

PACKAGE = "lockpoint"
_ELSEWHERE = (ModuleType, CodeType, FrameType, TracebackType, Logger, Handler, threading.Thread)
"""These lead out of the application, to the interpreter and the tests."""
_LEAVES = (str, bytes, bytearray, int, float, complex, bool, type(None))


def places(app: Flask, tells: Callable[[object], bool]) -> set[str]:
    """Return the places in the application and its modules of values for which `tells` is true.

    A place is the nearest attribute of an object of ours, such as `lockpoint.connect.site_memory.SiteMemory._known`.
    """
    return {place for value, place in _held(app) if tells(value)}


def _held(app: Flask) -> Iterator[tuple[object, str]]:
    """Yield every reachable object once, with its place."""
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == PACKAGE]
    seen: dict[int, object] = {}
    waiting: list[tuple[object, str]] = [(app, "the application")]
    waiting += [(value, f"{module.__name__}.{name}") for module in modules for name, value in vars(module).items()]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, _LEAVES):
            yield value, place
            continue
        if id(value) in seen or isinstance(value, _ELSEWHERE) or _is_others_memo(value):
            continue
        seen[id(value)] = value  # keeps the object, so its id is not reused
        yield value, place
        waiting.extend(_parts(value, place))


def _parts(value: object, place: str) -> Iterable[tuple[object, str]]:
    if isinstance(value, type):
        return [(one, f"{_name(value)}.{name}") for name, one in vars(value).items()] if _is_ours(value) else ()
    if isinstance(value, FunctionType):
        return [(one, place) for one in _kept_by(value)]
    if isinstance(value, MethodType | BuiltinMethodType | partial):
        return [(getattr(value, name), place) for name in _CALLED if hasattr(value, name)]
    return _attributes(value) if _is_ours(type(value)) else [(one, place) for one in gc.get_referents(value)]


_CALLED = ("__self__", "__func__", "func", "args", "keywords")


def _kept_by(function: FunctionType) -> list[object]:
    """What a function refers to besides its module's names."""
    closure = [cell.cell_contents for cell in function.__closure__ or () if _is_full(cell)]
    return [*closure, function.__defaults__, function.__kwdefaults__, vars(function)]


def _attributes(value: object) -> Iterator[tuple[object, str]]:
    """The attributes of an object of ours, and its other references."""
    kind = type(value)
    slots = [name for base in kind.__mro__ for name in _slots(base)]
    named = {name: getattr(value, name) for name in {*slots, *getattr(value, "__dict__", {})} if hasattr(value, name)}
    for name, one in named.items():
        yield one, f"{_name(kind)}.{name}"
    others = {id(one) for one in (getattr(value, "__dict__", None), *named.values())}
    for one in gc.get_referents(value):
        if id(one) not in others:
            yield one, _name(kind)


def _slots(base: type) -> tuple[str, ...]:
    slots: Any = base.__dict__.get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if name not in {"__dict__", "__weakref__"})


def _is_ours(kind: type) -> bool:
    return str(kind.__module__).split(".")[0] == PACKAGE


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _is_others_memo(value: object) -> bool:
    """A memoised function of another package, such as `urlsplit`."""
    return isinstance(value, _lru_cache_wrapper) and str(value.__module__).split(".")[0] != PACKAGE


def _is_full(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - an empty cell raises
    except ValueError:
        return False
    return True
