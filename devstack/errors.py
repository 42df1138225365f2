"""What can go wrong with an embedded server, told to a person at a terminal."""


class EmbeddedError(RuntimeError):
    """An embedded server cannot be found, started or trusted; the text says what to do."""
