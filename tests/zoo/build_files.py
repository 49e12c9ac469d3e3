"""Parts that no library writes on demand: PNG chunk by chunk, profiles, EXIF and JPEG's segments."""

import struct
import zlib

import numpy

# Adam7: first column, first row, step across, step down.
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, body, crc=None):
    crc = zlib.crc32(kind + body) if crc is None else crc
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def packed(levels, depth):
    """Rows of levels [H, W, C], each with filter 0 before it."""
    height = levels.shape[0]
    flat = levels.reshape(height, -1)
    if depth == 16:
        rows = flat.astype(">u2").view(numpy.uint8).reshape(height, -1)
    elif depth == 8:
        rows = flat.astype(numpy.uint8)
    else:
        bits = (flat[:, :, None] >> numpy.arange(depth - 1, -1, -1)) & 1
        rows = numpy.packbits(bits.reshape(height, -1).astype(numpy.uint8), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in rows)


def png(levels, colour_type, depth, before=(), interlaced=False, behind=(), cut=None, idat_crc=None, ihdr_crc=None):
    """A PNG of levels [H, W, C]; `before` and `behind` are chunks around IDAT."""
    height, width = levels.shape[:2]
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    if interlaced:
        parts = [levels[y::down, x::across] for x, y, across, down in PASSES]
        data = b"".join(packed(part, depth) for part in parts if part.size)
    else:
        data = packed(levels, depth)
    data = zlib.compress(data, 9)
    body = chunk(b"IHDR", head, ihdr_crc) + b"".join(chunk(*part) for part in before)
    body += chunk(b"IDAT", data, idat_crc) + b"".join(chunk(*part) for part in behind) + chunk(b"IEND", b"")
    return (b"\x89PNG\r\n\x1a\n" + body)[:cut]


def patched_size(data, width, height):
    """The PNG with another size in its header."""
    head = chunk(b"IHDR", struct.pack(">II", width, height) + data[24:29])
    return data[:8] + head + data[33:]


def exif(orientation, order=">"):
    mark = b"MM\0*" if order == ">" else b"II*\0"
    entry = struct.pack(order + "HHIHH", 0x112, 3, 1, orientation, 0)
    return mark + struct.pack(order + "IH", 8, 1) + entry + struct.pack(order + "I", 0)


def fixed(value):
    return struct.pack(">i", round(value * 65536))


def icc(space, tags, kind=b"mntr", between=b"XYZ "):
    """A profile, version 2, of tags that are laid one behind the other."""
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", 4) + b"zoo\0" + bytes(78),
            b"cprt": b"text" + bytes(4) + b"CC0\0",
            b"wtpt": xyz(0.9642, 1, 0.8249), **tags}
    table, data, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        table += name + struct.pack(">II", start + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(data), b"\0\0\0\0", 0x02100000, kind, space, between)
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += fixed(0.9642) + fixed(1) + fixed(0.8249)
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + table + data


def xyz(x, y, z):
    return b"XYZ " + bytes(4) + fixed(x) + fixed(y) + fixed(z)


def gamma(value):
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256)) + bytes(2)


def srgb_curve():
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para" + bytes(4) + struct.pack(">HH", 3, 0) + b"".join(fixed(number) for number in numbers)


def rgb_profile(columns, curve):
    red, green, blue = (xyz(*column) for column in columns)
    return icc(b"RGB ", {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve})


# Adapted to D50 as profiles hold them: Adobe RGB (1998), sRGB, and Display P3 with a plain gamma and with its own curve.
ADOBE = rgb_profile(
    [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)], gamma(2.19921875))
P3_COLUMNS = [(0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)]
SRGB = rgb_profile(
    [(0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)], srgb_curve())
P3 = rgb_profile(P3_COLUMNS, gamma(2.2))
P3_CURVE = rgb_profile(P3_COLUMNS, srgb_curve())


def press():
    """A profile of four inks on yellowish paper: a table of their combinations in fifths (lut8)."""
    corners = bytearray()
    for fifths in numpy.ndindex(6, 6, 6, 6):
        left = [(1 - ink / 5) * (1 - fifths[3] / 5) for ink in fifths[:3]]
        light = 12 + 80 * (0.3 * left[0] + 0.59 * left[1] + 0.11 * left[2])
        corners += bytes([round(light * 2.55), round(128 + 60 * (left[0] - left[1])), round(138 + 60 * (left[1] - left[2]))])
    one = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    straight = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 6, 0]) + one + straight * 4 + bytes(corners) + straight * 3
    return icc(b"CMYK", {b"A2B0": table}, b"prtr", b"Lab ")


PRESS = press()
GREY = icc(b"GRAY", {b"kTRC": gamma(1.0)})


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segment(jpeg, marker, body):
    """The JPEG with a segment right behind its start."""
    return jpeg[:2] + segment(marker, body) + jpeg[2:]


def segments(jpeg):
    """Marker and place of each segment outside of coded data."""
    at = 2
    while True:
        marker = jpeg[at + 1]
        yield marker, at
        if marker == 0xD9:
            return
        at += 2 + struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        if marker == 0xDA:
            while jpeg[at] != 0xFF or jpeg[at + 1] == 0 or 0xD0 <= jpeg[at + 1] <= 0xD7:
                at += 1


def place(jpeg, wanted, which=0):
    """Where the segment number `which` of this marker begins."""
    return [at for marker, at in segments(jpeg) if marker in wanted][which]


FRAMES = [0xC0, 0xC1, 0xC2, 0xC9, 0xCA]


def patched(jpeg, at, values):
    return jpeg[:at] + bytes(values) + jpeg[at + len(values):]


def webp_chunks(webp):
    at, found = 12, []
    while at < len(webp):
        size = struct.unpack("<I", webp[at + 4:at + 8])[0]
        found.append((webp[at:at + 4], webp[at + 8:at + 8 + size]))
        at += 8 + size + size % 2
    return found


def riff(chunks):
    body = b"WEBP" + b"".join(n + struct.pack("<I", len(b)) + b + bytes(len(b) % 2) for n, b in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(tags, parts, big=False, order="<", tiles=False):
    """TIFF: tags by number, each with its type and values, and the strips or tiles of the picture."""
    sizes = {1: "B", 2: "B", 3: "H", 4: "I", 7: "B", 16: "Q"}
    wide, file = "Q" if big else "I", bytearray()
    head = (b"II" if order == "<" else b"MM") + struct.pack(
        order + ("HHHQ" if big else "HI"), *((43, 8, 0, 16) if big else (42, 8)))
    count = struct.calcsize(order + wide)
    tags = {**tags, (324 if tiles else 273): (4, [0] * len(parts)),
            (325 if tiles else 279): (4, [len(part) for part in parts])}
    # The directory, what does not fit into it, and the picture.
    behind = len(head) + (8 if big else 2) + len(tags) * (4 + 2 * count) + count
    longer = sum(len(values) * struct.calcsize(sizes[kind]) for kind, values in tags.values()
                 if len(values) * struct.calcsize(sizes[kind]) > count)
    at = behind + longer
    for place, part in enumerate(parts):
        tags[324 if tiles else 273][1][place] = at
        at += len(part)
    entries, extra = bytearray(), bytearray()
    for tag, (kind, values) in sorted(tags.items()):
        value = struct.pack(f"{order}{len(values)}{sizes[kind]}", *values)
        entries += struct.pack(order + "HH" + wide, tag, kind, len(values))
        if len(value) > count:
            entries += struct.pack(order + wide, behind + len(extra))
            extra += value
        else:
            entries += value.ljust(count, b"\0")
    file += head + struct.pack(order + ("Q" if big else "H"), len(tags)) + entries
    return bytes(file + bytes(count) + extra + b"".join(parts))
