"""Control API at `/_sim`."""
