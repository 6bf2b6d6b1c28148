"""The demo and its audience."""
