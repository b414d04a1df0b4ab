import torch

from sonotrack_training.distillation import best_of, binary_kl
from sonotrack_training.models.several_looks import SeveralLooks
from sonotrack_training.models.sonosam import SonoSamLite


def test_kl_of_two_cells_by_hand():
    student = torch.zeros(1, 1, 1, 2)  # p = 1/2
    teacher = torch.log(torch.tensor([[[[1.0, 3.0]]]]))  # q = 1/2, 3/4
    # second cell: ½·ln(½ / ¾) + ½·ln(½ / ¼)
    expected = 0.5 * (0.5 * torch.log(torch.tensor(2 / 3)) + 0.5 * torch.log(torch.tensor(2.0)))
    assert torch.allclose(binary_kl(student, teacher), expected)


def test_kl_is_none_where_both_agree_and_stays_finite():
    logits = torch.linspace(-6, 6, 16).reshape(1, 1, 4, 4)
    assert binary_kl(logits, logits).abs().item() < 1e-5
    assert binary_kl(torch.full_like(logits, 80.0), torch.full_like(logits, -80.0)).isfinite().all()


def test_of_the_teacher_s_masks_the_best_is_the_target():
    target = torch.zeros(2, 1, 2, 2)
    target[0, 0, 0], target[1, 0, 1] = 1, 1
    rows = torch.tensor([[[1.0, 1], [-1, -1]], [[-1.0, -1], [1, 1]]])
    logits = torch.stack([rows, rows])  # two masks: upper and lower row
    assert best_of(logits, target)[:, 0].tolist() == rows.tolist()


def test_a_mirrored_picture_gets_the_mirrored_answer():
    torch.manual_seed(0)
    model = SonoSamLite(depth=1)
    for head in (model.decoder.weights4, model.decoder.weights2):
        torch.nn.init.normal_(head.down.weight, std=0.2)
    teacher = SeveralLooks(model, size=96).eval()
    images = torch.randint(0, 256, (1, 1, 64, 64), dtype=torch.uint8)
    previous = torch.zeros(1, 1, 32, 32)
    previous[..., 4:20, 3:14] = 1
    points, box = torch.tensor([[[16.0, 20, 1]]]), torch.tensor([[6.0, 8, 28, 40]])
    with torch.no_grad():
        masks, scores = teacher.decoder(teacher.encoder(images), points, box, previous)
        points[..., 0], box = 64 - points[..., 0], torch.tensor([[36.0, 8, 58, 40]])
        features = teacher.encoder(images.flip(3))
        mirrored, same_scores = teacher.decoder(features, points, box, previous.flip(3))
    assert masks.shape == (1, 4, 32, 32)
    assert torch.allclose(masks, mirrored.flip(3), atol=1e-3)
    assert torch.allclose(scores, same_scores, atol=1e-4)
