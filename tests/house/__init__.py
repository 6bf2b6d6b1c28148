"""The repository itself: layers, documents, settings, scripts, the wheel."""
