"""Seconds of one CycleGAN training step in PyTorch on the CPU, beside examples/step_cost.rs.

    python3 bench/step_pytorch.py [--threads N] [SIZE:NGF ...]

The networks and the order of the step are those of the paper's appendix and of PyTorch's
cycle_gan_model.py: 9 blocks, ndf 64, least squares, identity weight 0.5, batch 1.
"""

import argparse
import itertools
import statistics
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


class Step:
    def __init__(self, size, ngf):
        torch.manual_seed(0)
        self.g_a, self.g_b = generator(ngf), generator(ngf)
        self.d_a, self.d_b = discriminator(), discriminator()
        adam = lambda *networks: torch.optim.Adam(
            itertools.chain(*(network.parameters() for network in networks)), 2e-4, betas=(0.5, 0.999)
        )
        self.generators, self.discriminators = adam(self.g_a, self.g_b), adam(self.d_a, self.d_b)
        self.a, self.b = torch.rand(1, 3, size, size) * 2 - 1, torch.rand(1, 3, size, size) * 2 - 1

    def __call__(self):
        l1, square = nn.functional.l1_loss, lambda answers, target: ((answers - target) ** 2).mean()
        a, b = self.a, self.b
        judges = list(itertools.chain(self.d_a.parameters(), self.d_b.parameters()))
        fake_b, fake_a = self.g_a(a), self.g_b(b)
        for weight in judges:
            weight.requires_grad_(False)
        self.generators.zero_grad()
        loss = square(self.d_a(fake_b), 1) + square(self.d_b(fake_a), 1)
        loss = loss + 10 * l1(self.g_b(fake_b), a) + 10 * l1(self.g_a(fake_a), b)
        loss = loss + 5 * l1(self.g_a(b), b) + 5 * l1(self.g_b(a), a)
        loss.backward()
        self.generators.step()
        for weight in judges:
            weight.requires_grad_(True)
        self.discriminators.zero_grad()
        for judge, real, fake in ((self.d_a, b, fake_b), (self.d_b, a, fake_a)):
            (0.5 * (square(judge(real), 1) + square(judge(fake.detach()), 0))).backward()
        self.discriminators.step()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("cases", nargs="*", default=["64:32", "64:64", "128:32", "128:64"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"PyTorch {torch.__version__}, {options.threads} threads")
    print(f"{'px':>5} {'ngf':>4} {'s/step':>9} {'min':>9} {'max':>9}")
    for case in options.cases:
        size, ngf = map(int, case.split(":"))
        step = Step(size, ngf)
        step()
        seconds, begun = [], time.perf_counter()
        while len(seconds) < 3 or time.perf_counter() - begun < 8:
            started = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - started)
        print(f"{size:>5} {ngf:>4} {statistics.median(seconds):>9.3f} {min(seconds):>9.3f} {max(seconds):>9.3f}")


if __name__ == "__main__":
    main()
