"""What tests of the private PostgreSQL share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.private_server import clear


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder; what serves in it at the end is stopped."""
    yield tmp_path / "data"
    clear(tmp_path / "data")
