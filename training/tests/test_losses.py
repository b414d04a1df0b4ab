import torch

from sonotrack_training.losses import click_loss, dice_loss, focal_loss, iou, mask_loss


def test_a_certain_and_right_mask_costs_almost_nothing():
    target = torch.zeros(1, 1, 4, 4)
    target[..., :2] = 1
    right, wrong = (target * 2 - 1) * 20, (1 - target * 2) * 20
    assert mask_loss(right, target).item() < 0.01
    assert mask_loss(wrong, target).item() > 10


def test_dice_loss_of_half_overlap_by_hand():
    target = torch.zeros(1, 1, 1, 4)
    target[..., :2] = 1
    logits = torch.tensor([[[[-50.0, 50, 50, -50]]]])
    # p = 0 1 1 0: 2·1 + 1 over 2 + 2 + 1
    assert abs(dice_loss(logits, target).item() - (1 - 3 / 5)) < 1e-5


def test_focal_loss_of_an_undecided_cell_by_hand():
    # log 2 times (1/2)²
    assert abs(focal_loss(torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)).item() - 0.1733) < 1e-3


def test_iou_counts_cells_and_two_empty_masks_agree():
    target = torch.tensor([[[[1.0, 1, 0, 0]]]])
    logits = torch.tensor([[[[1.0, -1, 1, -1]], [[-1.0, -1, -1, -1]]]]).reshape(1, 2, 1, 4)
    assert torch.allclose(iou(logits, target), torch.tensor([[1 / 3, 0.0]]))
    assert iou(-torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)).item() == 1


def test_click_loss_asks_for_a_margin_at_the_clicked_cells():
    logits = torch.full((1, 1, 4, 4), -3.0)
    logits[0, 0, 1, 2] = 0.25
    # the centre of column 2, row 1; and of column 0, row 3; and an unused row
    points = torch.tensor([[[2.5 / 4, 1.5 / 4, 1], [0.5 / 4, 3.5 / 4, 0], [0, 0, -1]]])
    assert torch.allclose(click_loss(logits, points), torch.tensor([[0.75 / 2]]))
    assert torch.allclose(click_loss(-logits, points), torch.tensor([[(1.25 + 4) / 2]]))
    assert click_loss(logits, torch.tensor([[[0.0, 0, -1]]])).item() == 0
