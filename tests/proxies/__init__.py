"""Nexus behind a real nginx: as docs/deploy.md has it, and as people have it."""
