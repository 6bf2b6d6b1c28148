"""`python -m nexus`: the same command line as `nexus`."""

import sys

from nexus.cli import main

if __name__ == "__main__":
    sys.exit(main())
