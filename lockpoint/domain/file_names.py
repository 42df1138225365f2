"""Names that we give to files whose own name is taken."""

from __future__ import annotations


def suffixed(title: str) -> str:
    """Return a name for a file whose own is taken: `plan.docx` becomes `plan (restored).docx`."""
    stem, dot, ending = title.rpartition(".")
    return f"{stem} (restored).{ending}" if dot and stem else f"{title} (restored)"


def stands_for(name: str | None, title: str | None) -> bool:
    """Return whether we may have given this name to a file whose own is `title`."""
    return name is not None and title is not None and name == suffixed(title)
