"""Opens what this program has written with PyTorch and ONNX Runtime, and compares what the networks make.

    python check.py FOLDER

`cases.json` in the folder lists the cases: files without an ending, the network's settings, an input, and the
output of our own engine. Ends with an error at the first case that differs.
"""

import json
import sys
import warnings
import zipfile
from pathlib import Path

import torch
from networks import NLayerDiscriminator, ResnetGenerator

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

# Float32 in another order of sums; float16 weights may move a pixel by two levels of 255.
EQUAL = {"float32": 1e-3, "float16": 2 / 127.5}
# PyTorch and ours with the same weights.
SAME = 1e-4


def tensor(numbers, shape):
    return torch.tensor(numbers, dtype=torch.float32).reshape(shape)


def in_pytorch(path, network, half):
    assert zipfile.ZipFile(path).testzip() is None, "a checksum is wrong"
    state = torch.load(path, map_location="cpu", weights_only=True)
    wanted = torch.float16 if half else torch.float32
    assert all(value.dtype == wanted for value in state.values())
    # The order in which PyTorch itself would have saved it.
    assert list(state) == list(network.state_dict()), list(state)
    filters = {name: value.clone() for name, value in network.state_dict().items() if name.endswith(".filt")}
    network.load_state_dict(state, strict=True)
    for name, value in filters.items():
        assert torch.equal(state[name].float(), value), name
    return network.eval()


def in_onnx(path, picture):
    options = onnxruntime.SessionOptions()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    meta = session.get_modelmeta().custom_metadata_map
    assert meta["from"] == "summer" and "multiples of 4" in meta["usage"], meta
    return torch.from_numpy(session.run(["output"], {"input": picture.numpy()})[0])


def far(a, b):
    assert a.shape == b.shape, f"{tuple(a.shape)} and {tuple(b.shape)}"
    return (a - b).abs().max().item()


def check(case, folder):
    kind = ResnetGenerator if case["kind"] == "generator" else NLayerDiscriminator
    told = []
    reference = None
    for number in ("float32", "float16"):
        stem = folder / f"{case['name']}-{number}"
        network = in_pytorch(stem.with_suffix(".pth"), kind(**case["network"]), number == "float16")
        for view in case["views"]:
            picture = tensor(view["input"], view["shape"])
            with torch.no_grad():
                made = network(picture)
            if number == "float32":
                reference = view["reference"] = made
                assert made.std() > 0.05, "an output that says nothing"
                ours = far(made, tensor(view["output"], made.shape))
                told.append(f"ours {ours:.1e}")
                assert ours <= SAME, f"{case['name']}: ours differs by {ours}"
            reference = view["reference"]
            if kind is ResnetGenerator and onnxruntime:
                apart = far(in_onnx(stem.with_suffix(".onnx"), picture), reference)
                told.append(f"{number} {apart:.1e}")
                assert apart <= EQUAL[number], f"{case['name']}: ONNX in {number} differs by {apart}"
    print(f"{case['name']}: {', '.join(told) or 'loads'}")


def main(folder):
    torch.manual_seed(0)
    warnings.simplefilter("error")
    cases = json.loads((folder / "cases.json").read_text())
    for case in cases:
        check(case, folder)
    without = "" if onnxruntime else "; ONNX Runtime is not installed"
    print(f"{len(cases)} networks equal in PyTorch {torch.__version__}{without}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
