"""The HTTP door: the REST interface, its documents and the pages, on a small framework over Starlette.

`dependencies` is what the composition root hands to this door; `framework` turns a request into an answer and knows no
resource; `api` has a file for each resource; `documents` describes the calls, `pages` serves the screens.
"""
