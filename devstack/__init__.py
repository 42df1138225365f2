"""Databases from wheels, mail catcher and supervisor for one machine; for development and tests only.

The wheels' Python code is never imported: called by root, their start functions change accounts and folder modes of the
machine.
"""
