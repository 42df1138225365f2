"""What the use cases need from their neighbours: a protocol for each."""
