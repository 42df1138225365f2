"""What use cases need of their neighbours: one protocol each."""
