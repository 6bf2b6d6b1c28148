"""The writer of logos: reads a picture from its input, and writes the PNG to its output.

    python -m nexus.branding < picture > logo.png

It ends with `REFUSED` where that is no picture it takes.
"""

from __future__ import annotations

import os
import resource
import sys

from nexus.branding.picture import NoPicture, png_of

REFUSED = 3
"""Its status where the input is not a picture, or too large a one."""
NICENESS = 19
"""Votes and screens come first."""
CPU_S = 10
"""Of processor time; the largest picture takes about 2 s."""
MEMORY_BYTES = 768 * 1024 * 1024
"""Of address space."""


def main() -> int:
    """Write the logo; 0 if that is done."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        png = png_of(sys.stdin.buffer.read())
    except NoPicture:
        return REFUSED
    sys.stdout.buffer.write(png)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
