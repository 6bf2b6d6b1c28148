"""What is left to CI, so that `scripts/test` takes minutes."""

from __future__ import annotations

import os

import pytest

THOROUGH = os.environ.get("NEXUS_CI") == "1" or bool(os.environ.get("NEXUS_SOAK"))
"""Whether everything is checked; otherwise what differs only in colours, size, language or order is checked once."""
SLOW = pytest.mark.skipif(not THOROUGH, reason="slow, and beside others: NEXUS_CI=1 runs it")
"""For what looks at a rarer variant, and for what a few seconds less a run are worth more than."""
