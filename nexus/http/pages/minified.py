"""Modules and sheets as pages load them: without the comments and the indentation that are for their readers.

It happens as they are read once at the start, so that what is served stays what is in the repository, without a build.
Texts in a template inside of another template may lose spaces: the tests compare each file with what becomes of it.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import rcssmin
import rjsmin


def minified(name: str, body: bytes) -> bytes:
    """The file `name`, meaning the same in fewer bytes if it is a module or a sheet; any other as it is."""
    match PurePosixPath(name).suffix:
        case ".js":
            return str(rjsmin.jsmin(body.decode())).encode()
        case ".css":
            return str(rcssmin.cssmin(body.decode())).encode()
        case _:
            return body
