import pictures
import pytest


@pytest.fixture
def data(tmp_path):
    """A training set of 30 small pictures with a bright square each, in both splits."""
    pictures.write_set(tmp_path / "data" / "bus_bra", 30, suffix="-l")
    return tmp_path / "data"
