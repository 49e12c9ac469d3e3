"""The networks of CycleGAN and CUT as PyTorch modules, with the names that their repositories register."""

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """Adds what two convolutions make of a picture."""

    def __init__(self, channels, norm):
        super().__init__()
        convolutions = []
        for ends in (nn.ReLU, None):
            convolutions += [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), norm(channels)]
            if ends:
                convolutions.append(ends())
        self.conv_block = nn.Sequential(*convolutions)

    def forward(self, picture):
        return picture + self.conv_block(picture)


class Blur(nn.Module):
    """A binomial filter that halves (3 taps) or doubles (4 taps) the sides; its taps are a buffer."""

    def __init__(self, channels, taps, factor):
        super().__init__()
        line = torch.tensor(taps, dtype=torch.float32)
        kernel = line[:, None] * line[None, :] / line.sum() ** 2 * factor**2
        self.register_buffer("filt", kernel.repeat(channels, 1, 1, 1))


class Reduce(Blur):
    def __init__(self, channels):
        super().__init__(channels, [1, 2, 1], 1)

    def forward(self, picture):
        mirrored = functional.pad(picture, [1, 1, 1, 1], mode="reflect")
        return functional.conv2d(mirrored, self.filt, stride=2, groups=picture.shape[1])


class Enlarge(Blur):
    def __init__(self, channels):
        super().__init__(channels, [1, 3, 3, 1], 2)

    def forward(self, picture):
        repeated = functional.pad(picture, [1, 1, 1, 1], mode="replicate")
        groups = picture.shape[1]
        larger = functional.conv_transpose2d(repeated, self.filt, stride=2, padding=2, groups=groups)
        return larger[:, :, 1:-1, 1:-1]


class ResnetGenerator(nn.Module):
    def __init__(self, ngf, blocks, pictures=3, affine=False, down="strided", up="transpose"):
        super().__init__()

        def norm(channels):
            return nn.InstanceNorm2d(channels, affine=affine)

        layers = [nn.ReflectionPad2d(3), nn.Conv2d(pictures, ngf, 7), norm(ngf), nn.ReLU()]
        for channels in (ngf, 2 * ngf):
            stride = 2 if down == "strided" else 1
            layers += [nn.Conv2d(channels, 2 * channels, 3, stride, padding=1), norm(2 * channels), nn.ReLU()]
            if down == "blurred":
                layers.append(Reduce(2 * channels))
        layers += [Block(4 * ngf, norm) for _ in range(blocks)]
        for channels in (4 * ngf, 2 * ngf):
            half = channels // 2
            if up == "transpose":
                layers.append(nn.ConvTranspose2d(channels, half, 3, 2, padding=1, output_padding=1))
            elif up == "bilinear":
                layers.append(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False))
                layers += [nn.ReflectionPad2d(1), nn.Conv2d(channels, half, 3)]
            else:
                layers.append(Enlarge(channels) if up == "blurred" else nn.Upsample(scale_factor=2))
                layers.append(nn.Conv2d(channels, half, 3, padding=1))
            layers += [norm(half), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(ngf, pictures, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, picture):
        return self.model(picture)


class NLayerDiscriminator(nn.Module):
    def __init__(self, ndf):
        super().__init__()
        layers = [nn.Conv2d(3, ndf, 4, 2, padding=1), nn.LeakyReLU(0.2)]
        for before, after, stride in ((ndf, 2 * ndf, 2), (2 * ndf, 4 * ndf, 2), (4 * ndf, 8 * ndf, 1)):
            layers += [nn.Conv2d(before, after, 4, stride, padding=1), nn.InstanceNorm2d(after), nn.LeakyReLU(0.2)]
        layers.append(nn.Conv2d(8 * ndf, 1, 4, 1, padding=1))
        self.model = nn.Sequential(*layers)

    def forward(self, picture):
        return self.model(picture)
