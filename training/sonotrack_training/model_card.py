"""The model card of a bundle, from its manifest: nothing in it is written by hand twice."""

from __future__ import annotations

from typing import Any

SONOSAM = """\
- **SonoSAMLite**: promptable segmentation, {size} px input: EfficientNet-Lite2 (ImageNet, Apache-2.0), ViT blocks, SAM-like
  prompt encoder and mask decoder."""

DEAOT = """\
- **DeAOT-T**: tracking of up to {slots} objects, {size} px input: MobileNetV2 (ImageNet, Apache-2.0), gated propagation,
  guided by dense optical flow of the runtime."""

INTENDED_USE = """\
Outlining a structure that a person clicks on in an ultrasound image, and following it through a cine loop; for research,
annotation and the development of scanner software. **Not a medical device**: not for diagnosis or treatment decisions.
"""

LIMITS = """\
- Trained on about 1,700 images of a few anatomies (mostly fetal heads, muscles, nerves and breast lesions) and on synthetic
  scenes; other anatomies work by generality, worse and with more clicks. The figures below say how much.
- Thin and open structures (aponeuroses, the myocardium) need the most clicks, and the myocardium is often not what a box
  around it gives.
- B-mode only: no Doppler, no M-mode, no 3-D context.
- `score` and `quality` are estimates of the model itself, not calibrated on clinical data.
- Tracking rests on optical flow: where nothing of the anchor frame is left and the frames in between are missing (one step
  from diastole to systole, a jump of the probe) it is much worse than over a cine.
- The idea behind the tracker's flow came from seeing earlier versions fail on the cine loops that are used for evaluation; its
  constants were chosen on synthetic cines, and no weight was trained on the loops.
"""

PICTURES = """\
Pictures of the repository's documentation: [objects after three clicks](../../docs/images/clicks.png), from the worst to the
best of each set, and [the ten worst](../../docs/images/clicks-worst.png), of the sets that may be shown (truth blue, answer
orange)."""

CLICK_COLUMNS = (("1", "1"), ("2", "2"), ("3", "3"), ("5", "5"), ("10", "10"))


def click_table(figures: dict[str, Any]) -> list[str]:
    """Mean DSC after clicks, the best of ten and from a box, and the share of at least 0.80 after five; a row a set."""
    head = "| set | images | objects | " + " | ".join(f"DSC@{t}" for _, t in CLICK_COLUMNS)
    rows = [head + " | max | ≥ 0.80 @5 | box |", "|" + "---|" * (len(CLICK_COLUMNS) + 6)]
    for name, f in figures.items():
        dsc = " | ".join(f"{f['dscAt'][k]:.3f}" for k, _ in CLICK_COLUMNS)
        rest = f"{f['maxDsc']:.3f} | {f['over80ByClick'][4]:.2f} | {f['boxDsc']:.3f}"
        rows.append(f"| {name} | {f['images']} | {f['objects']} | {dsc} | {rest} |")
    return rows


def model_card(manifest: dict[str, Any]) -> str:
    """Markdown of one bundle; tables of figures only where the manifest holds them."""
    lines = [
        f"# Model card: {manifest['name']} {manifest['version']} ({manifest['precision']})",
        "",
        "Generated from `manifest.json`; do not edit.",
        "",
        "## Models",
        "",
        SONOSAM.format(size=manifest["sonosam"]["inputSizePx"]),
        DEAOT.format(
            slots=manifest["deaot"]["objectSlots"], size=manifest["deaot"]["inputSizePx"]
        ),
        "",
        "## Intended use",
        "",
        INTENDED_USE,
        "## Limits",
        "",
        LIMITS,
        "## Training data",
        "",
        "Real images below, and synthetic ultrasound (`training/sonotrack_training/data/synthetic.py`).",
        "",
        "| set | images | licence | citation |",
        "|---|---|---|---|",
    ]
    for row in manifest["trainingData"]:
        lines.append(f"| {row['set']} | {row['images']} | {row['licence']} | {row['citation']} |")
    clicks = manifest["metrics"].get("clicks")
    if clicks:
        lines += ["", "## Figures: clicks", "", "Mean DSC over the objects of a set (simulated clicks).", ""]
        lines += click_table(clicks["bySet"])
        lines += ["", PICTURES]
    lines += ["", "## Files", "", "| file | bytes | SHA-256 |", "|---|---|---|"]
    for name, file in manifest["files"].items():
        lines.append(f"| {name} | {file['bytes']} | `{file['sha256']}` |")
    return "\n".join(lines) + "\n"
