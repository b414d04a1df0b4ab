import numpy as np
import torch

from sonotrack_training.click_loop import Prompts, ambiguous_rows, answer_of
from sonotrack_training.data import prompts


def square(size: int = 16, lo: int = 4, hi: int = 12) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    mask[lo:hi, lo:hi] = 1
    return mask


def test_the_innermost_point_of_a_3_by_3_square_is_its_centre():
    mask = square(5, 1, 4)
    assert prompts.point_in(np.random.default_rng(0), mask, exact=1.0) == (2.5, 2.5)


def test_what_lies_beyond_the_picture_counts_as_outside():
    assert prompts.depth(np.ones((3, 3), np.uint8))[1, 1] > prompts.depth(np.ones((3, 3), np.uint8))[0, 0]


def test_a_missed_region_gets_a_foreground_click_inside_it():
    predicted = np.zeros((16, 16), np.uint8)
    x, y, label = prompts.next_point(np.random.default_rng(0), square(), predicted, exact=1.0)
    assert label == 1 and square()[int(y), int(x)] == 1


def test_a_surplus_region_gets_a_background_click_inside_it():
    predicted = square(16, 2, 15)
    x, y, label = prompts.next_point(np.random.default_rng(0), square(16, 2, 6), predicted, exact=1.0)
    assert label == 0 and square(16, 2, 6)[int(y), int(x)] == 0 and predicted[int(y), int(x)] == 1


def test_a_perfect_mask_gets_no_click():
    assert prompts.next_point(np.random.default_rng(0), square(), square()) is None


def test_a_box_without_jitter_is_the_half_open_box():
    box = prompts.loose_box(np.random.default_rng(0), square(16, 4, 12), jitter=0.0)
    assert box.tolist() == [4, 4, 12, 12]


def test_prompts_are_given_in_input_pixels():
    held = Prompts(square().astype(np.float32)[None, None], 32, np.random.default_rng(0))
    held.add_point(0, 3.5, 4.5, 1.0)
    points, _, _ = held.tensors("cpu")
    assert points[0, 0].tolist() == [7, 9, 1]


def test_the_answer_becomes_the_previous_mask_and_a_click_on_its_error():
    held = Prompts(square().astype(np.float32)[None, None], 32, np.random.default_rng(0))
    held.start(box_share=0.0)
    held.follow(torch.full((1, 1, 16, 16), -1.0), exact=1.0)
    assert held.used[0] == 2 and held.previous.sum() == 0
    points, _, _ = held.tensors("cpu")
    assert points[0, 1, 2] == 1


def test_one_point_alone_is_ambiguous_and_takes_the_best_candidate():
    points = torch.tensor([[[1.0, 1, 1], [0, 0, -1]], [[1, 1, 1], [2, 2, 0]]])
    box, previous = torch.zeros(2, 4), torch.zeros(2, 1, 2, 2)
    rows = ambiguous_rows(points, box, previous)
    assert rows.tolist() == [True, False]
    logits = torch.arange(4.0).reshape(1, 4, 1, 1).expand(2, 4, 2, 2)
    scores = torch.tensor([[0.9, 0.1, 0.8, 0.2]] * 2)
    assert answer_of(logits, scores, rows)[:, 0, 0, 0].tolist() == [2, 0]


def test_a_box_or_a_previous_mask_ends_the_ambiguity():
    points = torch.tensor([[[1.0, 1, 1]]])
    unused = torch.tensor([[[0.0, 0, -1]]])
    none, box = torch.zeros(1, 1, 2, 2), torch.tensor([[0.0, 0, 4, 4]])
    assert not ambiguous_rows(points, box, none)[0]
    assert not ambiguous_rows(unused, box, none)[0]
    assert not ambiguous_rows(points, torch.zeros(1, 4), torch.ones(1, 1, 2, 2))[0]
