"""The REST interface and the framework under it."""
