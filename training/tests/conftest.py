import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def data(tmp_path):
    """A training set of 30 small pictures with a bright square each, in both splits."""
    folder = tmp_path / "data" / "bus_bra"
    for sub in ("images", "masks"):
        (folder / sub).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(30):
        labels = np.zeros((64, 64), np.uint8)
        labels[20:44, 16:40] = 1
        image = (rng.integers(0, 60, labels.shape) + 100 * labels).astype(np.uint8)
        Image.fromarray(image).save(folder / "images" / f"{i:04}-l.png")
        Image.fromarray(labels).save(folder / "masks" / f"{i:04}-l.png")
    return tmp_path / "data"
