"""Servers, databases and Redis that die under load, and clients that attack."""
