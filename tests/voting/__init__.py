"""The ballot box, tallies and the schedule."""
