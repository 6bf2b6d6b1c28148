"""The HTTP door: the REST interface, its documents and the pages, on a small framework over Starlette."""
