#!/usr/bin/env python3
"""Writes the zoo: small pictures in every coding that strangers bring, with what they should become.

Needs Pillow 13, numpy, and `cjpeg` and `jpegtran` of libjpeg-turbo. See README.md for the list's form.
"""

import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import tempfile
import zlib

import numpy
from PIL import Image, ImageCms, ImageDraw, ImageOps

import build_files as make
from build_files import FRAMES, patched, patched_size, place

HERE = pathlib.Path(__file__).parent
LIST, EXPECTED = [], {}
#: Where a decoder rounds or interpolates otherwise than libjpeg.
ROUNDED = 0.6


def scene(width, height):
    """A painted picture: gradients, edges and saturated colours."""
    x, y = numpy.meshgrid(numpy.arange(width) / width, numpy.arange(height) / height)
    sky = numpy.stack([60 + 120 * y, 120 + 90 * y, 235 - 60 * x], 2)
    picture = Image.fromarray(sky.astype(numpy.uint8))
    draw = ImageDraw.Draw(picture)
    draw.polygon([(0, height), (width * 0.45, height * 0.35), (width, height)], fill=(40, 130, 60))
    draw.ellipse([width * 0.62, height * 0.1, width * 0.9, height * 0.45], fill=(250, 210, 40))
    draw.rectangle([width * 0.1, height * 0.6, width * 0.3, height * 0.9], fill=(200, 30, 40))
    draw.line([0, height * 0.8, width, height * 0.55], fill=(30, 30, 90), width=1)
    return picture


SMALL, LARGE = scene(40, 27), scene(67, 53)


def tool(name, *arguments, data, scans=None):
    with tempfile.TemporaryDirectory() as folder:
        if scans:
            pathlib.Path(folder, "scans").write_text(scans)
            arguments = [*arguments, "-scans", f"{folder}/scans"]
        return subprocess.run([name, *arguments], input=data, capture_output=True, check=True).stdout


def cjpeg(picture, *arguments, scans=None):
    ppm = io.BytesIO()
    picture.save(ppm, "PPM")
    return tool("cjpeg", "-quality", "88", *arguments, data=ppm.getvalue(), scans=scans)


def saved(picture, kind, **options):
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def on_white(rgba):
    """Straight alpha on white, rounded: numpy [H, W, 4] to [H, W, 3]."""
    colour, alpha = rgba[:, :, :3].astype(int), rgba[:, :, 3:].astype(int)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(numpy.uint8)


def decoded(data):
    """As Pillow decodes it: upright, in sRGB, on white, first frame."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    profile = picture.info.get("icc_profile")
    picture = ImageOps.exif_transpose(picture)
    if "transparency" in picture.info:
        picture = picture.convert("RGBA")
    if profile:
        # Straight to bytes, by the media's white, as browsers do.
        to = ImageCms.createProfile("sRGB")
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        picture = ImageCms.profileToProfile(
            picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), to, 1, mode)
    if picture.mode in ("LA", "RGBA", "PA"):
        return on_white(numpy.asarray(picture.convert("RGBA")))
    return numpy.asarray(picture.convert("RGB"))


def write(name, data):
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def opens(name, what, data, mean, pixels=None, **ways):
    """A file that becomes these pixels (Pillow's, unless given), off by `mean` levels at most."""
    pixels = decoded(data) if pixels is None else pixels
    write(name, data)
    key = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
    if key not in EXPECTED:
        EXPECTED[key] = f"expected/{name.replace('/', '_')}.png"
        write(EXPECTED[key], saved(Image.fromarray(pixels), "PNG", optimize=True))
    LIST.append({"file": name, "what": what, "expected": EXPECTED[key], "mean": mean, **ways})


def refused(name, what, data, code, **ways):
    write(name, data)
    LIST.append({"file": name, "what": what, "refused": code, **ways})


def jpegs():
    samplings = ["1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "4x2", "2x1,1x2", "1x1,2x2", "2x2,2x1", "3x1", "2x2,1x2"]
    for sampling in samplings:
        for picture, size in ((SMALL, "small"), (LARGE, "large")):
            if size == "small" and sampling not in ("1x1", "2x1", "1x2", "2x2"):
                continue
            name = f"sampling_{sampling.replace(',', '_')}_{size}"
            data = cjpeg(picture, "-sample", sampling)
            opens(f"jpeg/{name}.jpg", f"baseline, sampling {sampling}", data, ROUNDED)
    apart = "0;\n1;\n2;\n"
    for sampling in ("1x1", "2x1", "1x2", "2x2"):
        data = cjpeg(LARGE, "-sample", sampling, scans=apart)
        opens(f"jpeg/scans_apart_{sampling}.jpg", f"baseline, a scan for each component, {sampling}", data, ROUNDED)
    data = cjpeg(LARGE, "-sample", "2x2", scans="0;\n1 2;\n")
    opens("jpeg/scans_two.jpg", "baseline, luma in one scan and both chromas in the next, 2x2", data, ROUNDED)
    data = cjpeg(LARGE, "-sample", "2x2", "-restart", "1", scans="2;\n0;\n1;\n")
    opens("jpeg/scans_apart_restart.jpg", "baseline, a scan for each component with restart markers", data, ROUNDED)
    for sampling in ("1x1", "2x1", "1x2", "2x2"):
        data = cjpeg(LARGE, "-progressive", "-sample", sampling)
        opens(f"jpeg/progressive_{sampling}.jpg", f"progressive, {sampling}", data, ROUNDED)
    scripts = {
        "spectral": "0,1,2: 0-0, 0, 0;\n0: 1-63, 0, 0;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;\n",
        "bits": "0: 0-0, 0, 1;\n1: 0-0, 0, 1;\n2: 0-0, 0, 1;\n0: 1-63, 0, 2;\n2: 1-63, 0, 1;\n1: 1-63, 0, 1;\n"
                "0: 1-63, 2, 1;\n0: 0-0, 1, 0;\n1: 0-0, 1, 0;\n2: 0-0, 1, 0;\n0: 1-63, 1, 0;\n1: 1-63, 1, 0;\n2: 1-63, 1, 0;\n",
    }
    for name, script in scripts.items():
        data = cjpeg(LARGE, "-sample", "2x2", scans=script)
        opens(f"jpeg/progressive_{name}.jpg", f"progressive, script {name}", data, ROUNDED)
    data = cjpeg(LARGE, "-sample", "2x2", scans="0,1,2: 0-0, 0, 0;\n")
    opens("jpeg/progressive_coarse.jpg", "progressive, made without its finer scans", data, 1.0,
          cli={"mean": 14, "why": "libjpeg smooths such blocks, where other decoders show them as they are"})
    data = cjpeg(LARGE, "-progressive", "-restart", "2B")
    opens("jpeg/progressive_restart.jpg", "progressive with restart markers", data, ROUNDED)
    for rows in ("1", "3B"):
        data = cjpeg(LARGE, "-restart", rows)
        opens(f"jpeg/restart_{rows}.jpg", f"baseline, restart interval {rows}", data, ROUNDED)
    opens("jpeg/optimised.jpg", "baseline, optimised tables", cjpeg(LARGE, "-optimize"), ROUNDED)
    opens("jpeg/grey.jpg", "grey", cjpeg(LARGE, "-grayscale"), ROUNDED)
    opens("jpeg/grey_2x2.jpg", "grey that claims a sampling of 2x2", cjpeg(LARGE, "-grayscale", "-sample", "2x2"), ROUNDED)
    opens("jpeg/grey_progressive.jpg", "grey, progressive", cjpeg(LARGE, "-grayscale", "-progressive"), ROUNDED)
    opens("jpeg/rgb.jpg", "RGB, as Adobe's marker says", cjpeg(LARGE, "-rgb"), ROUNDED)
    cmyk = Image.merge("CMYK", [*ImageOps.invert(LARGE).split(), Image.linear_gradient("L").resize(LARGE.size)])
    data = saved(cmyk, "JPEG", quality=90)
    opens("jpeg/cmyk.jpg", "CMYK, inverted, as Adobe's marker says", data, ROUNDED)
    profiled = make.with_segment(data, 0xE2, b"ICC_PROFILE\0\1\1" + make.PRESS)
    opens("jpeg/icc_cmyk.jpg", "CMYK with a profile of inks", profiled, 1.5)
    at = place(data, [0xEE])
    opens("jpeg/ycck.jpg", "the same numbers as YCCK", patched(data, at + 15, [2]), ROUNDED)
    opens("jpeg/one_pixel.jpg", "one pixel", cjpeg(LARGE.crop((0, 0, 1, 1))), ROUNDED)
    opens("jpeg/one_column.jpg", "a column of one pixel, 2x2", cjpeg(LARGE.crop((5, 0, 6, 53)), "-sample", "2x2"), ROUNDED,
          cli={"mean": 1.1, "why": "colours are interpolated down the column, which libjpeg leaves out at such widths"})
    opens("jpeg/17_by_9.jpg", "a pixel more than whole blocks, 2x2", cjpeg(LARGE.crop((8, 8, 25, 17)), "-sample", "2x2"), ROUNDED)

    plain = cjpeg(LARGE, "-sample", "2x2")
    progressive = cjpeg(LARGE, "-progressive", "-sample", "2x2")
    right, right_progressive = decoded(plain), decoded(progressive)
    frame, scan = place(plain, FRAMES), place(plain, [0xDA])
    opens("jpeg/no_eoi.jpg", "all pixels, end marker missing", plain[:-2], ROUNDED, right)
    opens("jpeg/half_eoi.jpg", "all pixels, half an end marker", plain[:-1], ROUNDED, right)
    opens("jpeg/no_eoi_progressive.jpg", "progressive, all scans, end marker missing", progressive[:-2], ROUNDED, right_progressive)
    opens("jpeg/garbage_behind.jpg", "bytes behind the end", plain + b"\0\1\2\3" * 50, ROUNDED, right)
    opens("jpeg/picture_behind.jpg", "another JPEG behind the end, as phones append it", plain + cjpeg(SMALL), ROUNDED, right)
    opens("jpeg/zeros_for_eoi.jpg", "zeros in place of the end marker", plain[:-2] + bytes(40), ROUNDED, right)
    opens("jpeg/fill_before_frame.jpg", "300 fill bytes before the frame", plain[:frame] + b"\xff" * 300 + plain[frame:], ROUNDED, right)
    opens("jpeg/fill_before_scan.jpg", "fill bytes before the scan", plain[:scan] + b"\xff" * 9 + plain[scan:], ROUNDED, right)
    opens("jpeg/fill_before_eoi.jpg", "fill bytes before the end", plain[:-2] + b"\xff" * 9 + plain[-2:], ROUNDED, right)
    opens("jpeg/stray_before_frame.jpg", "stray bytes before the frame", plain[:frame] + b"\1\2\3\0" * 20 + plain[frame:], ROUNDED, right)
    opens("jpeg/no_jfif.jpg", "no JFIF segment", plain[:2] + plain[20:], ROUNDED, right)
    opens("jpeg/long_comment.jpg", "comments of 20 KB before the frame",
          make.with_segment(plain, 0xFE, b"\xff\xd8\xff\xc0" * 5000), ROUNDED, right)
    coded = len(plain) - scan
    for share in (10, 50, 95):
        refused(f"jpeg/cut_{share}.jpg", f"cut at {share} % of its coded data", plain[:scan + 14 + (coded - 16) * share // 100], "image-damaged")
    refused("jpeg/cut_50_eoi.jpg", "cut at half, an end marker behind it",
            plain[:scan + 14 + (coded - 16) // 2] + b"\xff\xd9", "image-damaged")
    refused("jpeg/cut_header.jpg", "cut before the frame", plain[:frame], "image-damaged")
    refused("jpeg/cut_before_scan.jpg", "cut before the scan", plain[:scan], "image-damaged")
    refused("jpeg/cut_in_scan_header.jpg", "cut within the scan's header", plain[:scan + 5], "image-damaged")
    refused("jpeg/only_start.jpg", "the first four bytes", plain[:4], "image-damaged")
    last = place(progressive, [0xDA], -1)
    refused("jpeg/cut_progressive_first.jpg", "progressive, cut in the first scan",
            progressive[:place(progressive, [0xDA]) + 60], "image-damaged")
    refused("jpeg/cut_progressive_between.jpg", "progressive, cut between two scans", progressive[:last], "image-damaged")
    refused("jpeg/cut_progressive_last.jpg", "progressive, cut in the last scan",
            progressive[:(last + len(progressive)) // 2], "image-damaged")
    apart = cjpeg(LARGE, "-sample", "2x2", scans=apart)
    refused("jpeg/cut_scans_apart.jpg", "a scan for each component, the last missing",
            apart[:place(apart, [0xDA], -1)], "image-damaged")
    restart = cjpeg(LARGE, "-restart", "1")
    refused("jpeg/cut_restart.jpg", "restart markers, cut at 70 %", restart[:len(restart) * 7 // 10], "image-damaged")
    refused("jpeg/arithmetic.jpg", "arithmetic coding", cjpeg(LARGE, "-arithmetic"), "image-unsupported")
    refused("jpeg/arithmetic_progressive.jpg", "arithmetic coding, progressive", cjpeg(LARGE, "-arithmetic", "-progressive"), "image-unsupported")
    refused("jpeg/twelve_bits.jpg", "12 bits a level", patched(patched(plain, frame + 1, [0xC1]), frame + 4, [12]), "image-unsupported")
    refused("jpeg/lossless.jpg", "a lossless frame", patched(plain, frame + 1, [0xC3]), "image-unsupported")
    refused("jpeg/jpeg_ls.jpg", "JPEG-LS", patched(plain, frame + 1, [0xF7]), "image-unsupported")
    refused("jpeg/no_height.jpg", "the height would follow behind the scan", patched(plain, frame + 5, [0, 0]), "image-unsupported")
    refused("jpeg/bomb.jpg", "claims 65500 pixels a side", patched(plain, frame + 5, [0xFF, 0xDC, 0xFF, 0xDC]), "image-too-large")
    for turn in range(1, 9):
        data = make.with_segment(cjpeg(SMALL), 0xE1, b"Exif\0\0" + make.exif(turn, "<>"[turn % 2]))
        opens(f"jpeg/exif_{turn}.jpg", f"EXIF orientation {turn}", data, ROUNDED)
    for turn in (0, 9):
        data = make.with_segment(cjpeg(SMALL), 0xE1, b"Exif\0\0" + make.exif(turn))
        opens(f"jpeg/exif_{turn}.jpg", f"EXIF orientation {turn}, which there is not", data, ROUNDED)
    profiled = lambda jpeg, profile: make.with_segment(jpeg, 0xE2, b"ICC_PROFILE\0\1\1" + profile)
    opens("jpeg/icc_adobe.jpg", "Adobe RGB profile", profiled(plain, make.ADOBE), 1.0)
    opens("jpeg/icc_grey.jpg", "grey with a linear profile", profiled(cjpeg(LARGE, "-grayscale"), make.GREY), 1.0)
    opens("jpeg/icc_srgb.jpg", "sRGB profile: pixels as they are", profiled(plain, make.SRGB), ROUNDED, right)
    opens("jpeg/icc_wrong_space.jpg", "colours with a profile for grey: left aside", profiled(plain, make.GREY), ROUNDED, right)
    opens("jpeg/icc_damaged.jpg", "a profile of noise: left aside", profiled(plain, b"\x17" * 300), ROUNDED, right)
    halves = make.with_segment(plain, 0xE2, b"ICC_PROFILE\0\2\2" + make.P3[200:])
    halves = make.with_segment(halves, 0xE2, b"ICC_PROFILE\0\1\2" + make.P3[:200])
    opens("jpeg/icc_two_segments.jpg", "Display P3 in two segments", halves, 1.0)


def pngs():
    rgb = numpy.asarray(SMALL)
    grey = numpy.asarray(SMALL.convert("L"))
    x, y = numpy.meshgrid(numpy.arange(40), numpy.arange(27))
    alpha = ((x * 255 // 39 + y * 255 // 26) // 2).astype(numpy.uint8)
    three = lambda levels: numpy.repeat(levels[:, :, None], 3, 2).astype(numpy.uint8)
    for interlaced in (False, True):
        end = "_interlaced" if interlaced else ""
        for depth in (1, 2, 4, 8, 16):
            most = 2**depth - 1
            levels = (grey.astype(int) * most + 127) // 255
            if depth == 16:
                levels = numpy.minimum(grey.astype(int) * 257 + x * 3, most)
            shown = (levels * 255 * 2 + most) // (2 * most)
            tolerance = ROUNDED if depth == 16 else 0
            data = make.png(levels[:, :, None], 0, depth, interlaced=interlaced)
            opens(f"png/grey_{depth}{end}.png", f"grey, {depth} bits{end}", data, tolerance, three(shown))
            if depth <= 8:
                count = min(2**depth, 64)
                few = SMALL.quantize(count, dither=Image.Dither.NONE)
                colours = numpy.array(few.getpalette()[:3 * count], numpy.uint8).reshape(-1, 3)
                places = numpy.asarray(few)
                data = make.png(places[:, :, None], 3, depth, [(b"PLTE", colours.tobytes())], interlaced)
                opens(f"png/palette_{depth}{end}.png", f"palette, {depth} bits{end}", data, 0)
        for depth in (8, 16):
            tolerance = 0 if depth == 8 else ROUNDED
            scale = 1 if depth == 8 else 257
            wide = lambda *parts: numpy.dstack(parts).astype(int) * scale
            data = make.png(wide(rgb), 2, depth, interlaced=interlaced)
            opens(f"png/rgb_{depth}{end}.png", f"RGB, {depth} bits{end}", data, tolerance, rgb)
            data = make.png(wide(grey, alpha), 4, depth, interlaced=interlaced)
            pixels = on_white(numpy.dstack([three(grey), alpha]))
            opens(f"png/grey_alpha_{depth}{end}.png", f"grey and alpha, {depth} bits{end}", data, tolerance, pixels)
            data = make.png(wide(rgb, alpha), 6, depth, interlaced=interlaced)
            pixels = on_white(numpy.dstack([rgb, alpha]))
            opens(f"png/rgba_{depth}{end}.png", f"RGB and alpha, {depth} bits{end}", data, tolerance, pixels)
    key = int(grey[13, 20])
    data = make.png(grey[:, :, None], 0, 8, [(b"tRNS", bytes([0, key]))])
    opens("png/grey_trns.png", "grey, one level transparent", data, 0)
    colour = rgb[20, 10]
    data = make.png(rgb, 2, 8, [(b"tRNS", bytes(v for level in colour for v in (0, level)))])
    opens("png/rgb_trns.png", "RGB, one colour transparent", data, 0)
    few = SMALL.quantize(16, dither=Image.Dither.NONE)
    colours = bytes(few.getpalette()[:48])
    extra = [(b"PLTE", colours), (b"tRNS", bytes(range(0, 160, 20)))]
    data = make.png(numpy.asarray(few)[:, :, None], 3, 4, extra)
    opens("png/palette_trns.png", "palette with opacities", data, 0)

    plain = make.png(rgb, 2, 8)
    opens("png/no_iend.png", "all pixels, end chunk missing", plain[:-12], 0, rgb)
    opens("png/garbage_behind.png", "bytes behind the end", plain + b"\0\1\2\3" * 50, 0, rgb)
    opens("png/text_bad_crc.png", "a comment with a wrong checksum", make.png(rgb, 2, 8, [(b"tEXt", b"a\0b", 5)]), 0, rgb)
    opens("png/unknown_chunk.png", "a chunk that nobody knows", make.png(rgb, 2, 8, [(b"zoOo", bytes(40))]), 0, rgb)
    start = plain.index(b"IDAT") + 4
    for share in (5, 50, 95):
        refused(f"png/cut_{share}.png", f"cut at {share} % of its data", plain[:start + (len(plain) - 16 - start) * share // 100], "image-damaged")
    refused("png/cut_header.png", "cut within its header", plain[:20], "image-damaged")
    refused("png/cut_before_data.png", "cut before its data", plain[:start - 8], "image-damaged")
    refused("png/bad_crc.png", "data with a wrong checksum", make.png(rgb, 2, 8, idat_crc=5), "image-damaged")
    refused("png/header_bad_crc.png", "a header with a wrong checksum", make.png(rgb, 2, 8, ihdr_crc=5), "image-damaged")
    refused("png/bad_data.png", "data that do not unpack", patched(plain, start + 40, [0x55] * 30), "image-damaged")
    refused("png/bomb.png", "claims 60000 pixels a side", patched_size(plain, 60_000, 60_000), "image-too-large")
    apng = io.BytesIO()
    SMALL.save(apng, "PNG", save_all=True, append_images=[ImageOps.invert(SMALL)], duration=100, optimize=True)
    opens("png/animated.png", "animated: its first frame", apng.getvalue(), 0, rgb)

    profile = lambda body: (b"iCCP", b"zoo\0\0" + make.zlib.compress(body))
    opens("png/icc_adobe.png", "Adobe RGB profile", make.png(rgb, 2, 8, [profile(make.ADOBE)]), 1.0)
    rgba = numpy.dstack([rgb, alpha])
    opens("png/icc_p3_alpha.png", "Display P3 with alpha", make.png(rgba, 6, 8, [profile(make.P3)]), 1.0)
    opens("png/icc_grey.png", "grey with a linear profile", make.png(grey[:, :, None], 0, 8, [profile(make.GREY)]), 1.0)
    opens("png/icc_damaged.png", "a profile of noise: left aside", make.png(rgb, 2, 8, [profile(b"\x17" * 300)]), 0, rgb)
    opens("png/srgb_chunk.png", "said to be sRGB", make.png(rgb, 2, 8, [(b"sRGB", b"\0")]), 0, rgb)
    whole = lambda *values: b"".join(make.struct.pack(">I", round(v * 100_000)) for v in values)
    p3 = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
    srgb = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
    opens("png/gamma_alone.png", "a gamma without primaries: left aside",
          make.png(rgb, 2, 8, [(b"gAMA", whole(1 / 1.5))]), 0, rgb)
    opens("png/gamma_srgb.png", "gamma and primaries of sRGB, as many programs write them: pixels as they are",
          make.png(rgb, 2, 8, [(b"gAMA", whole(1 / 2.2)), (b"cHRM", whole(*srgb))]), 0, rgb)
    in_p3 = decoded(make.png(rgb, 2, 8, [profile(make.P3)]))
    opens("png/gamma_p3.png", "gamma and primaries of Display P3",
          make.png(rgb, 2, 8, [(b"gAMA", whole(1 / 2.2)), (b"cHRM", whole(*p3))]), 1.0, in_p3)
    exact = make.zlib.compress(make.P3_CURVE)
    in_p3 = decoded(make.png(rgb, 2, 8, [(b"iCCP", b"zoo\0\0" + exact)]))
    opens("png/icc_p3_curve.png", "Display P3 with sRGB's own curve", make.png(rgb, 2, 8, [(b"iCCP", b"zoo\0\0" + exact)]), 1.0)
    opens("png/cicp_p3.png", "Display P3, named by its code", make.png(rgb, 2, 8, [(b"cICP", bytes([12, 13, 0, 1]))]), 1.0, in_p3)
    opens("png/cicp_srgb.png", "sRGB, named by its code", make.png(rgb, 2, 8, [(b"cICP", bytes([1, 13, 0, 1]))]), 0, rgb)
    for turn in (3, 6, 8):
        data = make.png(rgb, 2, 8, [(b"eXIf", make.exif(turn))])
        opens(f"png/exif_{turn}.png", f"EXIF orientation {turn}", data, 0)


def webps():
    x = numpy.arange(67) * 255 // 66
    rgba = numpy.dstack([numpy.asarray(LARGE), numpy.repeat(x[None, :], 53, 0)]).astype(numpy.uint8)
    clear = Image.fromarray(rgba)
    lossy, lossless = saved(LARGE, "WEBP", quality=85), saved(LARGE, "WEBP", lossless=True)
    right = numpy.asarray(LARGE)
    opens("webp/lossy.webp", "lossy", lossy, ROUNDED)
    opens("webp/lossy_small.webp", "lossy, odd sides", saved(SMALL.crop((0, 0, 39, 27)), "WEBP", quality=60), ROUNDED)
    opens("webp/lossless.webp", "lossless", lossless, 0)
    few = LARGE.quantize(12, dither=Image.Dither.NONE).convert("RGB")
    opens("webp/lossless_palette.webp", "lossless, few colours", saved(few, "WEBP", lossless=True), 0)
    opens("webp/lossy_alpha.webp", "lossy with alpha", saved(clear, "WEBP", quality=85), ROUNDED)
    opens("webp/lossless_alpha.webp", "lossless with alpha", saved(clear, "WEBP", lossless=True, exact=True), 0)
    frames = {"save_all": True, "append_images": [ImageOps.invert(LARGE)], "duration": 100}
    opens("webp/animated.webp", "animated, lossless: its first frame", saved(LARGE, "WEBP", lossless=True, **frames), 0, right)
    opens("webp/animated_lossy.webp", "animated, lossy: its first frame", saved(LARGE, "WEBP", quality=85, **frames), ROUNDED)
    part = dict(make.webp_chunks(saved(SMALL, "WEBP", lossless=True)))[b"VP8L"]
    little = lambda value: make.struct.pack("<I", value)[:3]
    frame = little(10 // 2) + little(8 // 2) + little(39) + little(26) + little(100) + b"\0"
    body = [(b"VP8X", bytes([2 | 16, 0, 0, 0]) + little(66) + little(52)), (b"ANIM", bytes(6)),
            (b"ANMF", frame + b"VP8L" + make.struct.pack("<I", len(part)) + part + bytes(len(part) % 2))]
    opens("webp/animated_offset.webp", "animated, a first frame smaller than the canvas", make.riff(body), 0,
          cli={"mean": 0.6, "why": "laying a frame on its canvas rounds"})
    for turn in (3, 6, 8):
        data = saved(LARGE, "WEBP", quality=85, exif=make.exif(turn, "<"))
        opens(f"webp/exif_{turn}.webp", f"EXIF orientation {turn}", data, ROUNDED)
    data = saved(LARGE, "WEBP", lossless=True, exif=b"Exif\0\0" + make.exif(6))
    opens("webp/exif_prefixed.webp", "EXIF orientation 6 behind JPEG's mark", data, 0)
    opens("webp/icc_p3.webp", "lossless, Display P3", saved(LARGE, "WEBP", lossless=True, icc_profile=make.P3), 1.0)
    opens("webp/icc_adobe_lossy.webp", "lossy, Adobe RGB", saved(LARGE, "WEBP", quality=85, icc_profile=make.ADOBE), 1.2)
    for name, data in (("lossy", lossy), ("lossless", lossless)):
        opens(f"webp/garbage_behind_{name}.webp", f"{name}, bytes behind the end", data + b"\0\1\2\3" * 20, ROUNDED if name == "lossy" else 0)
        for share in (10, 50, 90):
            refused(f"webp/cut_{name}_{share}.webp", f"{name}, cut at {share} %", data[:30 + (len(data) - 30) * share // 100], "image-damaged")
        refused(f"webp/cut_{name}_header.webp", f"{name}, cut within its header", data[:22], "image-damaged")
    refused("webp/bad_data.webp", "lossless data overwritten", patched(lossless, 25, [0xFF] * 60), "image-damaged")
    wide = [(b"VP8X", bytes([16, 0, 0, 0]) + b"\xff\xff\xff\xff\xff\xff"), *make.webp_chunks(lossless)]
    refused("webp/bomb.webp", "claims a canvas of 16777216 pixels a side", make.riff(wide), "image-too-large")


def others():
    rgb = numpy.asarray(SMALL)
    few = SMALL.quantize(64, dither=Image.Dither.NONE)
    opens("other/plain.bmp", "BMP, 24 bits", saved(SMALL, "BMP"), 0)
    opens("other/palette.bmp", "BMP, palette", saved(few, "BMP"), 0)
    opens("other/plain.gif", "GIF", saved(few, "GIF"), 0)
    animated = saved(few, "GIF", save_all=True, append_images=[few.transpose(0)], duration=100)
    opens("other/animated.gif", "GIF, animated: its first frame", animated, 0)
    refused("other/cut.gif", "GIF, cut at half", saved(few, "GIF")[:600], "image-damaged")
    refused("other/cut.bmp", "BMP, cut at half", saved(SMALL, "BMP")[:1600], "image-damaged")
    refused("other/naked.jxl", "JPEG XL", b"\xff\x0a" + bytes(40), "image-unsupported")
    refused("other/boxed.jxl", "JPEG XL in boxes", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), "image-unsupported")
    refused("other/photo.jp2", "JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40), "image-unsupported")
    refused("other/photo.psd", "Photoshop", b"8BPS\0\1" + bytes(40), "image-unsupported")
    refused("other/drawing.svg", "SVG", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "image-unsupported")
    refused("other/empty.jpg", "no bytes", b"", "image-empty")
    refused("other/text.jpg", "text", b"This is not a picture.\n", "image-unreadable")
    refused("other/zeros.png", "zeros", bytes(500), "image-unreadable")


#: Browsers open no TIFF.
PAGE = {"page": {"why": "browsers open no TIFF", "refused": "image-unsupported"}}


def tiffs():
    rgb = numpy.asarray(SMALL)
    height, width, _ = rgb.shape
    grey = numpy.asarray(SMALL.convert("L"))
    few = SMALL.quantize(16, dither=Image.Dither.NONE)
    black = SMALL.convert("1")

    def basic(bits, kind, **more):
        """Tags of an uncompressed picture in one strip."""
        tags = {256: (3, [width]), 257: (3, [height]), 258: (3, bits), 259: (3, [1]),
                262: (3, [kind]), 277: (3, [len(bits)]), 278: (3, [height])}
        return {**tags, **{int(tag[1:]): value for tag, value in more.items()}}

    def good(name, what, data, mean=0, pixels=None):
        opens(f"tiff/{name}.tif", what, data, mean, pixels, **PAGE)

    def bad(name, what, data, code):
        page = {} if code == "image-unsupported" else PAGE
        refused(f"tiff/{name}.tif", what, data, code, **page)

    for name, compression in [("plain", "raw"), ("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate"), ("packbits", "packbits")]:
        good(name, f"TIFF, {compression}", saved(SMALL, "TIFF", compression=compression))
    plain = basic([8, 8, 8], 2)
    for order, big in [(">", False), ("<", True), (">", True)]:
        good(f"{'big' if big else 'classic'}_{'le' if order == '<' else 'be'}", f"{'BigTIFF' if big else 'TIFF'}, {order}",
             make.tiff(plain, [rgb.tobytes()], big=big, order=order), 0, rgb)
    strips = [rgb[row:row + 5].tobytes() for row in range(0, height, 5)]
    good("strips", "strips of 5 rows, the last shorter", make.tiff(basic([8, 8, 8], 2, t278=(3, [5])), strips))
    good("one_strip", "as many rows in a strip as can be counted", make.tiff(basic([8, 8, 8], 2, t278=(4, [2**32 - 1])), [rgb.tobytes()]))
    padded = numpy.pad(rgb, [(0, 32 - height), (0, 48 - width), (0, 0)])
    tiles = [padded[y:y + 16, x:x + 16].tobytes() for y in range(0, 32, 16) for x in range(0, 48, 16)]
    tiled = {tag: value for tag, value in plain.items() if tag != 278}
    tiled = {**tiled, 322: (3, [16]), 323: (3, [16])}
    good("tiles", "tiles of 16 pixels", make.tiff(tiled, tiles, tiles=True))
    good("planes", "a plane for each colour", make.tiff(basic([8, 8, 8], 2, t284=(3, [2])), [rgb[:, :, c].tobytes() for c in range(3)]))
    ahead = numpy.concatenate([rgb[:, :1], rgb[:, 1:] - rgb[:, :-1]], 1)
    good("predictor", "Deflate with a predictor", make.tiff(basic([8, 8, 8], 2, t259=(3, [8]), t317=(3, [2])), [zlib.compress(ahead.tobytes())]))
    deep = rgb.astype("<u2") * 257
    good("rgb_16", "16 bits a level", make.tiff(basic([16] * 3, 2), [deep.tobytes()]), 0, rgb)
    good("rgb_16_be", "16 bits a level, the high byte first", make.tiff(basic([16] * 3, 2), [deep.astype(">u2").tobytes()], order=">"), 0, rgb)
    good("grey", "grey", saved(SMALL.convert("L"), "TIFF"))
    good("grey_16", "grey, 16 bits", make.tiff(basic([16], 1), [(grey.astype("<u2") * 257).tobytes()]), 0, numpy.stack([grey] * 3, 2))
    good("inverted", "grey, white is zero", make.tiff(basic([8], 0), [(255 - grey).tobytes()]), 0, numpy.stack([grey] * 3, 2))
    good("black", "one bit", saved(black, "TIFF"))
    good("fax", "one bit, CCITT Group 4", saved(black, "TIFF", compression="group4"))
    nibbles = numpy.pad(grey >> 4, [(0, 0), (0, width % 2)])
    sixteen = (grey >> 4) * 17
    good("grey_4", "grey, 4 bits", make.tiff(basic([4], 1), [(nibbles[:, ::2] << 4 | nibbles[:, 1::2]).tobytes()]), 0, numpy.stack([sixteen] * 3, 2))
    good("palette", "palette", saved(few, "TIFF"))
    index = numpy.pad(numpy.asarray(few), [(0, 0), (0, width % 2)])
    colours = numpy.array(few.getpalette()[:48]).reshape(16, 3)
    for name, scale in [("palette_4", 257), ("palette_4_narrow", 1)]:
        chart = (3, [int(level) * scale for level in colours.T.reshape(-1)])
        good(name, f"palette of 4 bits, colours times {scale}",
             make.tiff(basic([4], 3, t320=chart), [(index[:, ::2] << 4 | index[:, 1::2]).tobytes()]), 0, decoded(saved(few, "PNG")))
    fade = numpy.linspace(0, 255, width).astype(numpy.uint8) * numpy.ones((height, 1), numpy.uint8)
    glass = numpy.dstack([rgb, fade])
    good("alpha", "transparency", make.tiff(basic([8] * 4, 2, t338=(3, [2])), [glass.tobytes()]), 0, on_white(glass))
    veiled = ((glass[:, :, :3].astype(int) * glass[:, :, 3:] + 127) // 255).astype(numpy.uint8)
    good("premultiplied", "colours multiplied by their opacity",
         make.tiff(basic([8] * 4, 2, t338=(3, [1])), [numpy.dstack([veiled, fade]).tobytes()]), 1, on_white(glass))
    good("grey_alpha", "grey with transparency", make.tiff(basic([8] * 2, 1, t338=(3, [2])), [numpy.dstack([grey, fade]).tobytes()]),
         0, on_white(numpy.dstack([grey, grey, grey, fade])))
    good("more_channels", "a channel that is neither colour nor opacity",
         make.tiff(basic([8] * 4, 2, t338=(3, [0])), [numpy.dstack([rgb, 255 - fade]).tobytes()]), 0, rgb)
    cmyk = numpy.dstack([255 - rgb, fade // 4])
    good("cmyk", "CMYK", make.tiff(basic([8] * 4, 5), [cmyk.tobytes()]), ROUNDED, numpy.asarray(Image.fromarray(cmyk, "CMYK").convert("RGB")))
    for turn in range(2, 9):
        good(f"turned_{turn}", f"orientation {turn}", make.tiff(basic([8] * 3, 2, t274=(3, [turn])), [rgb.tobytes()]),
             0, decoded(make.png(rgb, 2, 8, [(b"eXIf", make.exif(turn))])))
    good("icc_p3", "Display P3", saved(SMALL, "TIFF", icc_profile=make.P3), 1.0)
    good("icc_damaged", "a profile of noise: left aside", make.tiff(basic([8] * 3, 2, t34675=(7, [23] * 300)), [rgb.tobytes()]), 0, rgb)
    good("pages", "two pages: the first", saved(SMALL, "TIFF", save_all=True, append_images=[SMALL.transpose(0)]))
    loop = make.tiff(plain, [rgb.tobytes()])
    end = 8 + 2 + 12 * (len(plain) + 2)
    bad("loop", "a second page that is the first", loop[:end] + b"\x08\0\0\0" + loop[end + 4:], "image-damaged")

    whole = make.tiff(plain, [rgb.tobytes()])
    for share in (30, 70, 99):
        bad(f"cut_{share}", f"cut at {share} %", whole[:len(whole) * share // 100], "image-damaged")
    bad("cut_header", "the first eight bytes", whole[:8], "image-damaged")
    bad("cut_deflate", "Deflate, cut within its stream", make.tiff(basic([8] * 3, 2, t259=(3, [8])), [zlib.compress(rgb.tobytes())[:900]]), "image-damaged")
    bad("no_strips", "no place of its strips", make.tiff(plain, [b""]), "image-damaged")
    bad("few_strips", "fewer strips than its height asks for", make.tiff(basic([8] * 3, 2, t278=(3, [5])), strips[:3]), "image-damaged")
    bad("nowhere", "a directory beyond the end", b"II*\0\xff\xff\xff\x7f" + bytes(40), "image-damaged")
    bad("big_nothing", "BigTIFF without a directory", b"II+\0\x08\0\0\0" + bytes(8), "image-damaged")
    bad("bomb", "claims 60000 pixels a side", make.tiff({**plain, 256: (4, [60_000]), 257: (4, [60_000]), 278: (4, [60_000])}, [b"\0" * 99]), "image-too-large")
    bad("bomb_deflate", "claims 60000 pixels a side, Deflate",
        make.tiff({**plain, 256: (4, [60_000]), 257: (4, [60_000]), 278: (4, [60_000]), 259: (3, [8])}, [zlib.compress(bytes(1 << 20))]), "image-too-large")
    bad("bomb_line", "claims a row of 4 billion pixels", make.tiff({**plain, 256: (4, [2**32 - 1]), 257: (4, [1])}, [b"\0" * 99]), "image-too-large")
    bad("bomb_tile", "tiles of 4 billion pixels a side", make.tiff({**tiled, 322: (4, [2**32 - 16]), 323: (4, [2**32 - 16])}, [b"\0" * 99], tiles=True), "image-too-large")
    bad("bomb_samples", "65535 channels", make.tiff({**plain, 277: (3, [65_535]), 258: (3, [8])}, [b"\0" * 99]), "image-unsupported")
    bad("jpeg", "JPEG inside of TIFF", saved(SMALL, "TIFF", compression="jpeg"), "image-unsupported")
    bad("float", "floating point", saved(SMALL.convert("F"), "TIFF"), "image-unsupported")
    bad("signed", "signed levels", make.tiff(basic([8], 1, t339=(3, [2])), [grey.tobytes()]), "image-unsupported")
    bad("lab", "CIE Lab", make.tiff(basic([8] * 3, 8), [rgb.tobytes()]), "image-unsupported")
    bad("ycbcr", "YCbCr", make.tiff(basic([8] * 3, 6), [rgb.tobytes()]), "image-unsupported")
    bad("bits_12", "12 bits a level", make.tiff(basic([12], 1), [bytes(width * height * 2)]), "image-unsupported")
    bad("raw_dng", "a raw photo: DNG", make.tiff(basic([8] * 3, 2, t50706=(1, [1, 4, 0, 0])), [rgb.tobytes()]), "image-unsupported")
    bad("raw_preview", "a raw photo: a preview, and the photo in another directory",
        make.tiff(basic([8] * 3, 2, t254=(4, [1]), t330=(4, [8])), [rgb.tobytes()]), "image-unsupported")


def main():
    for folder in ("jpeg", "png", "webp", "tiff", "other", "expected"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    for family in (jpegs, pngs, webps, others, tiffs):
        family()
    (HERE / "zoo.json").write_text(json.dumps({"files": LIST}, indent=2) + "\n")


if __name__ == "__main__":
    main()
