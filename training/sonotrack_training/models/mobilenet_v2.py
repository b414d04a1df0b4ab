"""MobileNetV2-1.0 (Sandler et al. 2018) up to stride 16, with batch norm folded into the
convolutions.

The layout follows the TensorFlow release that the ImageNet weights come from: SAME padding (the odd
pixel at the bottom and right), ReLU6 after the expansion and the depthwise convolution, a linear
projection. Legend: B batch, H/W px.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import zero_pad

# expansion, channels, blocks, stride of the first block (table 2 of the paper, as far as stride 16)
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
CHANNELS4, CHANNELS8, CHANNELS16 = 24, 32, 96


class SameConv(nn.Conv2d):
    """3 x 3 or 1 x 1 convolution with TensorFlow's SAME padding for even sizes."""

    def forward(self, x: Tensor) -> Tensor:
        side, stride = self.kernel_size[0], self.stride[0]
        if side == 3:
            x = zero_pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))
        return super().forward(x)


class InvertedResidual(nn.Module):
    """Expand, filter per channel, project; the input is added where shapes allow."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.adds = stride == 1 and inputs == outputs
        self.expand = SameConv(inputs, hidden, 1) if expansion != 1 else nn.Identity()
        self.filter = SameConv(hidden, hidden, 3, stride, groups=hidden)
        self.project = SameConv(hidden, outputs, 1)
        self.expands = expansion != 1

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self.expand(x)) if self.expands else x
        y = self.project(F.relu6(self.filter(y)))
        return x + y if self.adds else y


class MobileNetV2(nn.Module):
    """Gray image -> features at strides 4, 8 and 16."""

    def __init__(self) -> None:
        super().__init__()
        # one gray channel: the three kernels of an RGB image with equal channels, summed (see
        # `load_imagenet`)
        self.first = SameConv(1, 32, 3, 2)
        channels, stages = 32, []
        for expansion, outputs, blocks, stride in STAGES:
            stage = []
            for i in range(blocks):
                stage.append(
                    InvertedResidual(channels, outputs, stride if i == 0 else 1, expansion)
                )
                channels = outputs
            stages.append(nn.Sequential(*stage))
        self.stages = nn.ModuleList(stages)

    def low(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """``image`` f32[B, 1, H, W] gray 0-255 -> features f32[B, 24, H/4, W/4] and f32[B, 32, H/8,
        W/8]."""
        x = F.relu6(self.first(image / 127.5 - 1))
        features4 = self.stages[1](self.stages[0](x))
        return features4, self.stages[2](features4)

    def high(self, features8: Tensor) -> Tensor:
        """``features8`` f32[B, 32, H/8, W/8] -> f32[B, 96, H/16, W/16]."""
        return self.stages[4](self.stages[3](features8))

    def convolutions(self) -> list[nn.Conv2d]:
        """All convolutions in the order in which the data meets them."""
        return [m for m in self.modules() if isinstance(m, nn.Conv2d)]


def load_imagenet(model: MobileNetV2, path: Path) -> None:
    """Fills ``model`` from the arrays ``NN_conv_w``, ``NN_conv_b`` (or ``_dw_``), OIHW, in order.

    Raises ``FileNotFoundError`` where ``path`` is missing and ``ValueError`` where a shape does not
    fit.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"expected the ImageNet weights for `weights` but received {path} (no such file)"
        )
    with np.load(path) as arrays:
        names = sorted(arrays.files)
        kernels = [arrays[n] for n in names if n.endswith("_w")]
        biases = [arrays[n] for n in names if n.endswith("_b")]
    with torch.no_grad():
        for i, convolution in enumerate(model.convolutions()):
            kernel = torch.from_numpy(kernels[i])
            if i == 0:
                kernel = kernel.sum(1, keepdim=True)
            if kernel.shape != convolution.weight.shape:
                raise ValueError(
                    f"expected {tuple(convolution.weight.shape)} for `kernel {i}` "
                    f"but received {tuple(kernel.shape)}"
                )
            convolution.weight.copy_(kernel)
            convolution.bias.copy_(torch.from_numpy(biases[i]))
