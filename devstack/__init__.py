"""Databases from wheels, mail catcher and supervisor for one machine; for development and tests only.

The wheels' Python code is never imported: started by root, it changes accounts and folder modes of the machine.
"""
