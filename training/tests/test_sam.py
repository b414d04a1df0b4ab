import json

import pytest
import torch

from sonotrack_training import train_sonosam
from sonotrack_training.models.sonosam_teacher import SonoSam


def linear(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def conv(name: str, *shape: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": (outputs,)}


def attention(name: str, inner: int) -> dict[str, tuple[int, ...]]:
    shapes = {}
    for part in ("q_proj", "k_proj", "v_proj"):
        shapes |= linear(f"{name}.{part}", 256, inner)
    return shapes | linear(f"{name}.out_proj", inner, 256)


def public_checkpoint() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors in sam_vit_b_01ec64.pth."""
    e = "image_encoder"
    shapes = {f"{e}.pos_embed": (1, 64, 64, 768)}
    shapes |= conv(f"{e}.patch_embed.proj", 768, 3, 16, 16, outputs=768)
    for i in range(12):
        b, reach = f"{e}.blocks.{i}", 127 if i in (2, 5, 8, 11) else 27
        shapes |= norm(f"{b}.norm1", 768) | norm(f"{b}.norm2", 768)
        shapes |= linear(f"{b}.attn.qkv", 768, 2304) | linear(f"{b}.attn.proj", 768, 768)
        shapes |= {f"{b}.attn.rel_pos_h": (reach, 64), f"{b}.attn.rel_pos_w": (reach, 64)}
        shapes |= linear(f"{b}.mlp.lin1", 768, 3072) | linear(f"{b}.mlp.lin2", 3072, 768)
    shapes |= {f"{e}.neck.0.weight": (256, 768, 1, 1), f"{e}.neck.2.weight": (256, 256, 3, 3)}
    shapes |= norm(f"{e}.neck.1", 256) | norm(f"{e}.neck.3", 256)

    p = "prompt_encoder"
    shapes |= {f"{p}.pe_layer.positional_encoding_gaussian_matrix": (2, 128)}
    shapes |= {f"{p}.point_embeddings.{i}.weight": (1, 256) for i in range(4)}
    shapes |= {f"{p}.not_a_point_embed.weight": (1, 256), f"{p}.no_mask_embed.weight": (1, 256)}
    shapes |= conv(f"{p}.mask_downscaling.0", 4, 1, 2, 2, outputs=4) | norm(f"{p}.mask_downscaling.1", 4)
    shapes |= conv(f"{p}.mask_downscaling.3", 16, 4, 2, 2, outputs=16)
    shapes |= norm(f"{p}.mask_downscaling.4", 16)
    shapes |= conv(f"{p}.mask_downscaling.6", 256, 16, 1, 1, outputs=256)

    d = "mask_decoder"
    for i in range(2):
        t = f"{d}.transformer.layers.{i}"
        shapes |= attention(f"{t}.self_attn", 256)
        shapes |= attention(f"{t}.cross_attn_token_to_image", 128)
        shapes |= attention(f"{t}.cross_attn_image_to_token", 128)
        shapes |= linear(f"{t}.mlp.lin1", 256, 2048) | linear(f"{t}.mlp.lin2", 2048, 256)
        for n in range(1, 5):
            shapes |= norm(f"{t}.norm{n}", 256)
    shapes |= attention(f"{d}.transformer.final_attn_token_to_image", 128)
    shapes |= norm(f"{d}.transformer.norm_final_attn", 256)
    shapes |= {f"{d}.iou_token.weight": (1, 256), f"{d}.mask_tokens.weight": (4, 256)}
    shapes |= conv(f"{d}.output_upscaling.0", 256, 64, 2, 2, outputs=64)
    shapes |= norm(f"{d}.output_upscaling.1", 64)
    shapes |= conv(f"{d}.output_upscaling.3", 64, 32, 2, 2, outputs=32)
    for i in range(4):
        h = f"{d}.output_hypernetworks_mlps.{i}.layers"
        shapes |= linear(f"{h}.0", 256, 256) | linear(f"{h}.1", 256, 256) | linear(f"{h}.2", 256, 32)
    h = f"{d}.iou_prediction_head.layers"
    shapes |= linear(f"{h}.0", 256, 256) | linear(f"{h}.1", 256, 256) | linear(f"{h}.2", 256, 4)
    return shapes


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Random tensors of the public checkpoint's names and shapes."""
    torch.manual_seed(0)
    tensors = {name: torch.randn(shape) * 0.02 for name, shape in public_checkpoint().items()}
    assert sum(t.numel() for t in tensors.values()) == 93_735_728, "SAM ViT-B's parameters and buffer"
    path = tmp_path_factory.mktemp("sam") / "sam_vit_b.pth"
    torch.save(tensors, path)
    return path


def test_two_steps_move_the_decoder_and_leave_the_encoder(checkpoint, data, tmp_path):
    options = f"--data {data} --sam {checkpoint} --checkpoint {tmp_path}/c.pt --log {tmp_path}/log.jsonl"
    options += " --size 64 --other-sizes 0 --images 2 --objects 1 --threads 2 --steps 2"
    train_sonosam.main(options.split())
    trained = torch.load(tmp_path / "c.pt", weights_only=True)["model"]
    given = torch.load(checkpoint, weights_only=True)
    for name, tensor in given.items():
        if name.startswith("image_encoder."):
            mine = trained[f"encoder.encoder.{name.removeprefix('image_encoder.')}"]
            assert torch.equal(mine, tensor), name
    for name in ("prompt_encoder.no_mask_embed.weight", "mask_decoder.mask_tokens.weight"):
        assert not torch.equal(trained[f"decoder.{name}"], given[name]), name
    last = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert last["event"] == "end" and 0 <= last["dsc"]["bus_bra"][0] <= 1


def test_a_checkpoint_that_lacks_a_tensor_is_refused(checkpoint, tmp_path):
    tensors = torch.load(checkpoint, weights_only=True)
    del tensors["mask_decoder.iou_token.weight"]
    torch.save(tensors, tmp_path / "part.pth")
    with pytest.raises(RuntimeError, match="iou_token"):
        SonoSam().load_sam(tmp_path / "part.pth")


def test_shapes_of_the_masks():
    model = SonoSam().eval()
    points, box = torch.tensor([[[20.0, 30, 1], [1, 1, -1]]]), torch.zeros(1, 4)
    previous = torch.zeros(1, 1, 32, 32)
    with torch.no_grad():
        features = model.encoder(torch.zeros(1, 1, 64, 64, dtype=torch.uint8))
        logits, iou = model.decoder(features, points, box, previous)
    assert features["embedding"].shape == (1, 256, 4, 4)
    assert logits.shape == (1, 4, 32, 32) and iou.shape == (1, 4)
