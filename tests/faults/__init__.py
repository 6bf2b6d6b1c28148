"""Servers, databases and Redis that die under load."""
