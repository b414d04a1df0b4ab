"""Synthetic ultrasound with exact masks: hearts with walls, cysts and lesions, layers, vessels, heads.

A scene is an echogenicity map f32 [S, S] (0 blood or fluid, about 0.5 tissue, above 1 specular) and a label map u8.
`render` turns it into a picture: fully developed speckle (the envelope of a complex Gaussian scatterer field behind a
point spread function that widens with depth), attenuation, log compression, a fan or a rectangle.
"""

from __future__ import annotations

import cv2
import numpy as np

from .augment import fan, shadow, smooth_field
from .sector import Sector, render_sector
from .targets import disc


def blob(
    rng: np.random.Generator, size: int, centre: tuple[float, float], radius: float, rough: float
) -> np.ndarray:
    """A filled closed curve: an ellipse whose radius wobbles by Fourier terms of weight `rough`. u8 0/1 [S, S]."""
    t = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    r = np.ones_like(t)
    for k in range(2, 7):
        r += rough * rng.normal(0, 1 / k) * np.cos(k * t + rng.uniform(0, 2 * np.pi))
    ratio, turn = np.exp(rng.normal(0, 0.3)), rng.uniform(0, np.pi)
    x, y = radius * r * np.cos(t) * ratio, radius * r * np.sin(t) / ratio
    curve = np.stack(
        [
            centre[0] + x * np.cos(turn) - y * np.sin(turn),
            centre[1] + x * np.sin(turn) + y * np.cos(turn),
        ],
        1,
    )
    return fill(curve, size)


def fill(curve: np.ndarray, size: int) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [np.round(curve * 8).astype(np.int32)], 1, shift=3)
    return mask


def tissue(rng: np.random.Generator, size: int) -> np.ndarray:
    """A background of patches of different echogenicity."""
    x = rng.uniform(0.15, 0.7) * np.exp(0.4 * smooth_field(rng, size, int(rng.integers(3, 9))))
    if rng.random() < 0.5:
        x *= np.exp(0.4 * (smooth_field(rng, size, 6) > rng.normal(0, 0.5)))
    return x.astype(np.float32)


def heart(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """An apical view: left ventricle (1), its wall (2), left atrium (3), sometimes the right ventricle (4).

    As in real views the wall differs little from what lies around it, its inner border is blurred by trabeculae, and
    papillary muscles and valve leaflets stand in the ventricle without being part of the wall.
    """
    length, half = rng.uniform(0.3, 0.5) * size, rng.uniform(0.09, 0.2) * size
    t = np.linspace(0, 1, 40)
    profile = np.sqrt(1 - (1 - t) ** rng.uniform(1.7, 2.6)) * (1 - rng.uniform(0.0, 0.35) * t**3)
    bend = rng.normal(0, 0.12) * half * np.sin(np.pi * t)
    left = np.stack([-half * profile + bend, t * length], 1)
    right = np.stack([half * profile * rng.uniform(0.8, 1.2) + bend, t * length], 1)
    curve = np.concatenate([left, right[::-1]])
    turn = rng.normal(0, 0.25)
    rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    apex = np.array([rng.uniform(0.4, 0.6), rng.uniform(0.08, 0.3)]) * size
    ventricle = fill(curve @ rotate.T + apex, size)
    base = apex + rotate @ np.array([0, length])
    down = rotate @ np.array([0, 1.0])
    rows, columns = np.mgrid[0:size, 0:size]
    beyond = (columns - base[0]) * down[0] + (rows - base[1]) * down[1]

    # the wall: its thickness varies along the ventricle and is least at the apex
    thickness = rng.uniform(0.025, 0.11) * size
    local = thickness * np.exp(rng.uniform(0, 0.25) * smooth_field(rng, size, 4))
    local *= 1 - rng.uniform(0, 0.35) * np.clip(-beyond / length, 0, 1) ** 2
    distance = cv2.distanceTransform(1 - ventricle, cv2.DIST_L2, 5)
    epicardium = (distance <= local).astype(np.uint8)
    wall = epicardium & ~ventricle & (beyond < rng.uniform(-4, 4)).astype(np.uint8)
    atrium_size = rng.uniform(0.1, 0.19) * size
    atrium = blob(rng, size, tuple(base + down * atrium_size * 0.95), atrium_size, 0.1)
    atrium = atrium & ~ventricle & (beyond > 0)

    labels = np.zeros((size, size), np.uint8)
    echo = tissue(rng, size) * rng.uniform(0.6, 1.1)
    level = echo.mean()
    if rng.random() < 0.4:  # lung and shadow around the heart
        echo[epicardium == 0] *= rng.uniform(0.1, 0.7)
    blood = level * rng.uniform(0.02, 0.25) * np.exp(rng.uniform(0, 0.6) * smooth_field(rng, size, 6))
    if rng.random() < 0.7:
        side = rotate @ np.array([-(half * 2 + thickness * 1.2), length * 0.65])
        chamber = blob(rng, size, tuple(apex + side), half * rng.uniform(0.8, 1.3), 0.15)
        chamber &= ~epicardium & 1
        echo[chamber > 0] = 1.2 * blood[chamber > 0]
        labels[chamber > 0] = 4
    muscle = level * np.exp(rng.normal(0, 0.5) + 0.35 * smooth_field(rng, size, 8))
    echo[wall > 0] = muscle[wall > 0]
    if rng.random() < 0.5:  # the pericardium, a bright line around the wall
        rim = cv2.dilate(epicardium, disc(2)) - epicardium
        strength = np.clip(rng.uniform(0.6, 2.0) + 0.5 * smooth_field(rng, size, 5), 0.1, 3)
        echo[(rim > 0) & (beyond < 0)] = strength[(rim > 0) & (beyond < 0)]
    cavity = (ventricle | atrium) > 0
    echo[cavity] = blood[cavity]
    for _ in range(rng.integers(0, 3)):  # papillary muscles
        along, across = rng.uniform(0.35, 0.75) * length, rng.choice([-1, 1]) * rng.uniform(0.5, 0.9) * half
        place = apex + rotate @ np.array([across, along])
        papillary = blob(rng, size, tuple(place), rng.uniform(0.012, 0.035) * size, 0.15) & ventricle
        echo[papillary > 0] = muscle[papillary > 0]
    if rng.random() < 0.7:  # trabeculae, limited resolution
        echo = cv2.GaussianBlur(echo.astype(np.float32), (0, 0), rng.uniform(0.5, 3.0) * size / 256)
    if rng.random() < 0.7:  # the mitral valve: shut, or two leaflets that open into the ventricle
        hinges = [base + rotate @ np.array([s * half * 0.8, 0]) for s in (-1, 1)]
        tips = [base + rotate @ np.array([s * half * 0.15, -rng.uniform(0, 0.25) * length]) for s in (-1, 1)]
        leaflets = np.zeros_like(labels)
        for hinge, tip in zip(hinges, tips, strict=True):
            ends = [tuple(int(v) for v in point) for point in (hinge, tip)]
            cv2.line(leaflets, *ends, 1, int(rng.integers(1, max(2, size // 64))))
        echo[leaflets > 0] = level * rng.uniform(0.6, 2.5)
    labels[wall > 0], labels[ventricle > 0], labels[atrium > 0] = 2, 1, 3
    return echo.astype(np.float32), labels


def lesions(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """One to three cysts or solid lesions, their borders sharp or vague, some enhancing or shadowing below."""
    echo, labels = tissue(rng, size), np.zeros((size, size), np.uint8)
    for value in range(1, int(rng.integers(2, 5))):
        radius = size * np.exp(rng.uniform(np.log(0.03), np.log(0.24)))
        centre = tuple(rng.uniform(0.2, 0.8, 2) * size)
        mask = blob(rng, size, centre, radius, rng.uniform(0.02, 0.3))
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), rng.uniform(0.3, 4.0))
        level = rng.choice([0.01, 0.08, 0.2, 1.8]) * np.exp(rng.normal(0, 0.3))
        inner = level * np.exp(rng.uniform(0, 0.6) * smooth_field(rng, size, 9))
        echo = echo * (1 - soft) + echo.mean() * inner * soft
        if rng.random() < 0.5:
            below = np.zeros_like(soft)
            cv2.accumulate(np.maximum.accumulate(soft, 0), below)
            echo = echo * (1 + rng.uniform(-0.6, 1.0) * below * (1 - soft))
        if rng.random() < 0.3:
            rim = cv2.dilate(mask, disc(2)) - mask
            echo[rim > 0] = rng.uniform(0.8, 2.0)
        labels[mask > 0] = value
    return echo, labels


def layers(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Skin, fat, muscle, bone: wavy bands, between them bright thin fascias that are objects too."""
    echo, labels = np.zeros((size, size), np.float32), np.zeros((size, size), np.uint8)
    rows = np.arange(size)[:, None]
    edge, value = np.zeros(size), 0
    tilt = rng.normal(0, 0.12)
    while edge.mean() < size:
        thick = size * np.exp(rng.uniform(np.log(0.05), np.log(0.35)))
        line = rng.normal(0, 0.02 * size, (1, 5)).astype(np.float32)
        line = cv2.resize(line, (size, 1), interpolation=cv2.INTER_CUBIC)[0]
        lower = np.maximum(
            edge + thick + line + tilt * (np.arange(size) - size / 2) * 0.3, edge + 4
        )
        band = (rows >= edge) & (rows < lower)
        texture = np.exp(0.5 * smooth_field(rng, size, 5))
        if rng.random() < 0.5:  # muscle fibres
            slope = rng.uniform(-0.5, 0.5)
            stripe = np.sin((rows + slope * np.arange(size)[None]) / rng.uniform(2.0, 5.0))
            texture = texture * (1 + 0.6 * stripe)
        echo[band] = (rng.uniform(0.1, 0.7) * texture)[band]
        if rng.random() < 0.35:
            value += 1
            labels[band] = value
        fascia = int(rng.integers(2, 9))
        strip = (rows >= lower - fascia / 2) & (rows < lower + fascia / 2)
        echo[strip] = rng.uniform(0.9, 2.5)
        if rng.random() < 0.7:
            value += 1
            labels[strip] = value
        edge = lower + fascia / 2
    return echo, labels


def vessels(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Round lumens with bright walls, and honeycombed nerves, across layered tissue."""
    echo, _ = layers(rng, size)
    labels = np.zeros((size, size), np.uint8)
    for value in range(1, int(rng.integers(2, 5))):
        radius = size * np.exp(rng.uniform(np.log(0.03), np.log(0.12)))
        centre = tuple(rng.uniform(0.15, 0.85, 2) * size)
        mask = blob(rng, size, centre, radius, 0.06)
        rim = cv2.dilate(mask, disc(int(rng.integers(1, 4)))) - mask
        if rng.random() < 0.6:
            echo[mask > 0] = rng.uniform(0.01, 0.12)
        else:
            honeycomb = np.exp(0.9 * smooth_field(rng, size, size // int(rng.integers(6, 12))))
            echo[mask > 0] = (rng.uniform(0.2, 0.5) * honeycomb)[mask > 0]
        echo[rim > 0] = rng.uniform(0.6, 2.0)
        labels[mask > 0] = value
    return echo, labels


def head(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A bright, broken ring around darker tissue: a fetal head, or an organ with a capsule."""
    echo, labels = tissue(rng, size), np.zeros((size, size), np.uint8)
    centre, radius = tuple(rng.uniform(0.35, 0.65, 2) * size), rng.uniform(0.15, 0.38) * size
    mask = blob(rng, size, centre, radius, 0.03)
    ring = cv2.dilate(mask, disc(2)) - cv2.erode(mask, disc(int(rng.integers(1, 5))))
    echo[mask > 0] = (rng.uniform(0.05, 0.3) * np.exp(0.5 * smooth_field(rng, size, 9)))[mask > 0]
    strength = np.clip(0.7 + 0.7 * smooth_field(rng, size, 5), 0.05, 2.5)
    echo[ring > 0] = (rng.uniform(0.8, 2.0) * strength)[ring > 0]
    labels[mask > 0] = 1
    return echo, labels


def render(rng: np.random.Generator, echo: np.ndarray) -> np.ndarray:
    """Echogenicity f32 [S, S] → picture u8 [S, S]."""
    size = echo.shape[0]
    field = rng.standard_normal((2, size, size)).astype(np.float32) * np.maximum(echo, 0)
    axial, lateral = rng.uniform(0.5, 1.2), rng.uniform(0.8, 2.0)
    near = [cv2.GaussianBlur(f, (0, 0), sigmaX=lateral, sigmaY=axial) for f in field]
    far = [cv2.GaussianBlur(f, (0, 0), sigmaX=1.8 * lateral, sigmaY=axial) for f in field]
    depth = (np.arange(size, dtype=np.float32) / size)[:, None]
    spread = [n * (1 - depth) + 1.6 * f * depth for n, f in zip(near, far, strict=True)]
    envelope = np.hypot(*spread)
    envelope *= np.exp(-rng.uniform(0, 1.2) * depth)
    dynamic = rng.uniform(28, 50)  # dB
    reference = np.percentile(envelope, rng.uniform(96, 99.5)) + 1e-6
    x = 1 + 20 * np.log10(envelope / reference + 1e-4) / dynamic
    x = np.clip(x, 0, 1) ** rng.uniform(1.0, 2.4)
    if rng.random() < 0.5:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.0))
    if rng.random() < 0.2:
        x *= shadow(rng, size)
    return (np.clip(x, 0, 1) * 255).astype(np.uint8)


SCENES = {heart: 0.48, lesions: 0.2, layers: 0.12, vessels: 0.1, head: 0.1}


def anatomy(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """A random scene: echogenicity f32 [S, S], labels u8 [S, S], and whether it is a heart."""
    make = list(SCENES)[rng.choice(len(SCENES), p=list(SCENES.values()))]
    return *make(rng, size), make is heart


def scene(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A random scene → picture u8 [S, S], labels u8 [S, S]; half of them by a sector probe, others behind a fan."""
    echo, labels, of_heart = anatomy(rng, size)
    if rng.random() < (0.75 if of_heart else 0.35):
        sector = Sector.random(rng)
        return render_sector(rng, echo, sector), labels * sector.covers(size)
    image = render(rng, echo)
    if rng.random() < 0.4:
        covered = fan(rng, size) > 0
        image, labels = image * covered, labels * covered
    return image, labels
