"""Properties that the released weights have to keep."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sonotrack_training.data import synthetic
from sonotrack_training.data.prompts import point_in
from sonotrack_training.data.sector import Sector, render_sector
from sonotrack_training.trained import load_sonosam

WEIGHTS = Path(__file__).parents[1] / "checkpoints" / "sonosam-decoder.safetensors"
SIZE = 256


@pytest.fixture(scope="module")
def model():
    return load_sonosam(WEIGHTS)[0]


@pytest.fixture(scope="module")
def hearts() -> list[tuple[np.ndarray, np.ndarray]]:
    """Pictures and ventricles, u8 [S, S] each."""
    rng, made = np.random.default_rng(11), []
    while len(made) < 4:
        echo, labels = synthetic.heart(rng, SIZE)
        sector = Sector.random(rng)
        ventricle = ((labels == 1) & sector.covers(SIZE)).astype(np.uint8)
        if ventricle.sum() > 2000:
            made.append((render_sector(rng, echo, sector), ventricle))
    return made


def answer(model, image: np.ndarray, x: float, y: float) -> np.ndarray:
    """The best candidate for one click, bool [M, M]."""
    points = torch.tensor([[[x, y, 1.0]]], dtype=torch.float32)
    with torch.no_grad():
        logits, scores = model(
            torch.from_numpy(image.copy())[None, None],
            points,
            torch.zeros(1, 4),
            torch.zeros(1, 1, SIZE // 2, SIZE // 2),
        )
    return (logits[0, 1 + scores[0, 1:].argmax()] > 0).numpy()


def dsc(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def test_a_click_finds_the_ventricle(model, hearts):
    found = []
    for image, ventricle in hearts:
        x, y = point_in(np.random.default_rng(0), ventricle, exact=1.0)
        found.append(dsc(answer(model, image, x, y), ventricle[::2, ::2] > 0))
    assert np.mean(found) > 0.85


def test_a_mirrored_picture_gives_the_mirrored_mask(model, hearts):
    for image, ventricle in hearts:
        x, y = point_in(np.random.default_rng(0), ventricle, exact=1.0)
        straight = answer(model, image, x, y)
        mirrored = answer(model, image[:, ::-1], SIZE - x, y)
        assert dsc(straight, mirrored[:, ::-1]) > 0.9
