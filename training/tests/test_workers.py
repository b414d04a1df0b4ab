import torch

from sonotrack_training import workers
from sonotrack_training.workers import Workers


def job(own: Workers, folder: str) -> None:
    weight = torch.full((2, 3, 4, 4), float(own.rank)).to(memory_format=torch.channels_last)
    bias = torch.tensor([1.0 + own.rank])
    own.average([weight, bias])
    number = own.mean(10.0 * own.rank)
    torch.save((weight, bias, number), f"{folder}/{own.rank}.pt")


def test_all_get_the_mean(tmp_path):
    workers.run(2, job, str(tmp_path))
    for rank in range(2):
        weight, bias, number = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert (weight == 0.5).all() and bias.item() == 1.5 and number == 5
        assert weight.is_contiguous(memory_format=torch.channels_last)


def test_one_alone_changes_nothing(tmp_path):
    workers.run(1, job, str(tmp_path))
    weight, bias, number = torch.load(tmp_path / "0.pt", weights_only=True)
    assert (weight == 0).all() and bias.item() == 1 and number == 0
