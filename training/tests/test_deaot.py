"""The tracker's network: shapes, what must not depend on the slot, and what must not change."""

import numpy as np
import pytest
import torch

from sonotrack_training.models.deaot import DeAot
from sonotrack_training.models.gated_propagation import local_offsets
from sonotrack_training.models.mobilenet_v2 import MobileNetV2, load_imagenet
from sonotrack_training.rollout import Course, follow
from sonotrack_training.tracking_losses import bootstrapped_cross_entropy, dice, soft_jaccard


@pytest.fixture(scope="module")
def model() -> DeAot:
    torch.manual_seed(0)
    return DeAot().eval()


def scene(objects: int = 2, batch: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Images u8[B, 1, 256, 256], masks f32[B, 11, 128, 128], active f32[B, 11]."""
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(20, 200, (batch, 1, 256, 256)).astype(np.uint8))
    masks = torch.zeros(batch, 11, 128, 128)
    for k in range(objects):
        masks[:, k + 1, 10 + 30 * k : 30 + 30 * k, 20:90] = 1
    masks[:, 0] = 1 - masks[:, 1:].sum(1)
    active = (torch.arange(11) <= objects).float().expand(batch, -1)
    return images, masks, active


def state(model: DeAot, image: torch.Tensor, masks: torch.Tensor) -> dict[str, torch.Tensor]:
    """What `propagate` takes beside the frame, after a frame that looked the same and held ``masks``; the second
    reference is empty."""
    batch, side = len(image), masks.shape[-1]
    memory = model.memorize(model.encode(image)[0], masks)
    carried = masks[:, None].repeat(1, 3, 1, 1, 1)
    carried[:, 2] = 0
    return {
        "carried": carried,
        "evidence": torch.full((batch, 3, 2, side, side), 0.5),
        "known": torch.tensor([[1.0, 1.0, 0.0]]).expand(batch, -1),
        "references": torch.stack([memory, torch.zeros_like(memory)], 1),
        "previous_memory": memory,
    }


@torch.no_grad()
def step(model: DeAot, image, before, masks, active, **changed):
    given = {**state(model, before, masks), **changed}
    return model.propagate(image, features=model.encode(image), active=active, **given)


def test_the_parts_have_the_stated_shapes(model: DeAot):
    image, masks, active = scene()
    with torch.no_grad():
        features16, features8, features4 = model.encode(image)
        memory = model.memorize(features16, masks)
    assert features16.shape == (1, 256, 16, 16)
    assert features8.shape == (1, 32, 32, 32)
    assert features4.shape == (1, 24, 64, 64)
    assert memory.shape == (1, 256, model.memory_width)
    result = step(model, image, image, masks, active)
    assert result.masks.shape == (1, 11, 128, 128) and result.quality.shape == (1, 11)
    assert result.gates.shape == (1, 4, 128, 128)


def test_masks_are_probabilities_over_the_active_channels(model: DeAot):
    image, masks, active = scene()
    result = step(model, image.flip(3), image, masks, active)
    assert torch.allclose(result.masks.sum(1), torch.ones(1, 128, 128), atol=1e-5)
    assert result.masks[:, 3:].abs().max() == 0
    assert (
        (result.quality >= 0).all()
        and (result.quality <= 1).all()
        and result.quality[0, 3:].max() == 0
    )


def test_a_frame_propagated_to_itself_gives_its_masks_back(model: DeAot):
    image, masks, active = scene()
    result = step(model, image, image, masks, active)
    assert dice(result.masks, masks)[0, :3].min() > 0.999


def test_an_empty_reference_slot_has_no_say(model: DeAot):
    image, masks, active = scene()
    with torch.no_grad():
        given = state(model, image, masks)
        other = model.memorize(model.encode(image)[0].flip(2), masks.flip(2))
    filled = torch.cat([given["carried"][:, :2], masks.flip(2)[:, None]], 1)
    results = [
        step(model, image, image, masks, active, **changed).masks
        for changed in (
            {},
            {
                "references": torch.stack([given["references"][:, 0], other], 1),
                "carried": filled,
            },
        )
    ]
    assert torch.allclose(*results, atol=1e-6)


def test_a_filled_second_reference_has_a_say(model: DeAot):
    image, masks, active = scene()
    filled = masks[:, None].repeat(1, 3, 1, 1, 1)
    filled[:, 2] = masks.flip(2)
    results = [
        step(model, image, image, masks, active, carried=filled, known=torch.tensor([known])).masks
        for known in ([1.0, 1.0, 0.0], [1.0, 1.0, 1.0])
    ]
    assert (results[0] - results[1]).abs().max() > 0.01


def test_the_fusion_treats_all_slots_alike(model: DeAot):
    # what flow carries does not know slots; where the proposal is shut out, permuting the slots
    # permutes the result
    image, masks, active = scene(3)
    order = torch.tensor([0, 3, 1, 2, 4, 5, 6, 7, 8, 9, 10])
    before = image.roll(2, 3)
    bias = model.fusion.gate.bias.data.clone()
    model.fusion.gate.bias.data[-1] = -1e4
    try:
        plain = step(model, image, before, masks, active).masks
        permuted = step(model, image, before, masks[:, order], active[:, order]).masks
    finally:
        model.fusion.gate.bias.data.copy_(bias)
    assert torch.allclose(plain[:, order], permuted, atol=1e-3)


def test_a_batch_gives_what_its_clips_give_alone(model: DeAot):
    image, masks, active = scene(batch=2)
    before = torch.cat([image[:1].roll(3, 3), image[1:].roll(1, 2)])
    together = step(model, image, before, masks, active).masks
    alone = [
        step(model, image[i : i + 1], before[i : i + 1], masks[i : i + 1], active[i : i + 1]).masks
        for i in range(2)
    ]
    assert torch.allclose(together, torch.cat(alone), atol=1e-4)


def test_following_a_clip_yields_every_frame_after_the_start(model: DeAot):
    images, masks, active = scene()
    clip = torch.stack([images[:, 0].roll(i, 2) for i in range(4)], 1)  # [1, 4, 256, 256]
    with torch.no_grad():
        assert [t for t, *_ in follow(model, clip, masks, masks, active)] == [1, 2, 3]
        later = follow(model, clip, masks, masks, active, Course(start=1, second=2), masks)
        assert [t for t, *_ in later] == [2, 3]


def test_every_trainable_weight_but_the_zeroed_gate_gets_a_gradient():
    torch.manual_seed(0)
    model = DeAot().train()
    images, masks, active = scene()
    clip = torch.stack([images[:, 0].roll(2 * i, 2) for i in range(3)], 1)
    loss = 0.0
    for _, result, _ in follow(model, clip, masks, masks, active):
        loss = loss + bootstrapped_cross_entropy(result.masks, masks) + result.quality.sum()
        loss = loss + bootstrapped_cross_entropy(result.proposal, masks)
    loss.backward()
    # the gate's last layer starts at zero and so passes nothing back at first
    without = {n for n, p in model.named_parameters() if p.grad is None}
    assert without == set()


def test_local_offsets_exclude_what_is_out_of_reach():
    index, inside = local_offsets(4, 1)
    assert index.shape == (16, 16) and inside[0].nonzero().flatten().tolist() == [0, 1, 4, 5]
    assert index[5, 5] == 4 and index[5, 0] == 0 and index[5, 10] == 8


def test_imagenet_weights_fill_every_convolution_and_fold_the_colours(tmp_path):
    model = MobileNetV2()
    arrays, expected = {}, None
    for i, convolution in enumerate(model.convolutions()):
        shape = list(convolution.weight.shape)
        if i == 0:
            shape[1] = 3
        weight = np.full(shape, 0.5, np.float32)
        kind = "dw" if convolution.groups > 1 else "conv"
        arrays[f"{i:02d}_{kind}_w"], arrays[f"{i:02d}_{kind}_b"] = (
            weight,
            np.full(shape[0], i, np.float32),
        )
        expected = i
    np.savez(tmp_path / "weights.npz", **arrays)
    load_imagenet(model, tmp_path / "weights.npz")
    layers = model.convolutions()
    assert layers[0].weight.min() == 1.5  # three colours of 0.5 each
    assert layers[-1].bias.max() == expected and layers[-1].weight.max() == 0.5


def test_missing_imagenet_weights_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected the ImageNet weights for `weights`"):
        load_imagenet(MobileNetV2(), tmp_path / "none.npz")


def test_dice_of_a_hand_made_pair():
    truth = torch.zeros(1, 2, 2, 2)
    truth[0, 1, 0] = 1  # the upper row
    truth[0, 0, 1] = 1
    masks = torch.zeros(1, 2, 2, 2)
    masks[0, 1, :, 0] = 1  # the left column
    masks[0, 0, :, 1] = 1
    assert dice(masks, truth).tolist() == [[0.5, 0.5]]
    assert dice(truth, truth).tolist() == [[1.0, 1.0]]


def test_losses_fall_as_masks_approach_the_truth():
    _, truth, active = scene()
    poor = torch.full_like(truth, 1 / 11)
    better = 0.5 * poor + 0.5 * truth
    for loss in (
        lambda m: bootstrapped_cross_entropy(m, truth),
        lambda m: soft_jaccard(m, truth, active),
    ):
        assert loss(truth) < loss(better) < loss(poor)
    assert soft_jaccard(truth, truth, active) == 0
