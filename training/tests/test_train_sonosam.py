import json

import torch

from sonotrack_training import train_sonosam
from sonotrack_training.models.efficientnet_lite import EfficientNetLite2
from sonotrack_training.trained import load_sonosam
from sonotrack_training.weights import save_weights


def run(data, folder, steps, monkeypatch, more=""):
    monkeypatch.setattr(train_sonosam, "imagenet_file", lambda: None)
    monkeypatch.setattr(train_sonosam, "load_imagenet", lambda stem, path: None)
    options = f"--data {data} --checkpoint {folder}/c.pt --log {folder}/log.jsonl --size 64 --images 2"
    options += f" --objects 1 --depth 1 --threads 1 --steps {steps} --other-sizes 0 {more}"
    train_sonosam.main(options.split())
    return torch.load(folder / "c.pt", weights_only=True)


def test_a_run_resumes_where_it_stopped(data, tmp_path, monkeypatch):
    first = run(data, tmp_path, 2, monkeypatch)
    again = run(data, tmp_path, 3, monkeypatch)
    assert (first["step"], again["step"]) == (2, 3)
    assert again["spent"] > first["spent"]
    moved = [k for k in first["model"] if not torch.equal(first["model"][k], again["model"][k])]
    assert any("decoder" in k for k in moved)
    assert not any("stem.stem" in k for k in moved), "the frozen layers must not move"
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [r["event"] for r in records if "event" in r] == ["start", "end", "start", "end"]


def test_the_same_seed_gives_the_same_weights(data, tmp_path, monkeypatch):
    first = run(data, tmp_path, 2, monkeypatch)
    again = run(data, tmp_path, 2, monkeypatch, "--fresh")
    other = run(data, tmp_path, 2, monkeypatch, "--fresh --seed 2")
    name = "decoder.iou.up.weight"
    assert all(torch.equal(first["model"][k], again["model"][k]) for k in first["model"])
    assert not torch.equal(first["model"][name], other["model"][name])


def test_the_stem_can_wait(data, tmp_path, monkeypatch):
    start = run(data, tmp_path, 2, monkeypatch, "--stem-from 0.9")["model"]
    stem = [n for n in start if n.startswith("encoder.stem.")]
    torch.manual_seed(1)
    before = train_sonosam.SonoSamLite(1).state_dict()  # the run's own first weights
    assert stem and all(torch.equal(start[n], before[n]) for n in stem)
    assert not torch.equal(start["decoder.iou.up.weight"], before["decoder.iou.up.weight"])


def test_weights_of_fewer_blocks_grow_into_a_deeper_model(data, tmp_path, monkeypatch):
    first = run(data, tmp_path, 2, monkeypatch)
    init = tmp_path / "first.safetensors"
    save_weights(init, first["average"], {"depth": "1", "size": "64"})
    args = train_sonosam.parse_args(["--data", "x", "--init", str(init), "--depth", "2"])
    grown = train_sonosam.starting_model(args).eval()
    small, size = load_sonosam(init)
    assert size == 64
    image = torch.randint(0, 256, (1, 1, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.allclose(
            grown.encoder(image)["embedding"], small.encoder(image)["embedding"], atol=1e-5
        )


def test_a_teacher_and_another_size_take_part(data, tmp_path, monkeypatch):
    first = run(data, tmp_path, 1, monkeypatch)
    teacher = tmp_path / "teacher.safetensors"
    save_weights(teacher, first["average"], {"depth": "1", "size": "64"})
    more = f"--teacher {teacher} --teacher-size 96 --other-sizes 1 --fresh"
    taught = run(data, tmp_path, 1, monkeypatch, more)
    assert not torch.equal(
        first["model"]["decoder.iou.up.weight"], taught["model"]["decoder.iou.up.weight"]
    )


def test_the_paper_s_rate_halves_and_the_default_s_falls_to_almost_nothing():
    assert [train_sonosam.rate_at("halve", p) for p in (0, 0.3, 0.99)] == [1, 0.5, 0.125]
    rates = [train_sonosam.rate_at("cosine", p / 100) for p in range(101)]
    assert rates[0] == 0.01 and max(rates) == max(rates[9:11]) > 0.97
    assert abs(rates[-1] - 0.02) < 1e-9


def test_same_padding_keeps_the_grid():
    taps = EfficientNetLite2()(torch.zeros(1, 1, 64, 64))
    assert [t.shape[-1] for t in taps] == [32, 16, 8, 4, 2]
    assert tuple(t.shape[1] for t in taps) == EfficientNetLite2.channels


def test_the_decoder_can_learn_alone(data, tmp_path, monkeypatch):
    start = run(data, tmp_path, 2, monkeypatch, "--decoder-only --followed-share 1")["model"]
    torch.manual_seed(1)
    before = train_sonosam.SonoSamLite(1).state_dict()  # the run's own first weights
    moved = {n.split(".")[0] for n in start if not torch.equal(start[n], before[n])}
    assert moved == {"decoder"}


def test_validation_tells_of_corrections_of_followed_masks(data, tmp_path, monkeypatch):
    run(data, tmp_path, 1, monkeypatch)
    end = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    for curve in end["followed"].values():
        assert len(curve) == 6 and 0.5 < curve[0] < 1
    for curve in end["expected"].values():
        assert len(curve) == 5 and all(0 <= dsc <= 1 for dsc in curve)
