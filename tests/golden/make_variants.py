#!/usr/bin/env python3
"""Writes `variant_grey_*` and `variant_blurred_*`: generators forward and backward, from PyTorch;
and `untrained_mirrored_*`, forward alone.

Needs torch and safetensors. See README.md for what a file holds.
"""

import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).parent
BLOCKS = 3


class Blur(nn.Module):
    """Every channel through the filter `taps` x `taps`; `filt` is what CUT calls its buffer."""

    def __init__(self, channels, taps, gain):
        super().__init__()
        row = torch.tensor(taps) / sum(taps)
        filt = gain * torch.outer(row, row)
        self.register_buffer("filt", filt.expand(channels, 1, -1, -1).clone())


class Downsample(Blur):
    """Half the sides: mirrored borders, [1, 2, 1], every second pixel."""

    def __init__(self, channels):
        super().__init__(channels, [1.0, 2.0, 1.0], 1.0)

    def forward(self, x):
        x = functional.pad(x, [1, 1, 1, 1], "reflect")
        return functional.conv2d(x, self.filt, stride=2, groups=x.shape[1])


class Upsample(Blur):
    """Twice the sides: repeated borders, zeros between pixels, [1, 3, 3, 1], cropped to size."""

    def __init__(self, channels):
        super().__init__(channels, [1.0, 3.0, 3.0, 1.0], 4.0)

    def forward(self, x):
        height, width = x.shape[2:]
        x = functional.pad(x, [1, 1, 1, 1], "replicate")
        y = functional.conv_transpose2d(x, self.filt, stride=2, padding=2, groups=x.shape[1])
        y = y[:, :, 1 : 1 + 2 * height, 1 : 1 + 2 * width]
        expected = functional.interpolate(x, scale_factor=2, mode="bilinear")[:, :, 2:-2, 2:-2]
        assert torch.allclose(y, expected, atol=1e-5), "it is bilinear interpolation"
        return y


def convolution(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride, 1)


class Block(nn.Module):
    def __init__(self, channels, norm):
        super().__init__()
        half = lambda: [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), norm(channels)]
        self.conv_block = nn.Sequential(*half(), nn.ReLU(), *half())

    def forward(self, x):
        return x + self.conv_block(x)


class Generator(nn.Module):
    def __init__(self, ngf, pictures=3, down=False, up=False, affine=False):
        super().__init__()
        norm = lambda channels: nn.InstanceNorm2d(channels, affine=affine)
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(pictures, ngf, 7), norm(ngf), nn.ReLU()]
        for wide in (2 * ngf, 4 * ngf):
            layers += [convolution(wide // 2, wide, 1 if down else 2), norm(wide), nn.ReLU()]
            layers += [Downsample(wide)] if down else []
        layers += [Block(4 * ngf, norm) for _ in range(BLOCKS)]
        for wide in (4 * ngf, 2 * ngf):
            if up:
                layers += [Upsample(wide), convolution(wide, wide // 2)]
            else:
                layers += [nn.ConvTranspose2d(wide, wide // 2, 3, 2, 1, output_padding=1)]
            layers += [norm(wide // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(ngf, pictures, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return self.model(x)


class Layer(nn.Module):
    def __init__(self, conv, channels, norm, active=True):
        super().__init__()
        layers = [conv, norm(channels)] + ([nn.ReLU()] if active else [])
        self.conv = nn.Sequential(*layers)

    def forward(self, x):
        return self.conv(x)


class MirroredBlock(nn.Module):
    def __init__(self, channels, norm):
        super().__init__()
        conv = lambda: nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")
        self.block = nn.Sequential(
            Layer(conv(), channels, norm), Layer(conv(), channels, norm, active=False)
        )

    def forward(self, x):
        return x + self.block(x)


class Mirrored(nn.Module):
    """All borders mirrored, also of strided convolutions; names as in aladdinpersson's project."""

    def __init__(self, ngf, affine=False):
        super().__init__()
        norm = lambda channels: nn.InstanceNorm2d(channels, affine=affine)
        mirrored = dict(padding_mode="reflect")
        stem = nn.Conv2d(3, ngf, 7, padding=3, **mirrored)
        self.initial = nn.Sequential(stem, norm(ngf), nn.ReLU())
        down = lambda wide: nn.Conv2d(wide // 2, wide, 3, 2, 1, **mirrored)
        self.down_blocks = nn.ModuleList(
            Layer(down(wide), wide, norm) for wide in (2 * ngf, 4 * ngf)
        )
        self.res_blocks = nn.Sequential(*(MirroredBlock(4 * ngf, norm) for _ in range(BLOCKS)))
        up = lambda wide: nn.ConvTranspose2d(2 * wide, wide, 3, 2, 1, output_padding=1)
        self.up_blocks = nn.ModuleList(Layer(up(wide), wide, norm) for wide in (2 * ngf, ngf))
        self.last = nn.Conv2d(ngf, 3, 7, padding=3, **mirrored)

    def forward(self, x):
        x = self.initial(x)
        for layer in self.down_blocks:
            x = layer(x)
        x = self.res_blocks(x)
        for layer in self.up_blocks:
            x = layer(x)
        return torch.tanh(self.last(x))


def write_mirrored(name, seed, ngf=8, size=(32, 28), **kind):
    torch.manual_seed(seed)
    network = Mirrored(ngf, **kind)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.15 if parameter.dim() == 4 else 0.2)
    x = 2 * torch.rand(1, 3, *size) - 1
    with torch.no_grad():
        tensors = {"input": x, "output": network(x)}
    tensors |= {f"weight.{key}": value for key, value in network.state_dict().items()}
    file = f"untrained_{name}_ngf{ngf}_blocks{BLOCKS}_{size[0]}x{size[1]}.safetensors"
    save_file(tensors, HERE / file, {"ngf": str(ngf), "blocks": str(BLOCKS)})
    print(file, float(tensors["output"].std()))


def write(name, seed, ngf=8, size=(32, 28), batch=1, **kind):
    torch.manual_seed(seed)
    network = Generator(ngf, **kind)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.15 if parameter.dim() == 4 else 0.05)
    for layer in network.modules():
        if isinstance(layer, nn.InstanceNorm2d) and layer.affine:
            nn.init.normal_(layer.weight, 1.0, 0.2)
            nn.init.normal_(layer.bias, 0.0, 0.2)
    shape = (batch, kind.get("pictures", 3), *size)
    x = (2 * torch.rand(shape) - 1).requires_grad_()
    y = network(x)
    coef = torch.randn(y.shape)
    (y * coef).sum().backward()
    tensors = {"input": x, "output": y, "coef": coef, "grad.input": x.grad}
    tensors |= {f"weight.{key}": value for key, value in network.state_dict().items()}
    tensors |= {f"grad.{key}": value.grad for key, value in network.named_parameters()}
    tensors = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
    words = {key: str(value) for key, value in kind.items()}
    metadata = {"ngf": str(ngf), "blocks": str(BLOCKS), **words}
    file = f"variant_{name}_ngf{ngf}_blocks{BLOCKS}_{size[0]}x{size[1]}.safetensors"
    save_file(tensors, HERE / file, metadata)
    print(file, float(y.detach().std()))


write("grey", 1, pictures=1)
write("blurred", 2, down=True, up=True, batch=2, size=(20, 28))
write("blurred_down", 3, ngf=5, down=True, size=(24, 16))
write("blurred_up", 4, ngf=5, up=True, size=(16, 24))
write("blurred_affine", 5, down=True, up=True, affine=True)
write("blurred_grey", 6, ngf=6, pictures=1, down=True, up=True, size=(36, 12))
write_mirrored("mirrored", 7)
write_mirrored("mirrored_affine", 8, affine=True, size=(20, 36))
