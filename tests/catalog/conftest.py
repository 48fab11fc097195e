"""A catalog of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.catalog.catalog import Catalog


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog")
