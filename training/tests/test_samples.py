from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonotrack_training.data.samples import group_of, is_validation, load_samples


def write_pair(folder: Path, name: str, image: np.ndarray, labels: np.ndarray) -> None:
    for sub, pixels in (("images", image), ("masks", labels)):
        (folder / sub).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / sub / f"{name}.png")


def test_pictures_of_one_patient_share_a_group():
    assert group_of("hc18", "010_2HC") == group_of("hc18", "010_HC") == "010"
    assert group_of("bus_bra", "0003-l") == group_of("bus_bra", "0003-r")
    assert group_of("dltrack_apo", "img_00001") == group_of("dltrack_apo", "img_00002")
    assert group_of("dltrack_apo", "img_00001") != group_of("dltrack_apo", "img_00101")


def test_the_splits_are_disjoint_and_together_complete(tmp_path):
    blank = np.zeros((4, 5), np.uint8)
    for i in range(60):
        write_pair(tmp_path / "hc18", f"{i:03}_HC", blank, blank)
    train, held = (load_samples(tmp_path, s) for s in ("train", "validation"))
    assert len(train) + len(held) == 60
    assert not {s.group for s in train} & {s.group for s in held}
    assert held and all(is_validation("hc18", s.group) for s in held)


def test_a_mask_of_another_size_is_refused(tmp_path):
    write_pair(tmp_path / "s", "a", np.zeros((4, 5), np.uint8), np.zeros((5, 4), np.uint8))
    with pytest.raises(ValueError, match=r"image \(4, 5\) but mask \(5, 4\)"):
        load_samples(tmp_path, "validation" if is_validation("s", "a") else "train")


def test_a_folder_without_sets_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected data sets"):
        load_samples(tmp_path, "train")
