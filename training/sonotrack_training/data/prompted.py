"""Training batches for SonoSAMLite: views of pictures with the objects that clicks will ask for."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from . import augment, borrowed_speckle, synthetic, targets
from .samples import Sample

# How often a set is drawn; by anatomy rather than by size, the fetal heads alone are half of the pictures.
SET_WEIGHTS = {
    "hc18": 0.1,
    "dltrack_apo": 0.2,
    "usgra_seg": 0.25,
    "bus_bra": 0.2,
    "bus_uc": 0.05,
    "breast_lesions_usg": 0.05,
    "us_liver_mass": 0.05,
    "ccaus": 0.05,
}
SUPERPIXELS = 0.3  # of the regions; the others are homogeneous


@dataclass(frozen=True)
class Mix:
    """Shares of what is drawn. Set one to 0 to leave that part out (ablations)."""

    synthetic: float = 0.4
    region: float = 0.1
    wall: float = 0.08
    borrowed: float = 0.6  # of the synthetic pictures, those with a real picture's speckle


@dataclass
class Batch:
    """images u8 [B,1,S,S]; targets f32 [B·O,1,M,M], the coverage of each cell (M = S/2), object-major per image."""

    images: np.ndarray
    targets: np.ndarray


class Sampler:
    """Draws batches; the same seed and step give the same batch."""

    def __init__(self, samples: list[Sample], mix: Mix, seed: int):
        self.mix, self.seed = mix, seed
        self.by_set: dict[str, list[Sample]] = {}
        for sample in samples:
            self.by_set.setdefault(sample.set, []).append(sample)
        weights = np.array([SET_WEIGHTS.get(name, 0.05) for name in self.by_set])
        self.weights = weights / weights.sum()

    def batch(self, step: int, images: int, objects: int, size: int) -> Batch:
        rng = np.random.default_rng([self.seed, step])
        pictures, masks = [], []
        while len(pictures) < images:
            view = self.view(rng, size)
            found = [self.target(rng, *view) for _ in range(3 * objects)]
            found = [m for m in found if m is not None and m.sum() >= targets.MIN_PX][:objects]
            if not found:
                continue
            while len(found) < objects:  # the same object again: other prompts will ask for it
                found.append(found[0])
            pictures.append(augment.intensity(rng, view[0]))
            masks += [coverage(m) for m in found]
        return Batch(np.stack(pictures)[:, None], np.stack(masks)[:, None])

    def view(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        """A picture and its labels, u8 [S, S] each."""
        if rng.random() < self.mix.synthetic:
            close = rng.random() < 0.5
            side = round(1.5 * size) if close else size
            image, labels = self.made(rng, side)
            if not close:
                return image, labels
        else:
            sample = self.sample(rng)
            image, labels = sample.image, sample.labels
        matrix = augment.random_view(rng, *image.shape, size, focus_of(rng, labels))
        return augment.warp(rng, image, labels, matrix, size)

    def sample(self, rng: np.random.Generator) -> Sample:
        name = rng.choice(list(self.by_set), p=self.weights)
        return self.by_set[name][rng.integers(len(self.by_set[name]))]

    def made(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        """A synthetic scene, with speckle of its own or borrowed from a training picture; u8 [S, S] each."""
        if self.by_set and rng.random() < self.mix.borrowed:
            texture = borrowed_speckle.texture(rng, self.sample(rng).image, size)
            if texture is not None:
                echo, labels = synthetic.anatomy(rng, size)[:2]
                image = borrowed_speckle.lay_over(rng, echo, texture)
                covered = augment.fan(rng, size) > 0 if rng.random() < 0.7 else np.ones((size, size), bool)
                return image * covered, labels * covered
        return synthetic.scene(rng, size)

    def target(
        self, rng: np.random.Generator, image: np.ndarray, labels: np.ndarray
    ) -> np.ndarray | None:
        draw = rng.random()
        if draw < self.mix.region:
            kind = targets.superpixel if rng.random() < SUPERPIXELS else targets.region
            return kind(rng, image)
        if draw < self.mix.region + self.mix.wall:
            return targets.wall(rng, labels)
        return targets.labelled(rng, labels)


def focus_of(rng: np.random.Generator, labels: np.ndarray) -> augment.Focus | None:
    """One connected part of a random label."""
    values = np.unique(labels[labels > 0])
    if not len(values):
        return None
    _, _, stats, _ = cv2.connectedComponentsWithStats(
        (labels == rng.choice(values)).astype(np.uint8)
    )
    parts = stats[1:][stats[1:, cv2.CC_STAT_AREA] >= min(30, stats[1:, cv2.CC_STAT_AREA].max())]
    x, y, width, height, _ = parts[rng.integers(len(parts))]
    return augment.Focus(x + width / 2, y + height / 2, float(max(width, height)))


def coverage(mask: np.ndarray) -> np.ndarray:
    """u8 0/1 [S, S] → f32 [S/2, S/2], the covered share of each cell."""
    half = mask.shape[0] // 2
    return cv2.resize(mask.astype(np.float32), (half, half), interpolation=cv2.INTER_AREA)


def validation_views(
    samples: list[Sample], size: int, per_set: int
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(set, letterboxed picture u8 [S,S], coverage f32 [M,M]) of the first `per_set` objects of every set, and hearts."""
    views: list[tuple[str, np.ndarray, np.ndarray]] = []
    count: dict[str, int] = {}
    for sample in samples:
        matrix = augment.letterbox_matrix(*sample.image.shape, size)
        scale = matrix[0, 0]
        rows, columns = (max(1, round(n * scale)) for n in sample.image.shape)
        image, labels = np.zeros((size, size), np.uint8), np.zeros((size, size), np.uint8)
        area = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        image[:rows, :columns] = cv2.resize(sample.image, (columns, rows), interpolation=area)
        labels[:rows, :columns] = cv2.resize(
            sample.labels, (columns, rows), interpolation=cv2.INTER_NEAREST_EXACT
        )
        for value in np.unique(labels[labels > 0]):
            if count.get(sample.set, 0) < per_set and (labels == value).sum() >= targets.MIN_PX:
                count[sample.set] = count.get(sample.set, 0) + 1
                views.append((sample.set, image, coverage((labels == value).astype(np.uint8))))
    rng = np.random.default_rng(7)
    for i in range(per_set):
        echo, labels = synthetic.heart(rng, size)
        mask = (labels == 1 + i % 3).astype(np.uint8)
        if mask.sum() >= targets.MIN_PX:
            views.append(("synthetic_heart", synthetic.render(rng, echo), coverage(mask)))
    return views
