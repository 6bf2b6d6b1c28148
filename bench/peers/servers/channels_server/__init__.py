"""Django Channels: consumers, groups and the ORM as its documentation shows them, on uvicorn."""
