#!/usr/bin/env python3
"""Trains a CycleGAN from the four files of a run, under torchrun.

docs/pytorch.md says how the files come here and go back. Needs torch, numpy and Pillow.
"""

import argparse
import csv
import os
import pathlib
import random
from collections import OrderedDict

import numpy
import torch
from PIL import Image, ImageOps
from torch import distributed, nn
from torch.nn.functional import l1_loss
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset, DistributedSampler

# G_A translates A to B, and D_A judges that.
FILES = {name: f"latest_net_{name}.pth" for name in ("G_A", "G_B", "D_A", "D_B")}
LOSSES = ("D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B")


class Residual(nn.Module):
    def __init__(self, channels, norm):
        super().__init__()
        half = lambda: [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), norm(channels)]
        self.conv_block = nn.Sequential(*half(), nn.ReLU(True), *half())

    def forward(self, x):
        return x + self.conv_block(x)


def named(*layers):
    """The layers as one network, whose tensors are called `model.0.weight` and so on."""
    return nn.Sequential(OrderedDict(model=nn.Sequential(*layers)))


def generator(ngf, blocks, up, affine):
    """The ResNet generator, its layers numbered as in PyTorch's repository."""
    norm = lambda channels: nn.InstanceNorm2d(channels, affine=affine)
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, ngf, 7), norm(ngf), nn.ReLU(True)]
    for wide in (2 * ngf, 4 * ngf):
        layers += [nn.Conv2d(wide // 2, wide, 3, 2, 1), norm(wide), nn.ReLU(True)]
    layers += [Residual(4 * ngf, norm) for _ in range(blocks)]
    for wide in (4 * ngf, 2 * ngf):
        layers += {
            "transpose": [nn.ConvTranspose2d(wide, wide // 2, 3, 2, 1, 1)],
            "nearest": [nn.Upsample(None, 2), nn.Conv2d(wide, wide // 2, 3, 1, 1)],
            "bilinear": [nn.Upsample(None, 2, "bilinear"), nn.ReflectionPad2d(1)]
            + [nn.Conv2d(wide, wide // 2, 3)],
        }[up]
        layers += [norm(wide // 2), nn.ReLU(True)]
    layers += [nn.ReflectionPad2d(3), nn.Conv2d(ngf, 3, 7), nn.Tanh()]
    return named(*layers)


def discriminator(ndf, padding):
    """The 70x70 PatchGAN."""
    layers = [nn.Conv2d(3, ndf, 4, 2, padding), nn.LeakyReLU(0.2, True)]
    for wide, stride in ((2 * ndf, 2), (4 * ndf, 2), (8 * ndf, 1)):
        conv = nn.Conv2d(wide // 2, wide, 4, stride, padding)
        layers += [conv, nn.InstanceNorm2d(wide), nn.LeakyReLU(0.2, True)]
    return named(*layers, nn.Conv2d(8 * ndf, 1, 4, 1, padding))


def opened(path, padding):
    """A network with the weights of a file, whose tensors say what kind it is."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if "model.0.weight" in state:
        kinds = [discriminator(len(state["model.0.weight"]), padding)]
    else:
        blocks = sum(key.endswith(".conv_block.1.weight") for key in state)
        ups = ("transpose", "nearest", "bilinear")
        ngf, affine = len(state["model.1.weight"]), "model.2.weight" in state
        kinds = [generator(ngf, blocks, up, affine) for up in ups]
    shapes = lambda tensors: {key: tensor.shape for key, tensor in tensors.items()}
    for network in kinds:
        if shapes(network.state_dict()) == shapes(state):
            network.load_state_dict(state)
            return network
    raise SystemExit(f"{path} is no network of this kind")


class Photos(Dataset):
    """Pairs of a photo of A and any of B, squashed to a square, cropped, perhaps mirrored."""

    def __init__(self, folders, options):
        kinds = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
        files = [sorted(pathlib.Path(folder).rglob("*")) for folder in folders]
        self.a, self.b = [[f for f in some if f.suffix.lower() in kinds] for some in files]
        self.load, self.crop, self.flip = options.load_size, options.crop_size, not options.no_flip
        if not (self.a and self.b):
            raise SystemExit("there are no photos in one of the folders")

    def __len__(self):
        return max(len(self.a), len(self.b))

    def __getitem__(self, index):
        return self.picture(self.a[index % len(self.a)]), self.picture(random.choice(self.b))

    def picture(self, path):
        with Image.open(path) as photo:
            photo = ImageOps.exif_transpose(photo).convert("RGB")
        photo = photo.resize((self.load, self.load), Image.Resampling.BICUBIC)
        left, top = (random.randint(0, self.load - self.crop) for _ in range(2))
        photo = photo.crop((left, top, left + self.crop, top + self.crop))
        if self.flip and random.random() < 0.5:
            photo = ImageOps.mirror(photo)
        return torch.from_numpy(numpy.array(photo)).permute(2, 0, 1).contiguous() / 127.5 - 1


class Pool:
    """Up to `size` earlier translations; half of the time an older one is shown."""

    def __init__(self, size):
        self.size, self.kept = size, []

    def shown(self, pictures):
        shown = []
        for picture in pictures.detach().split(1):
            if len(self.kept) < self.size:
                self.kept.append(picture)
            elif self.size and random.random() < 0.5:
                place = random.randrange(self.size)
                picture, self.kept[place] = self.kept[place], picture
            shown.append(picture)
        return torch.cat(shown)


class Generators(nn.Module):
    """Both and their losses, so that it is one pass for DistributedDataParallel."""

    def __init__(self, g_a, g_b):
        super().__init__()
        self.g_a, self.g_b = g_a, g_b

    def forward(self, a, b, d_a, d_b, options):
        fake_b, fake_a = self.g_a(a), self.g_b(b)
        losses = {
            "G_A": (d_a(fake_b) - 1).square().mean(),
            "G_B": (d_b(fake_a) - 1).square().mean(),
            "cycle_A": options.lambda_A * l1_loss(self.g_b(fake_b), a),
            "cycle_B": options.lambda_B * l1_loss(self.g_a(fake_a), b),
        }
        if options.lambda_identity > 0:
            weight = options.lambda_identity
            losses["idt_A"] = weight * options.lambda_B * l1_loss(self.g_a(b), b)
            losses["idt_B"] = weight * options.lambda_A * l1_loss(self.g_b(a), a)
        return losses, fake_a, fake_b


class Discriminators(nn.Module):
    def __init__(self, d_a, d_b):
        super().__init__()
        self.d_a, self.d_b = d_a, d_b

    def forward(self, a, b, fake_a, fake_b):
        def loss(network, real, fake):
            return ((network(real) - 1).square().mean() + network(fake).square().mean()) / 2
        return {"D_A": loss(self.d_a, b, fake_b), "D_B": loss(self.d_b, a, fake_a)}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs=2, metavar="PHOTOS", help="photos of A, and of B")
    parser.add_argument("--weights", required=True, help="folder of latest_net_G_A.pth and so on")
    parser.add_argument("--out", required=True, help="folder for these files and losses.csv")
    parser.add_argument("--epochs", type=int, default=100, help="at the full learning rate")
    parser.add_argument("--epochs-decay", type=int, default=100, help="in which it falls to zero")
    parser.add_argument("--lr", type=float, default=2e-4)
    parser.add_argument("--lr-ramp", type=int, default=0, help="steps, of the generators")
    parser.add_argument("--batch-size", type=int, default=1, help="pairs per process and step")
    for name, default in (("--load-size", 286), ("--crop-size", 256), ("--pool-size", 50)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--no-flip", action="store_true", help="never mirror a photo")
    for name, weight in (("--lambda-A", 10), ("--lambda-B", 10), ("--lambda-identity", 0.5)):
        parser.add_argument(name, type=float, default=weight)
    parser.add_argument("--discriminator-padding", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2, help="that open photos, per process")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main():
    options = parse()
    cards = torch.cuda.is_available()
    distributed.init_process_group("nccl" if cards else "gloo")
    rank, processes = distributed.get_rank(), distributed.get_world_size()
    device = torch.device(f"cuda:{os.environ['LOCAL_RANK']}" if cards else "cpu")
    if cards:
        torch.cuda.set_device(device)
    random.seed(options.seed + rank)
    torch.manual_seed(options.seed + rank)  # the workers' seeds too

    start, out = map(pathlib.Path, (options.weights, options.out))
    read = lambda file: opened(start / file, options.discriminator_padding).to(device)
    nets = {name: read(file) for name, file in FILES.items()}
    wrap = lambda module: DistributedDataParallel(module, [device.index] if cards else None)
    both_g = wrap(Generators(nets["G_A"], nets["G_B"]))
    both_d = wrap(Discriminators(nets["D_A"], nets["D_B"]))
    adam = lambda module: torch.optim.Adam(module.parameters(), options.lr, betas=(0.5, 0.999))
    adam_g, adam_d = adam(both_g), adam(both_d)

    photos = Photos(options.folders, options)
    sampler = DistributedSampler(photos, seed=options.seed)
    loader = DataLoader(photos, options.batch_size, sampler=sampler, num_workers=options.workers)
    pool_a, pool_b = Pool(options.pool_size), Pool(options.pool_size)
    if rank == 0:
        out.mkdir(parents=True, exist_ok=True)
        table = csv.writer(open(out / "losses.csv", "w", newline="", buffering=1))
        table.writerow(["step", *LOSSES])
    step = 0
    for epoch in range(options.epochs + options.epochs_decay):
        sampler.set_epoch(epoch)
        # As in the paper's own code: the last epoch has the last share, none has zero.
        rate = options.lr * min(1.0, 1 - (epoch - options.epochs) / max(1, options.epochs_decay))
        for a, b in loader:
            step += 1
            a, b = a.to(device), b.to(device)
            adam_g.param_groups[0]["lr"] = rate * min(1.0, step / max(1, options.lr_ramp))
            adam_d.param_groups[0]["lr"] = rate
            both_d.requires_grad_(False)
            losses, fake_a, fake_b = both_g(a, b, nets["D_A"], nets["D_B"], options)
            adam_g.zero_grad()
            sum(losses.values()).backward()
            adam_g.step()
            both_d.requires_grad_(True)
            judged = both_d(a, b, pool_a.shown(fake_a), pool_b.shown(fake_b))
            adam_d.zero_grad()
            sum(judged.values()).backward()
            adam_d.step()
            losses.update(judged)
            means = torch.stack([losses.get(name, a.new_zeros(())).detach() for name in LOSSES])
            distributed.all_reduce(means)
            if rank == 0:
                table.writerow([step, *(f"{mean:.5f}" for mean in (means / processes).tolist())])
        if rank == 0:
            print(f"epoch {epoch + 1}, step {step}: cycle_A {means[2] / processes:.3f}", flush=True)
            for name, file in FILES.items():
                torch.save(nets[name].state_dict(), out / file)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
