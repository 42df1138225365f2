"""Encrypted backups of the registrations."""
