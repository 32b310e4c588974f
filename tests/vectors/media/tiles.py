# A HEIC as a telephone writes it: two tiles side by side, turned; a thumbnail, a map of depth or gain,
# Exif, XMP, a colour profile. Made of three pictures of heif-enc: tiles.py WHO A B C >OUT
import struct, sys

who = sys.argv[1].encode()

def boxes(b):
    while len(b) >= 8:
        n, t = struct.unpack(">I4s", b[:8])
        yield t, b[8:n]
        b = b[n:]

def find(b, *path):
    for p in path:
        b = next(body for t, body in boxes(b) if t == p)
        if p == b"meta":
            b = b[4:]
    return b

def box(t, *parts):
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, t) + body

def full(t, version, flags, *parts):
    return box(t, struct.pack(">I", version << 24 | flags), *parts)

coded, hvcc = [], []
for name in sys.argv[2:5]:
    d = open(name, "rb").read()
    hvcc.append(find(d, b"meta", b"iprp", b"ipco", b"hvcC"))
    coded.append(find(d, b"mdat"))
assert hvcc[0] == hvcc[1] == hvcc[2]

exif = struct.pack(">I", 0) + b"MM\0*\0\0\0\x08\0\x01\x01\x3b\0\x02" + struct.pack(
    ">II", len(who) + 1, 26) + b"\0\0\0\0" + who + b"\0"
xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + who + b"</x:xmpmeta>"
grid = struct.pack(">BBBBHH", 0, 0, 0, 1, 128, 64)
# id, type, flags, name or type of content, data, properties
items = [
    (10, b"hvc1", 1, b"\0", coded[0], [1, 2]),
    (11, b"hvc1", 1, b"\0", coded[1], [1, 2]),
    (12, b"grid", 0, who + b"\0", grid, [3, 0x84, 6, 7]),
    (13, b"hvc1", 0, b"\0", coded[2], [1, 2]),
    (14, b"hvc1", 1, b"\0", coded[2], [1, 2, 5]),
    (15, b"Exif", 1, b"\0", exif, []),
    (16, b"mime", 1, b"\0application/rdf+xml\0", xmp, []),
]
props = [
    box(b"hvcC", hvcc[0]),
    full(b"ispe", 0, 0, struct.pack(">II", 64, 64)),
    full(b"ispe", 0, 0, struct.pack(">II", 128, 64)),
    box(b"irot", b"\3"),
    full(b"auxC", 0, 0, b"urn:com:apple:photo:2020:aux:hdrgainmap\0"),
    box(b"colr", b"prof" + who * 4),
    full(b"pixi", 0, 0, b"\3\10\10\10"),
]

def meta(at):
    iloc, data = b"", b""
    for i, t, _, _, d, _ in items:
        if t == b"grid":
            iloc += struct.pack(">HHHHII", i, 1, 0, 1, 0, len(d))
            continue
        iloc += struct.pack(">HHHHII", i, 0, 0, 1, at + len(data), len(d))
        data += d
    m = full(b"meta", 0, 0,
        full(b"hdlr", 0, 0, b"\0\0\0\0pict" + b"\0" * 12 + who + b"\0"),
        full(b"pitm", 0, 0, struct.pack(">H", 12)),
        full(b"iinf", 0, 0, struct.pack(">H", len(items)),
            *(full(b"infe", 2, f, struct.pack(">HH", i, 0), t, n) for i, t, f, n, _, _ in items)),
        full(b"iref", 0, 0,
            box(b"dimg", struct.pack(">HHHH", 12, 2, 10, 11)),
            box(b"thmb", struct.pack(">HHH", 13, 1, 12)),
            box(b"auxl", struct.pack(">HHH", 14, 1, 12)),
            box(b"cdsc", struct.pack(">HHH", 15, 1, 12))),
        box(b"iprp", box(b"ipco", *props),
            full(b"ipma", 0, 0, struct.pack(">I", len(items)),
                *(struct.pack(">HB", i, len(p)) + bytes(p) for i, _, _, _, _, p in items))),
        box(b"idat", grid),
        full(b"iloc", 1, 0, struct.pack(">HH", 0x4400, len(items)), iloc))
    return m, data

ftyp = box(b"ftyp", b"heic\0\0\0\0mif1MiHEheic")
m, data = meta(0)
m, data = meta(len(ftyp) + len(m) + 8)
sys.stdout.buffer.write(ftyp + m + box(b"mdat", data) + who)
