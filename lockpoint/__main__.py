"""`python -m lockpoint`: the command, with nothing installed."""

from lockpoint.cli import main

if __name__ == "__main__":
    main()
