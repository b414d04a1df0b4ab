"""Synthetic pictures as a phased or curved probe makes them: speckle formed in polar coordinates, then scan-converted.

Speckle of a sector widens with depth and bends around the apex; contact is lost along beams, not along columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Sector:
    """A fan in a square picture, in shares of its side: apex (x, y), half angle in rad, first and last radius."""

    x: float
    y: float
    half_angle: float
    near: float
    far: float

    @staticmethod
    def random(rng: np.random.Generator) -> Sector:
        """Phased (apex at the skin) or curved (apex above the picture), filling the picture's height."""
        apex = rng.uniform(-0.03, 0.06) if rng.random() < 0.6 else rng.uniform(-0.6, -0.03)
        near = max(0.0, 0.02 - apex) if apex < 0 else rng.uniform(0.0, 0.03)
        return Sector(
            x=0.5 + rng.normal(0, 0.02),
            y=apex,
            half_angle=rng.uniform(0.5, 0.85) if apex > -0.2 else rng.uniform(0.4, 0.65),
            near=near,
            far=rng.uniform(0.88, 1.0) - apex,
        )

    def to_polar(self, picture: np.ndarray, radii: int, beams: int) -> np.ndarray:
        """f32 [S, S] → f32 [radii, beams], rows from near to far."""
        size = picture.shape[0]
        r = np.linspace(self.near, self.far, radii, dtype=np.float32)[:, None]
        angle = np.linspace(-self.half_angle, self.half_angle, beams, dtype=np.float32)[None]
        x = ((self.x + r * np.sin(angle)) * size - 0.5).astype(np.float32)
        y = ((self.y + r * np.cos(angle)) * size - 0.5).astype(np.float32)
        return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def to_picture(self, polar: np.ndarray, size: int) -> np.ndarray:
        """f32 [radii, beams] → f32 [size, size], 0 outside the fan."""
        radii, beams = polar.shape
        y, x = np.mgrid[0:size, 0:size].astype(np.float32)
        x, y = (x + 0.5) / size - np.float32(self.x), (y + 0.5) / size - np.float32(self.y)
        r, angle = np.hypot(x, y), np.arctan2(x, y)
        rows = (r - self.near) / (self.far - self.near) * (radii - 1)
        columns = (angle / self.half_angle + 1) / 2 * (beams - 1)
        return cv2.remap(
            polar,
            columns.astype(np.float32),
            rows.astype(np.float32),
            cv2.INTER_LINEAR,
            borderValue=0,
        )

    def covers(self, size: int) -> np.ndarray:
        """bool [size, size]: inside the fan."""
        return self.to_picture(np.ones((64, 64), np.float32), size) > 0.5


def render_sector(
    rng: np.random.Generator, echo: np.ndarray, sector: Sector, grain: np.random.Generator | None = None
) -> np.ndarray:
    """Echogenicity f32 [S, S] → picture u8 [S, S], 0 outside the fan. `grain` draws the speckle alone: the same settings of
    the device (`rng`) with another one are another frame. Default: `rng`."""
    size = echo.shape[0]
    radii, beams = int(size * rng.uniform(0.9, 1.3)), int(size * rng.uniform(0.45, 0.8))
    tissue = sector.to_polar(np.maximum(echo, 0).astype(np.float32), radii, beams)

    def smooth(rows: int, columns: int) -> np.ndarray:
        noise = rng.standard_normal((rows, columns)).astype(np.float32)
        return cv2.resize(noise, (beams, radii), interpolation=cv2.INTER_CUBIC)

    tissue = tissue * np.exp(rng.uniform(0, 0.35) * smooth(6, 8))
    if rng.random() < 0.6:  # lost contact and ribs: whole beams fade
        tissue = tissue * np.exp(-rng.uniform(0.2, 1.6) * np.maximum(smooth(2, 9), 0))
    if (
        rng.random() < 0.5
    ):  # reverberation and side lobes: a veil over fluid, most of it near the probe
        depth = np.linspace(0, 1, radii, dtype=np.float32)[:, None]
        veil = np.exp(0.8 * smooth(5, 7)) * np.exp(-rng.uniform(0, 4) * depth)
        tissue = tissue + rng.uniform(0.01, 0.2) * tissue.mean() * veil
    field = (grain or rng).standard_normal((2, radii, beams)).astype(np.float32) * tissue
    axial, lateral = rng.uniform(0.6, 1.8), rng.uniform(0.7, 2.4)
    envelope = np.hypot(*(cv2.GaussianBlur(f, (0, 0), sigmaX=lateral, sigmaY=axial) for f in field))
    dynamic = rng.uniform(30, 60)  # dB
    reference = np.percentile(envelope, rng.uniform(97, 99.7)) + 1e-6
    x = np.clip(1 + 20 * np.log10(envelope / reference + 1e-4) / dynamic, 0, 1)
    x = x ** rng.uniform(1.0, 2.6)
    if rng.random() < 0.5:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.2))
    return (np.clip(sector.to_picture(x, size), 0, 1) * 255).astype(np.uint8)
