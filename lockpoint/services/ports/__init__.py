"""What use cases need of their neighbours."""
