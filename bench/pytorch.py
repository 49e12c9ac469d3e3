"""Milliseconds of translating a picture and of a training step in PyTorch, beside examples/bench.

    python3 bench/pytorch.py [--device cpu|cuda] [--threads N] [--json FILE|-] [TASK:SIZE:NGF ...]

TASK is translate, train, or train+identity. Everything is float32; on a graphics card TF32 is off,
so that the sums are as exact as this project's. The networks and the order of the step are those of
the paper's appendix and of PyTorch's cycle_gan_model.py: 9 blocks, ndf 64, least squares, batch 1.
"""

import argparse
import itertools
import json
import statistics
import sys
import time

import torch
from torch import nn


def residual(channels):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            half = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels)]
            more = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels)]
            self.path = nn.Sequential(*half, nn.ReLU(True), *more)

        def forward(self, x):
            return x + self.path(x)

    return Block()


def generator(ngf, blocks=9):
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, ngf, 7), nn.InstanceNorm2d(ngf), nn.ReLU(True)]
    for width in (ngf, 2 * ngf):
        layers += [nn.Conv2d(width, 2 * width, 3, 2, 1), nn.InstanceNorm2d(2 * width), nn.ReLU(True)]
    layers += [residual(4 * ngf) for _ in range(blocks)]
    for width in (4 * ngf, 2 * ngf):
        layers += [nn.ConvTranspose2d(width, width // 2, 3, 2, 1, 1), nn.InstanceNorm2d(width // 2), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(ngf, 3, 7), nn.Tanh())


def discriminator(ndf=64):
    layers = [nn.Conv2d(3, ndf, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for width, stride in ((ndf, 2), (2 * ndf, 2), (4 * ndf, 1)):
        layers += [nn.Conv2d(width, 2 * width, 4, stride, 1), nn.InstanceNorm2d(2 * width), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * ndf, 1, 4, 1, 1))


def picture(size):
    """Bytes [H, W, 3] in main memory, as a decoder leaves them."""
    return torch.randint(0, 256, (size, size, 3), dtype=torch.uint8)


def to_unit(bytes_, device):
    return bytes_.to(device).permute(2, 0, 1)[None].float() / 127.5 - 1


class Translation:
    def __init__(self, size, ngf, device):
        self.generator = generator(ngf).to(device)
        self.picture, self.device = picture(size), device

    @torch.no_grad()
    def __call__(self):
        made = self.generator(to_unit(self.picture, self.device))
        return ((made[0] + 1) / 2 * 255).byte().permute(1, 2, 0).cpu()


class Step:
    def __init__(self, size, ngf, device, identity):
        self.device, self.identity = device, identity
        networks = [network.to(device) for network in (generator(ngf), generator(ngf), discriminator(), discriminator())]
        self.g_a, self.g_b, self.d_a, self.d_b = networks
        adam = lambda *networks: torch.optim.Adam(
            itertools.chain(*(network.parameters() for network in networks)), 2e-4, betas=(0.5, 0.999)
        )
        self.generators, self.discriminators = adam(self.g_a, self.g_b), adam(self.d_a, self.d_b)
        self.pictures = picture(size), picture(size)

    def __call__(self):
        l1, square = nn.functional.l1_loss, lambda answers, target: ((answers - target) ** 2).mean()
        a, b = (to_unit(bytes_, self.device) for bytes_ in self.pictures)
        judges = list(itertools.chain(self.d_a.parameters(), self.d_b.parameters()))
        fake_b, fake_a = self.g_a(a), self.g_b(b)
        for weight in judges:
            weight.requires_grad_(False)
        self.generators.zero_grad()
        losses = [square(self.d_a(fake_b), 1), square(self.d_b(fake_a), 1)]
        losses += [10 * l1(self.g_b(fake_b), a), 10 * l1(self.g_a(fake_a), b)]
        if self.identity:
            losses += [5 * l1(self.g_a(b), b), 5 * l1(self.g_b(a), a)]
        sum(losses).backward()
        self.generators.step()
        for weight in judges:
            weight.requires_grad_(True)
        self.discriminators.zero_grad()
        for judge, real, fake in ((self.d_a, b, fake_b), (self.d_b, a, fake_a)):
            losses.append(0.5 * (square(judge(real), 1) + square(judge(fake.detach()), 0)))
            losses[-1].backward()
        self.discriminators.step()
        return torch.stack([loss.detach() for loss in losses]).cpu()


def measure(case, device):
    task, size, ngf = case.split(":")
    size, ngf = int(size), int(ngf)
    torch.manual_seed(0)
    on_card = device == "cuda"
    if on_card:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    work = Translation(size, ngf, device) if task == "translate" else Step(size, ngf, device, task == "train+identity")

    def timed():
        started = time.perf_counter()
        work()
        if on_card:
            torch.cuda.synchronize()  # a step's last updates come after its losses
        return 1e3 * (time.perf_counter() - started)

    first = timed()
    timed()
    runs, begun = [], time.perf_counter()
    while len(runs) < 3 or time.perf_counter() - begun < 8:
        runs.append(timed())
    return {
        "engine": f"pytorch {torch.__version__.split('+')[0]}",
        "device": "gpu" if on_card else "cpu",
        "task": task,
        "size": size,
        "ngf": ngf,
        "ndf": 64,
        "first_ms": first,
        "median_ms": statistics.median(runs),
        "runs_ms": runs,
        "peak_bytes": torch.cuda.max_memory_reserved() if on_card else None,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", help="a file for the rows, or - for standard output, without a table then")
    parser.add_argument("cases", nargs="*", default=["translate:256:64", "train:256:64", "train+identity:256:64"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    table = options.json != "-"
    if table:
        name = torch.cuda.get_device_name() if options.device == "cuda" else f"{options.threads} threads"
        print(f"PyTorch {torch.__version__}, {name}")
        print(f"{'task':<15} {'px':>5} {'ngf':>4} {'first ms':>10} {'median ms':>10} {'min ms':>10} {'max ms':>10}")
    rows = []
    for case in options.cases:
        row = measure(case, options.device)
        rows.append(row)
        if table:
            numbers = (row["first_ms"], row["median_ms"], min(row["runs_ms"]), max(row["runs_ms"]))
            print(f"{row['task']:<15} {row['size']:>5} {row['ngf']:>4} " + " ".join(f"{ms:>10.1f}" for ms in numbers))
    if options.json:
        text = json.dumps(rows, indent=1)
        if table:
            with open(options.json, "w") as file:
                file.write(text)
        else:
            sys.stdout.write(text)


if __name__ == "__main__":
    main()
