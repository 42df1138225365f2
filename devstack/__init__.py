"""Everything one machine needs around the app: databases from wheels and a mail catcher, for development and tests.

Never used on a server. The wheels bring programs only; none of their Python code is imported, because their own start
functions change accounts and folder modes of the machine when called by root.
"""
