"""The fast forms against the plain operators."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from sonotrack_training.models.grids import channel_softmax, channel_sum, double, halve


def test_each_equals_its_plain_operator() -> None:
    x = torch.randn(2, 5, 8, 12, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(halve(x), F.avg_pool2d(x, 2))
    torch.testing.assert_close(channel_sum(x), x.sum(1, keepdim=True))
    torch.testing.assert_close(channel_softmax(x), torch.softmax(x, 1))
    assert double(x).shape == (2, 5, 16, 24)


def test_softmax_over_channels_takes_excluded_and_large_logits() -> None:
    x = torch.tensor([3e4, 3e4 - 1, -1e4]).reshape(1, 3, 1, 1)
    torch.testing.assert_close(channel_softmax(x), torch.softmax(x, 1))
