"""The sub-commands of `lockpoint`."""
