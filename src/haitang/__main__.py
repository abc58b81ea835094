"""`python -m haitang` is the command `haitang`."""

import sys

from haitang.edges.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
