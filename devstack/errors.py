"""Errors of embedded servers."""


class EmbeddedError(RuntimeError):
    """An embedded server cannot be found, started or trusted; the text says what to do."""
