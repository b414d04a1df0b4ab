"""What a click may mean: labelled objects, their unions, parts and walls, and pseudo-objects of the picture itself."""

from __future__ import annotations

import cv2
import numpy as np

MIN_PX = 60  # at the input size; smaller objects teach noise
LEAST_GRAY = 8  # darker is the black beside the fan


def disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def labelled(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray | None:
    """One label's object; now and then the union of two labels, or one connected part of a label. u8 0/1 or None."""
    values, counts = np.unique(labels[labels > 0], return_counts=True)
    values = values[counts >= MIN_PX]
    if not len(values):
        return None
    # walls and bands are asked for more often than discs: they are what is learnt last
    weights = np.sqrt([raggedness((labels == value).astype(np.uint8)) for value in values])
    mask = (labels == rng.choice(values, p=weights / weights.sum())).astype(np.uint8)
    if len(values) > 1 and rng.random() < 0.07:
        mask |= (labels == rng.choice(values)).astype(np.uint8)
    elif rng.random() < 0.1:
        count, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
        large = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= MIN_PX]
        if large:
            mask = (parts == rng.choice(large)).astype(np.uint8)
    return mask


def raggedness(mask: np.ndarray) -> float:
    """Squared perimeter over that of a disc of the same area: about 1 for a disc, 5 for a long band or a frayed region."""
    perimeter = sum(cv2.arcLength(c, True) for c in contours(mask))
    return max(1.0, perimeter**2 / (4 * np.pi * max(int(mask.sum()), 1)))


def frayed(mask: np.ndarray) -> bool:
    """Whether no person would draw such a border."""
    return raggedness(mask) > 5


def region(rng: np.random.Generator, image: np.ndarray) -> np.ndarray | None:
    """A homogeneous region grown from a random seed on the smoothed picture; u8 0/1 or None.

    Its border follows the picture's own edges, which is what most unseen objects have in common.
    """
    size = image.shape[0]
    smooth = cv2.GaussianBlur(image, (0, 0), rng.uniform(2.5, 6) * size / 256)
    bright = np.argwhere(image > LEAST_GRAY)
    if len(bright) < MIN_PX:
        return None
    y, x = bright[rng.integers(len(bright))]
    spread = int(rng.integers(4, 22))
    grown = np.zeros((size + 2, size + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
    cv2.floodFill(smooth, grown, (int(x), int(y)), 0, spread, spread, flags)
    mask = cv2.morphologyEx(grown[1:-1, 1:-1], cv2.MORPH_OPEN, disc(2))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, disc(int(rng.integers(2, 6))))
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    area = stats[largest, cv2.CC_STAT_AREA]
    if not 0.004 < area / size**2 < 0.35:
        return None
    # speckle frays the border more than a person would
    soft = cv2.GaussianBlur((parts == largest).astype(np.float32), (0, 0), 2.0 * size / 256)
    mask = (soft > 0.5).astype(np.uint8)
    return None if frayed(mask) else mask


def superpixel(rng: np.random.Generator, image: np.ndarray) -> np.ndarray | None:
    """One or two neighbouring superpixels of the smoothed picture: the watershed of random seeds; u8 0/1 or None.

    Where nothing stands out, the border runs half way between seeds: a region that only clicks can tell.
    """
    size = image.shape[0]
    smooth = cv2.GaussianBlur(image, (0, 0), rng.uniform(1.5, 4) * size / 256)
    seeds = np.zeros(image.shape, np.int32)
    count = int(rng.integers(8, 60))
    rows, columns = rng.integers(0, size, (2, count))
    seeds[rows, columns] = np.arange(1, count + 1)
    parts = cv2.watershed(cv2.cvtColor(smooth, cv2.COLOR_GRAY2BGR), seeds)
    part = int(rng.integers(1, count + 1))
    mask = (parts == part).astype(np.uint8)
    if rng.random() < 0.3:  # with the neighbour that shares most of its border
        around = parts[(cv2.dilate(mask, disc(3)) > mask) & (parts > 0)]
        if len(around):
            mask |= (parts == np.bincount(around).argmax()).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, disc(2))  # the watershed's own lines
    mask = (cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.0 * size / 256) > 0.5).astype(np.uint8)
    inside = image[mask > 0]
    flat = cv2.erode(image, disc(1)) == cv2.dilate(image, disc(1))  # margins and menus beside the picture
    if not 0.004 < mask.mean() < 0.25 or frayed(mask):
        return None
    return mask if (inside > LEAST_GRAY).mean() > 0.7 and flat[mask > 0].mean() < 0.1 else None


def wall(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray | None:
    """A band about the border of a large labelled object, sometimes only an open arc of it; u8 0/1 or None."""
    mask = labelled(rng, labels)
    if mask is None or mask.sum() < 1500:
        return None
    outer, inner = int(rng.integers(0, 8)), int(rng.integers(3, 9))
    band = cv2.dilate(mask, disc(outer)) - cv2.erode(mask, disc(inner))
    if rng.random() < 0.5:
        y, x = np.argwhere(mask).mean(0)
        rows, columns = np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]]
        angle = np.arctan2(rows - y, columns - x)
        opening = rng.uniform(-np.pi, np.pi)
        band[np.abs(np.angle(np.exp(1j * (angle - opening)))) < rng.uniform(0.3, 0.9)] = 0
    return band if band.sum() >= MIN_PX else None


def contours(mask: np.ndarray) -> list[np.ndarray]:
    return list(cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0])
