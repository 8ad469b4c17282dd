"""``python -m ariroute``: the same command as ``ariroute``."""

from ariroute.cli.main import main

if __name__ == "__main__":
    main(prog_name="ariroute")
