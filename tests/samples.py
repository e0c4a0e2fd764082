#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The master's own samples from outside: 16 bits, floating point, alpha; exact where nothing is scaled, windowed where that is asked
for, and never more than the Grant opens."""
import struct
import urllib.parse
import zlib

from museum import Museum, main

WIDE, HIGH = 333, 217
museum = None


# ---- files made and read without a library; a picture is its size, its channels, and rows of samples

def value(x, y, c):
    return (x * 197 + y * 31 + c * 21845 + x * y) % 65536


def rows_of(channels, kind="H", sample=value):
    return [[sample(x, y, c) for x in range(WIDE) for c in range(channels)] for y in range(HIGH)], kind


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_16(rows, channels):
    raw = b"".join(b"\0" + struct.pack(f">{len(r)}H", *r) for r in rows)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDE, len(rows), 16, kind, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def tiff(rows, channels, kind, orientation=1):
    """Uncompressed; kind as in struct: B, H, I, f."""
    body = b"".join(struct.pack(f"<{len(r)}{kind}", *r) for r in rows)
    bits, form = struct.calcsize(kind) * 8, 3 if kind == "f" else 1
    lists = 8 + len(body) + len(body) % 2
    colours = 3 if channels in (3, 4) else 1
    entries = [(256, 3, 1, len(rows[0]) // channels), (257, 3, 1, len(rows)), (258, 3, channels, lists), (259, 3, 1, 1),
               (262, 3, 1, 2 if colours == 3 else 1), (273, 4, 1, 8), (274, 3, 1, orientation), (277, 3, 1, channels),
               (278, 4, 1, len(rows)), (279, 4, 1, len(body))]
    if channels > colours:
        entries.append((338, 3, channels - colours, 2 if channels - colours == 1 else lists + 4 * channels))
    entries.append((339, 3, channels, lists + 2 * channels))
    if channels <= 2:
        entries = [(t, k, n, v if t not in (258, 339) else sum((bits if t == 258 else form) << 16 * i for i in range(n)))
                   for t, k, n, v in entries]
    out = body + b"\0" * (len(body) % 2) + struct.pack(f"<{channels}H", *[bits] * channels)
    out += struct.pack(f"<{channels}H", *[form] * channels) + bytes(2 * channels)
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries) + b"\0\0\0\0"
    return b"II*\0" + struct.pack("<I", 8 + len(out)) + out + directory


def read_png(data):
    width, height, bits, kind = struct.unpack(">IIBB", data[16:26])
    channels, at, packed = {0: 1, 2: 3, 4: 2, 6: 4}[kind], 8, b""
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    step, stride = channels * bits // 8, width * channels * bits // 8
    raw, rows, before = zlib.decompress(packed), [], bytes(width * channels * bits // 8)
    for y in range(height):
        row = bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            left, up = row[i - step] if i >= step else 0, before[i]
            corner = before[i - step] if i >= step else 0
            paeth = min((left, up, corner), key=lambda v, g=left + up - corner: abs(g - v))
            row[i] = (row[i] + [0, left, up, (left + up) // 2, paeth][raw[y * (stride + 1)]]) & 255
        before = bytes(row)
        rows.append(list(struct.unpack(f">{width * channels}{'H' if bits == 16 else 'B'}", before)))
    return width, height, channels, bits, rows


def read_tiff(data):
    at, = struct.unpack("<I", data[4:8])
    count, = struct.unpack("<H", data[at:at + 2])
    tags = {}
    for i in range(count):
        tag, kind, n, v = struct.unpack("<HHII", data[at + 2 + 12 * i:at + 14 + 12 * i])
        size = {3: 2, 4: 4, 7: 1}[kind]
        room = data[at + 10 + 12 * i:at + 14 + 12 * i] if n * size <= 4 else data[v:v + n * size]
        tags[tag] = list(struct.unpack("<%d%s" % (n, {3: "H", 4: "I", 7: "B"}[kind]), room[:n * size]))
    assert tags[258] == tags[258][:1] * tags[277][0]
    width, height, channels, bits = tags[256][0], tags[257][0], tags[277][0], tags[258][0]
    raw = b"".join(zlib.decompress(data[o:o + n]) for o, n in zip(tags[273], tags[279], strict=True))
    kind = "f" if tags.get(339, [1])[0] == 3 else {8: "B", 16: "H", 32: "I"}[bits]
    flat = struct.unpack(f"<{width * height * channels}{kind}", raw)
    rows = [list(flat[y * width * channels:(y + 1) * width * channels]) for y in range(height)]
    for row in rows if tags[317][0] == 2 else []:
        for i in range(channels, len(row)):
            row[i] = (row[i] + row[i - channels]) % (1 << bits)
    return width, height, channels, bits, rows, tags


def rotated(rows, channels):
    """As orientation 6 says: a quarter turn clockwise."""
    width = len(rows[0]) // channels
    return [[v for y in reversed(range(len(rows))) for v in rows[y][x * channels:(x + 1) * channels]] for x in range(width)]


# ---- the museum

def shared():
    global museum
    if museum is None:
        museum = Museum()
        folder = museum.folder / "deep"
        folder.mkdir()
        museum.rows = {"rgb": rows_of(3), "grey": rows_of(1), "alpha": rows_of(4), "bands": rows_of(7), "turned": rows_of(3),
                       "float": rows_of(1, "f", lambda x, y, c: (x - 100) * 0.25 + y * 1024.5),
                       "byte": rows_of(4, "B", lambda x, y, c: value(x, y, c) >> 8)}
        (folder / "rgb.png").write_bytes(png_16(museum.rows["rgb"][0], 3))
        for name, (rows, kind) in museum.rows.items():
            if name != "rgb":
                (folder / f"{name}.tif").write_bytes(tiff(rows, len(rows[0]) // WIDE, kind, 6 if name == "turned" else 1))
        museum.run("ingest", folder)
        museum.serve()
    return museum


def ask(name, rest, query):
    status, headers, body = shared().get(f"/iiif/3/{name}:1/{rest}?{query}")
    assert status == 200, (name, rest, query, status, body[:200])
    return headers, body


def cut(rows, channels, left, top, width, height):
    return [row[left * channels:(left + width) * channels] for row in rows[top:top + height]]


def test_every_value_survives():
    shared()
    for name in ("rgb", "grey", "alpha"):
        rows, _ = museum.rows[name]
        channels = len(rows[0]) // WIDE
        for region, box in (("full", (0, 0, WIDE, HIGH)), ("13,200,100,17", (13, 200, 100, 17)), ("332,216,1,1", (332, 216, 1, 1))):
            want = cut(rows, channels, *box)
            headers, body = ask(name, f"{region}/max/0/default.png", "depth=master")
            assert headers["content-type"] == "image/png"
            assert read_png(body) == (box[2], box[3], channels, 16, want), (name, region)
            assert read_tiff(ask(name, f"{region}/max/0/default.tif", "depth=master")[1])[:5] == (*box[2:], channels, 16, want)


def test_what_a_png_cannot_hold_a_tiff_can():
    shared()
    for name in ("float", "bands", "byte"):
        rows, _ = museum.rows[name]
        channels = len(rows[0]) // WIDE
        got = read_tiff(ask(name, "5,7,50,40/max/0/default.tif", "depth=master")[1])
        assert got[2] == channels and got[4] == cut(rows, channels, 5, 7, 50, 40), name
    for name in ("float", "bands"):
        status, _, body = museum.get(f"/iiif/3/{name}:1/full/max/0/default.png?depth=master")
        assert status == 400 and b".tif" in body
    assert read_png(ask("byte", "full/max/0/default.png", "depth=master")[1])[2:] == (4, 8, museum.rows["byte"][0])


def test_a_turned_master_is_cut_upright():
    shared()
    rows = rotated(museum.rows["turned"][0], 3)
    got = read_png(ask("turned", "10,20,30,40/max/0/default.png", "depth=master")[1])
    assert got == (30, 40, 3, 16, cut(rows, 3, 10, 20, 30, 40))


def test_a_window_is_stretched():
    shared()
    low, high = 1000, 52000

    def window(v, top):
        return min(top, max(0, int((v - low) / (high - low) * top + 0.5)))

    rows = cut(museum.rows["rgb"][0], 3, 0, 0, 60, 50)
    for form, read in (("png", read_png), ("tif", read_tiff)):
        got = read(ask("rgb", f"0,0,60,50/max/0/default.{form}", f"window={low},{high}")[1])
        assert got[3] == 16 and got[4] == [[window(v, 65535) for v in row] for row in rows], form
    status, headers, body = museum.get(f"/iiif/3/rgb:1/0,0,60,50/max/0/default.jpg?window={low},{high}")
    assert status == 200 and headers["content-type"] == "image/jpeg" and body[:2] == b"\xff\xd8"
    # Signs, points and exponents, for masters in floating point.
    got = read_png(ask("float", "0,0,60,50/max/0/default.png", "window=-25,1.0e3")[1])
    want = [[min(65535, max(0, int((v + 25) / 1025 * 65535 + 0.5))) for v in row]
            for row in cut(museum.rows["float"][0], 1, 0, 0, 60, 50)]
    assert got[4] == want


def test_smaller_is_a_mean():
    shared()
    got = read_png(ask("grey", "0,0,320,200/32,20/0/default.png", "depth=master")[1])
    assert got[:4] == (32, 20, 1, 16)
    ramp = read_tiff(ask("float", "0,0,320,200/32,20/0/default.tif", "depth=master")[1])
    for y in range(1, 19):
        for x in range(1, 31):
            want = (x * 10 + 4.5 - 100) * 0.25 + (y * 10 + 4.5) * 1024.5
            assert abs(ramp[4][y][x] - want) < 600, (x, y, ramp[4][y][x], want)


def test_the_plain_address_stays_what_it_was():
    shared()
    plain, window = (museum.get("/iiif/3/rgb:1/full/max/0/default.png" + q) for q in ("", "?window=0,100"))
    assert plain[0] == window[0] == 200 and plain[2][24] == 8 and window[2][24] == 16
    assert plain[1]["etag"] != window[1]["etag"]
    assert museum.get("/iiif/3/rgb:1/full/max/0/default.png?window=0,100", If_None_Match=window[1]["etag"])[0] == 304
    for headers in (plain[1], window[1]):
        assert headers["link"].count("/iiif/3/rgb:1/full/max/0/default.png>;rel=\"canonical\"") == 1


def test_nonsense_is_refused():
    shared()
    quote = urllib.parse.quote
    for query in ("depth=", "depth=16", "depth=Master", "depth=master&window=1,2", "window=", "window=1", "window=1,", "window=,2",
                  "window=2,1", "window=5,5", "window=1,2,3", "window=a,b", "window=nan,1", "window=0,inf", "window=0x10,99",
                  "window= 1,2", "window=1e999,2e999", "window=" + "1" * 50 + ",2", "window=" + quote("\0") + ",2",
                  "window=1,2" + quote("\xff"), "window=--1,2", "window=1..2,3"):
        assert museum.get("/iiif/3/rgb:1/full/max/0/default.png?" + query.replace(" ", "%20"))[0] == 400, query
    for rest in ("full/max/90/default.png", "full/max/!0/default.png", "full/max/0/gray.png", "full/max/0/bitonal.png",
                 "full/^700,/0/default.png", "full/max/0/default.jpg", "full/max/0/default.webp"):
        assert museum.get(f"/iiif/3/rgb:1/{rest}?depth=master")[0] == 400, rest
    assert museum.get("/iiif/3/nothing:1/full/max/0/default.png?depth=master")[0] == 404
    assert museum.get("/iiif/3/rgb:1/999,0,5,5/max/0/default.png?depth=master")[0] == 400
    assert museum.get("/iiif/3/bands:1/full/max/0/default.png?window=0,9")[0] == 400
    assert museum.get("/iiif/3/rgb:1/info.json?depth=nonsense")[0] == 200


def test_the_grant_counts_for_samples_too():
    with Museum() as m:
        (m.folder / "in").mkdir()
        for name in ("free", "small", "shut"):
            (m.folder / f"in/{name}.png").write_bytes(png_16(rows_of(1, sample=lambda x, y, c: value(x, y, c) ^ 1)[0], 1))
        (m.folder / "in/r.jsonl").write_text('{"id":"free","image":"free.png"}\n{"id":"small","image":"small.png","access":"side 100"}\n'
                                             '{"id":"shut","image":"shut.png","access":"none"}\n')
        m.run("ingest", m.folder / "in")
        with m.serving():
            for query in ("depth=master", "window=0,9"):
                assert m.get(f"/iiif/3/free:1/full/max/0/default.png?{query}")[0] == 200
                assert m.get(f"/iiif/3/shut:1/full/max/0/default.png?{query}")[0] == 404
                assert m.get(f"/iiif/3/small:1/0,0,50,50/max/0/default.png?{query}")[0] == 200
                status, _, body = m.get(f"/iiif/3/small:1/full/max/0/default.png?{query}")
                assert status == 200 and struct.unpack(">I", body[16:20])[0] == 100
                status, _, body = m.get(f"/iiif/3/small:1/0,0,50,50/max/0/default.png?{query}")
                assert struct.unpack(">I", body[16:20])[0] == 15
                assert m.get(f"/iiif/3/small:1/0,0,50,50/50,50/0/default.png?{query}")[0] == 403
                assert m.get(f"/iiif/3/small:1/full/333,217/0/default.png?{query}")[0] == 403


if __name__ == "__main__":
    main(globals())
