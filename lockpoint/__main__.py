"""`python -m lockpoint`: the command, without installation."""

from lockpoint.cli import main

if __name__ == "__main__":
    main()
