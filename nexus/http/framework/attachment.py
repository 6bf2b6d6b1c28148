"""The header that makes an answer a file with a name (RFC 6266)."""

from __future__ import annotations

from urllib.parse import quote


def attachment(name: str, ascii_name: str) -> str:
    """`Content-Disposition` for a file called `name`; `ascii_name`, of letters, digits, dots and dashes, is for clients
    that know no `filename*`."""
    plain = f'attachment; filename="{ascii_name}"'
    return plain if name == ascii_name else f"{plain}; filename*=UTF-8''{quote(name, safe='')}"
