"""The clients in Python and JavaScript."""
