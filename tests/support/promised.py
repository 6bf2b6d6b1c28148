"""How long the promises give (docs/contract.md, "Promises"), as the tests hold them."""

from __future__ import annotations

import os

ALONE = bool(os.environ.get("NEXUS_SOAK"))
"""Whether the tests are told that they have their machine to themselves."""
NEWEST_S = 2.0 if ALONE else 10.0
"""From a commit to the last screen: two seconds are promised. On a machine shared with others a delay says more of them
than of the service, so that only what never comes is found there."""
