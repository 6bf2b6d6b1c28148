"""The scenarios of the suite, each of which can be run alone: `scripts/bench fanout --viewers 4000`."""
