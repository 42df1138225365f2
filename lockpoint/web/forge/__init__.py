"""Forge: the API as Forge's screens call it."""
