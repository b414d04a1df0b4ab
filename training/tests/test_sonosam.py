import numpy as np
import onnxruntime as ort
import pytest
import torch

from sonotrack_training.export_sonosam import CLICKED_LOGIT, FEATURES, export, obey
from sonotrack_training.models.layers import ResidualConv, grid_encoding
from sonotrack_training.models.sonosam import SonoSamLite
from sonotrack_training.models.sonosam_encoder import VitBlock
from sonotrack_training.models.sonosam_prompts import click_maps

SIZE = 64


@pytest.fixture(scope="module")
def model() -> SonoSamLite:
    torch.manual_seed(0)
    model = SonoSamLite(depth=1).eval()
    for head in (model.decoder.weights4, model.decoder.weights2):  # as after training: not near zero
        torch.nn.init.normal_(head.down.weight, std=0.2)
    return model


def prompts(points: int = 2) -> tuple[torch.Tensor, ...]:
    given = torch.tensor([[[20.0, 30, 1], [40, 10, 0]]])[:, :points]
    return given, torch.zeros(1, 4), torch.zeros(1, 1, SIZE // 2, SIZE // 2)


def test_shapes_of_the_features_and_the_masks(model):
    with torch.no_grad():
        features = model.encoder(torch.zeros(1, 1, SIZE, SIZE))
        logits, scores = model.decoder(features, *prompts())
    assert features["embedding"].shape == (1, 256, 4, 4)
    assert [features[n].shape[-1] for n in ("skip8", "skip4", "skip2")] == [8, 16, 32]
    assert logits.shape == (1, 4, 32, 32) and scores.shape == (1, 4)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_click_maps_peak_where_the_click_is():
    given, box, previous = prompts()
    maps = click_maps(given, box, previous, SIZE)[0]
    assert maps.shape == (6, 16, 16)
    for channel, (x, y) in ((0, (20, 30)), (2, (40, 10))):
        row, column = divmod(int(maps[channel].argmax()), 16)
        assert abs(column * 4 + 2 - x) <= 2 and abs(row * 4 + 2 - y) <= 2


def test_click_maps_of_a_box_cover_the_cells_inside():
    _, _, previous = prompts()
    unused = torch.tensor([[[0.0, 0, -1]]])
    maps = click_maps(unused, torch.tensor([[8.0, 16, 24, 20]]), previous, SIZE)[0]
    assert maps[4].sum() == 4 and maps[4, 4, 2:6].all()
    assert maps[:4].sum() == 0


def test_unused_points_change_nothing(model):
    given, box, previous = prompts(1)
    padded = torch.cat([given, torch.tensor([[[5.0, 5, -1]] * 7])], 1)
    with torch.no_grad():
        features = model.encoder(torch.rand(1, 1, SIZE, SIZE) * 255)
        a, _ = model.decoder(features, given, box, previous)
        b, _ = model.decoder(features, padded, box, previous)
    assert torch.allclose(a, b, atol=1e-4)


def test_new_blocks_change_nothing_at_first():
    x = torch.randn(1, 9, 384)
    assert torch.equal(VitBlock(384, 6)(x), x)
    y = torch.randn(1, 8, 5, 5)
    assert torch.equal(ResidualConv(8)(y), y)


def test_positions_are_fractions_of_the_side():
    small, large = grid_encoding(2, 2, 16), grid_encoding(6, 6, 16)
    # cell 0 of 2 has its centre at 1/4 = cell 1 of 6
    assert torch.allclose(small[0, 0], large[0, 1 * 6 + 1], atol=1e-5)


def test_the_exported_graphs_answer_as_the_model_does(model, tmp_path):
    export(model, SIZE, tmp_path)
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (1, 1, SIZE, SIZE)).astype(np.uint8)
    encoder = ort.InferenceSession(str(tmp_path / "sonosam-encoder.onnx"))
    decoder = ort.InferenceSession(str(tmp_path / "sonosam-decoder.onnx"))
    features = dict(zip(FEATURES, encoder.run(FEATURES, {"image": image}), strict=True))
    points = np.zeros((1, 32, 3), np.float32)
    points[:, :, 2] = -1
    points[0, 0] = [20, 30, 1]
    with torch.no_grad():
        given, box, previous = prompts(1)
        logits, scores = model(torch.from_numpy(image), given, box, previous)
    feed = {"points": points, "box": box.numpy(), "previous": (previous.numpy()).astype(np.uint8)}
    mask, score, candidates, candidate_scores = decoder.run(None, {**features, **feed})
    best = 1 + int(scores[0, 1:].argmax())
    logits = obey(logits, given)
    # one point alone: the best candidate
    assert np.abs(mask - logits[:, best : best + 1].numpy()).max() < 1e-3
    assert abs(score[0] - scores[0, best].item()) < 1e-4
    assert (np.diff(candidate_scores[0]) <= 0).all() and np.array_equal(candidates[:, :1], mask)
    points[0, 1] = [40, 10, 0]
    with torch.no_grad():
        given, box, previous = prompts(2)
        logits = obey(model(torch.from_numpy(image), given, box, previous)[0], given)
    mask = decoder.run(["mask"], {**features, **feed, "points": points})[0]
    assert np.abs(mask - logits[:, :1].numpy()).max() < 1e-3


def test_the_clicked_pixel_is_obeyed_and_what_lies_beyond_is_left_alone():
    logits = torch.full((1, 2, 32, 32), -3.0)
    logits[:, :, 16:] = 3.0
    points = torch.tensor([[[20.3, 11.9, 1.0], [40.0, 50.1, 0.0], [12.0, 40.0, 1.0], [5.0, 5.0, -1.0]]])
    answer = obey(logits, points)
    places = (2 * points[:, :, None, :2] / 64 - 1).expand(1, -1, -1, -1)
    there = torch.nn.functional.grid_sample(answer, places, align_corners=False)[..., 0]
    assert torch.allclose(there[0, 0, :3], torch.tensor([CLICKED_LOGIT, -CLICKED_LOGIT, 3.0]))
    changed = (answer != logits)[0, 0]
    rows, columns = torch.nonzero(changed, as_tuple=True)
    apart = (torch.stack([columns, rows], -1) + 0.5)[:, None] - points[0, :2, :2] / 2
    assert 8 <= changed.sum() <= 18 and (apart.abs().amax(-1).amin(-1) < 1.3).all()


def test_of_two_clicks_in_one_cell_the_nearer_one_has_it():
    points = torch.tensor([[[21.0, 21.0, 1.0], [25.0, 21.0, 0.0]]])
    answer = obey(torch.zeros(1, 1, 32, 32), points)[0, 0]
    assert answer[10, 10] == CLICKED_LOGIT and answer[10, 12] == -CLICKED_LOGIT
