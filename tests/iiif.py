#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The IIIF Image API 3.0 and 2.1 from outside, level 2 and every optional feature: what the public validator checks, and what
it does not. The picture is made here: 10 x 10 squares of known colours, and the answers are read back as PNG."""
import json
import random
import socket
import struct
import urllib.parse
import zlib

from museum import Museum, main

SIDE, SQUARE = 1000, 100
WIDE, HIGH = 1201, 777  # nothing divides these
ODD_ID = "a/b%:c 青花"
chance = random.Random(20261120)
COLOURS = [[tuple(chance.randrange(256) for _ in range(3)) for _ in range(10)] for _ in range(10)]  # [column][row]
quote = urllib.parse.quote
museum = None


# ---- pictures without a library

def png_write(width, height, pixel):
    rows = b"".join(b"\0" + b"".join(bytes(pixel(x, y)) for x in range(width)) for y in range(height))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def png_read(data):
    """Width, height and a function (x, y) -> tuple of samples."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, bits, kind = struct.unpack(">IIBB", data[16:26])
    at, packed = 8, b""
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[kind]
    stride, step = (width * channels * bits + 7) // 8, max(1, channels * bits // 8)
    raw, rows, before = zlib.decompress(packed), [], bytes(stride)
    for y in range(height):
        kind_of_row, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            left, up = row[i - step] if i >= step else 0, before[i]
            corner = before[i - step] if i >= step else 0
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda v: abs(guess - v))
            row[i] = (row[i] + [0, left, up, (left + up) // 2, paeth][kind_of_row]) & 255
        rows.append(bytes(row))
        before = row
    if bits == 1:
        return width, height, lambda x, y: (255 * (rows[y][x // 8] >> (7 - x % 8) & 1),)
    return width, height, lambda x, y: tuple(rows[y][x * channels:(x + 1) * channels])


def jpeg_size(body):
    assert body[:2] == b"\xff\xd8" and body[-2:] == b"\xff\xd9", "not a whole JPEG"
    at = 2
    while body[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + struct.unpack(">H", body[at + 2:at + 4])[0]
    height, width = struct.unpack(">HH", body[at + 5:at + 9])
    return width, height


def near(got, want, tolerance=12):
    return all(abs(a - b) <= tolerance for a, b in zip(got, want, strict=False))


# ---- the museum

def shared():
    global museum
    if museum is None:
        museum = Museum()
        pictures = museum.folder / "pictures"
        pictures.mkdir()
        (pictures / "squares.png").write_bytes(png_write(SIDE, SIDE, lambda x, y: COLOURS[x // SQUARE][y // SQUARE]))
        (pictures / "odd.png").write_bytes(png_write(WIDE, HIGH, lambda x, y: (x * 255 // WIDE, y * 255 // HIGH, 128)))
        records = [{"id": "squares", "titles": [{"lang": "en", "text": "Squares"}], "image": "pictures/squares.png"},
                   {"id": ODD_ID, "titles": [{"lang": "en", "text": "Odd"}], "image": "pictures/odd.png"}]
        (museum.folder / "records.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
        museum.run("ingest", museum.folder / "records.jsonl")
        museum.serve()
    return museum


def image(version=3, object_id="squares"):
    return f"/iiif/{version}/{quote(object_id + ':1', safe=':')}"


def picture(part, version=3, object_id="squares"):
    """A PNG, read. `part` is region/size/rotation/quality."""
    status, headers, body = shared().get(f"{image(version, object_id)}/{part}.png")
    assert status == 200 and headers["content-type"] == "image/png", (part, status, body[:100])
    return png_read(body)


def status_of(path):
    return shared().get(path)[0]


def raw(request):
    with socket.create_connection(("127.0.0.1", shared().port), timeout=20) as s:
        s.sendall(request)
        answer = b""
        while part := s.recv(65536):
            answer += part
    return answer


def check_squares(read, side, turn=lambda column, row: (column, row), grey=False):
    """Every square in the middle has its colour; turn: which square of the original is seen there."""
    width, height, at = read
    assert (width, height) == (side, side), (width, height)
    for column in range(10):
        for row in range(10):
            from_column, from_row = turn(column, row)
            want = COLOURS[from_column][from_row]
            got = at(int((column + 0.5) * side / 10), int((row + 0.5) * side / 10))
            if grey:
                want = (0.299 * want[0] + 0.587 * want[1] + 0.114 * want[2],)
            assert near(got, want), (column, row, got, want)


# ---- identifiers, info.json, redirects

def test_base_address_leads_to_info():
    m = shared()
    for version in (2, 3):
        for path in (image(version), image(version, ODD_ID)):
            status, headers, _ = m.get(path)
            assert status == 303 and headers["location"] == m.url + path + "/info.json", headers
            assert headers["access-control-allow-origin"] == "*"


def test_info_3():
    m = shared()
    status, headers, body = m.get(image() + "/info.json")
    info = json.loads(body)
    assert status == 200 and headers["content-type"] == 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'
    assert headers["access-control-allow-origin"] == "*" and "Accept" in headers["vary"]
    assert info["@context"] == "http://iiif.io/api/image/3/context.json" and info["id"] == m.url + image()
    assert (info["type"], info["protocol"], info["profile"]) == ("ImageService3", "http://iiif.io/api/image", "level2")
    assert (info["width"], info["height"]) == (SIDE, SIDE) and info["maxWidth"] >= 2000
    assert {"color", "gray", "bitonal"} <= set(info["extraQualities"])
    assert info["tiles"][0]["scaleFactors"][0] == 1


def test_info_2():
    m = shared()
    status, headers, body = m.get(image(2) + "/info.json")
    info = json.loads(body)
    assert status == 200 and headers["content-type"] == "application/json"
    assert info["@context"] == "http://iiif.io/api/image/2/context.json" and info["@id"] == m.url + image(2)
    assert info["profile"][0] == "http://iiif.io/api/image/2/level2.json" and (info["width"], info["height"]) == (SIDE, SIDE)


def test_info_in_the_type_asked_for():
    for version in (2, 3):
        for accept, want in (("application/ld+json", "application/ld+json"), ("application/json", "application/json"),
                             ("application/json;q=0.2, application/ld+json", "application/ld+json")):
            _, headers, _ = shared().get(image(version) + "/info.json", Accept=accept)
            assert headers["content-type"].split(";")[0] == want, (version, accept, headers)


def test_ids_with_every_kind_of_character():
    m = shared()
    path = image(3, ODD_ID)
    info = m.get_json(path + "/info.json")
    assert (info["width"], info["height"]) == (WIDE, HIGH) and info["id"] == m.url + path
    other = "/iiif/3/" + "".join(f"%{b:02x}" for b in (ODD_ID + ":1").encode())  # everything encoded, in small letters
    assert m.get_json(other + "/info.json")["id"] == m.url + other  # told as it was asked for
    for unknown in ("x", "a%2Fb", "..%2F..%2Fetc%2Fpasswd", "squares", "squares:2", "squares:1%20", "SQUARES:1"):
        assert status_of(f"/iiif/3/{unknown}/info.json") == 404, unknown
        assert status_of(f"/iiif/3/{unknown}/full/max/0/default.jpg") == 404, unknown


def test_every_claimed_feature_is_there():
    m = shared()
    info = m.get_json(image() + "/info.json")
    magic = {"jpg": b"\xff\xd8\xff", "png": b"\x89PNG", "webp": b"RIFF", "tif": b"II*\0", "gif": b"GIF89a", "pdf": b"%PDF-",
             "jp2": b"\0\0\0\x0cjP  ", "avif": b"\0\0\0"}
    for form in ["jpg", "png", *info["extraFormats"]]:
        status, headers, body = m.get(f"{image()}/full/300,300/0/default.{form}")
        assert status == 200 and body.startswith(magic[form]), (form, status, body[:20])
        assert headers["content-type"].split("/")[0] in ("image", "application")
    assert {"webp", "tif", "gif", "pdf", "jp2"} <= set(info["extraFormats"])
    for quality in ["default", *info["extraQualities"]]:
        assert status_of(f"{image()}/full/100,/0/{quality}.jpg") == 200
    _, headers, _ = m.get(f"{image()}/full/^1500,/!33/gray.jpg")
    assert 'level2.json>;rel="profile"' in headers["link"]
    assert f"<{m.url}{image()}/full/^1500,1500/!33/gray.jpg>;rel=\"canonical\"" in headers["link"]
    _, headers, _ = m.get(f"{image(2)}/0,0,1000,1000/1500,1500/!33/gray.jpg")
    assert f"<{m.url}{image(2)}/full/1500,/!33/gray.jpg>;rel=\"canonical\"" in headers["link"]
    _, headers, _ = m.get(f"{image()}/0,0,256,256/256,256/0/default.jpg")  # a stored one has them as well
    assert "rel=\"canonical\"" in headers["link"]


# ---- region, size, rotation, quality: what is seen

def test_the_whole_picture():
    check_squares(picture("full/max/0/default"), SIDE)
    check_squares(picture("full/full/0/default", 2), SIDE)
    check_squares(picture("full/500,/0/color"), 500)
    check_squares(picture("full/pct:30/0/color"), 300)


def test_regions():
    for column, row in ((0, 0), (9, 9), (3, 7), (8, 1)):
        for part in (f"{column * 100 + 10},{row * 100 + 10},80,80", f"pct:{column * 10 + 1},{row * 10 + 1},8,8"):
            width, height, at = picture(f"{part}/max/0/default")
            assert (width, height) == (80, 80) and near(at(40, 40), COLOURS[column][row]), part
    width, height, at = picture("950,950,400,400/max/0/default")  # beyond the edge: cut
    assert (width, height) == (50, 50) and near(at(25, 25), COLOURS[9][9])
    width, height, at = picture("square/max/0/default", object_id=ODD_ID)
    assert (width, height) == (HIGH, HIGH)
    left = (WIDE - HIGH) // 2
    assert near(at(0, 0), (left * 255 // WIDE, 0, 128)) and near(at(HIGH - 1, 0), ((left + HIGH) * 255 // WIDE, 0, 128))


def test_sizes_are_exact():
    for part, want in (("full/300,", (300, 194)), ("full/,300", (464, 300)), ("full/300,50", (300, 50)), ("full/!300,50", (77, 50)),
                       ("full/pct:10", (120, 78)), ("full/!5000,5000", (WIDE, HIGH)), ("full/1,", (1, 1)), ("full/max", (WIDE, HIGH)),
                       ("5,7,11,13/max", (11, 13)), ("5,7,11,13/^110,", (110, 130)), ("full/^1500,", (1500, 970)),
                       ("5,7,11,13/^!110,110", (93, 110)), ("5,7,11,13/^pct:300", (33, 39)), ("5,7,11,13/^22,22", (22, 22))):
        status, _, body = shared().get(f"{image(3, ODD_ID)}/{part}/0/default.jpg")
        assert status == 200 and jpeg_size(body) == want, (part, status, jpeg_size(body), want)


def test_tiles_on_the_grid_and_off_it():
    info = shared().get_json(image(3, ODD_ID) + "/info.json")
    side = info["tiles"][0]["width"]
    for factor in info["tiles"][0]["scaleFactors"]:
        for x in range(0, WIDE, side * factor):
            for y in range(0, HIGH, side * factor):
                w, h = min(side * factor, WIDE - x), min(side * factor, HIGH - y)
                ow, oh = -(-w // factor), -(-h // factor)
                for part in (f"3/{{}}/{x},{y},{w},{h}/{ow},{oh}", f"2/{{}}/{x},{y},{w},{h}/{ow},"):
                    path = "/iiif/" + part.format(quote(ODD_ID + ":1", safe=":")) + "/0/default.jpg"
                    status, _, body = shared().get(path)
                    assert status == 200 and jpeg_size(body) == (ow, oh), (path, status)
    status, _, body = shared().get(f"{image(3, ODD_ID)}/1,1,256,256/256,256/0/default.jpg")
    assert status == 200 and jpeg_size(body) == (256, 256)


def test_rotations_and_mirrors():
    turns = {"90": lambda c, r: (r, 9 - c), "180": lambda c, r: (9 - c, 9 - r), "270": lambda c, r: (9 - r, c),
             "!0": lambda c, r: (9 - c, r), "!180": lambda c, r: (c, 9 - r), "360": lambda c, r: (c, r)}
    for rotation, turn in turns.items():
        check_squares(picture(f"full/300,/{rotation}/default"), 300, turn)
    width, height, at = picture("0,0,300,300/max/45/default")
    assert (width, height) == (425, 425) and at(2, 2)[3] == 0 and near(at(212, 212), COLOURS[1][1])
    width, height, at = picture("0,0,300,300/max/!22.5/default")
    assert (width, height) == (392, 392) and near(at(196, 196), COLOURS[1][1])


def test_qualities():
    check_squares(picture("full/300,/0/gray"), 300, grey=True)
    width, _, at = picture("full/300,/0/bitonal")
    assert all(at(x, y)[0] in (0, 255) for x in range(0, width, 7) for y in range(0, width, 7))


# ---- refusals

def test_what_makes_no_sense_is_400():
    both = ["0,0,0,5/max/0/default.jpg", "1000,0,5,5/max/0/default.jpg", "0,1000,5,5/max/0/default.jpg", "pct:100,0,5,5/max/0/default.jpg",
            "-1,0,5,5/max/0/default.jpg", "1.5,0,5,5/max/0/default.jpg", "a/max/0/default.jpg", "full/0,/0/default.jpg", "full/,/0/default.jpg",
            "full/1e2,/0/default.jpg", "full/+5,/0/default.jpg", "full/0x10,/0/default.jpg", "full/nan,/0/default.jpg", "full/pct:0/0/default.jpg",
            "full/99999999999999999999,/0/default.jpg", "full/max/361/default.jpg", "full/max/-1/default.jpg", "full/max/a/default.jpg",
            "full/max/0/grey.jpg", "full/max/0/native.jpg", "full/max/0/default.exe", "full/max/0/default", "full/max/0", "full/max",
            "full/^^max/0/default.jpg", "full/!5,/0/default.jpg"]
    for part in both:
        for version in (2, 3):
            assert status_of(f"{image(version)}/{part}") == 400, (version, part)
    for part in ("full/full/0/default.jpg", "full/1001,/0/default.jpg", "full/pct:101/0/default.jpg", "0,0,5,5/6,6/0/default.jpg"):
        assert status_of(f"{image()}/{part}") == 400, part  # 3.0: not larger without "^"
    assert status_of(f"{image(2)}/full/1001,/0/default.jpg") == 200  # 2.1: may be
    assert status_of(f"{image(2)}/full/^1001,/0/default.jpg") == 400
    limit = shared().get_json(image() + "/info.json")["maxWidth"]
    assert status_of(f"{image()}/full/^{limit + 1},1/0/default.jpg") == 400


def test_a_small_picture_in_a_large_box_is_sent_as_it_is():
    # The public validator expects a refusal here; section 4.2 of the standard says otherwise.
    _, _, body = shared().get(f"{image()}/full/!2000,3000/0/default.jpg")
    assert jpeg_size(body) == (SIDE, SIDE)


def test_hostile_addresses_are_answered():
    strange = [b"<>", b"\\", b"^", b"`", b"[frob]", b"{}", b'"', b"|", b"%", b"%zz", b"%00", b"%ff", b"\xff\xfe", b"%2e%2e%2f", b"'; DROP--",
               b"0,0,5,5" * 300, b"\xe9\x9d\x92", b"//", b"..", b"%C0%AF", b"?", b"%0d%0aX: y"]
    parts = [b"%s/full/max/0/default.jpg", b"squares:1/%s/max/0/default.jpg", b"squares:1/full/%s/0/default.jpg",
             b"squares:1/full/max/%s/default.jpg", b"squares:1/full/max/0/%s.jpg", b"squares:1/full/max/0/default.%s"]
    for version in (b"2", b"3"):
        for part in parts:
            for text in strange:
                answer = raw(b"GET /iiif/%s/%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % (version, part % text))
                status = answer.split(b" ", 2)[1]
                assert status in (b"400", b"404", b"414"), (part % text, answer[:80])
                assert b"\nX: y" not in answer and str(shared().home).encode() not in answer
    for text in (b"a b", b"a\tb", b"\x00", b"\x7f", b"a#b"):
        answer = raw(b"GET /iiif/3/%s/info.json HTTP/1.1\r\nHost: a\r\n\r\n" % text)
        assert answer.startswith(b"HTTP/1.1 400"), (text, answer[:80])


# ---- HTTP

def test_methods():
    m = shared()
    path = image() + "/0,0,256,256/256,256/0/default.jpg"
    _, headers, body = m.get(path)
    status, head, nothing = m.request("HEAD", path)
    assert status == 200 and not nothing and int(head["content-length"]) == len(body) and head["etag"] == headers["etag"]
    status, headers, _ = m.request("OPTIONS", path, {"Origin": "https://x.example", "Access-Control-Request-Method": "GET"})
    assert status == 204 and headers["access-control-allow-origin"] == "*" and "GET" in headers["access-control-allow-methods"]
    assert "authorization" in headers["access-control-allow-headers"].lower()
    for method in ("POST", "PUT", "DELETE", "BREW"):
        status, headers, _ = m.request(method, path)
        assert status == 405 and "GET" in headers["allow"], method


def test_conditions_and_ranges():
    m = shared()
    for part in ("/info.json", "/0,0,256,256/256,256/0/default.jpg", "/full/333,/0/default.png"):
        _, headers, body = m.get(image() + part)
        assert headers["access-control-allow-origin"] == "*" and "max-age" in headers["cache-control"]
        status, again, nothing = m.get(image() + part, If_None_Match=headers["etag"])
        assert status == 304 and not nothing and again["etag"] == headers["etag"], part
        status, _, piece = m.get(image() + part, Range="bytes=5-9")
        assert status == 206 and piece == body[5:10], part
    tags = {m.get(f"{image()}/{p}")[1]["etag"] for p in ("full/100,/0/default.jpg", "full/100,/0/gray.jpg", "full/100,/90/default.jpg",
                                                         "full/100,/0/default.png", "full/101,/0/default.jpg")}
    assert len(tags) == 5


# ---- rights

def test_a_door_closes_while_serving():
    with Museum() as m:
        (m.folder / "p.png").write_bytes(png_write(600, 400, lambda x, y: (x % 256, y % 256, 0)))
        record = {"id": "one", "titles": [{"lang": "en", "text": "One"}], "image": "p.png"}

        def put(**more):
            (m.folder / "r.jsonl").write_text(json.dumps(record | more) + "\n")
            m.run("ingest", m.folder / "r.jsonl")
        put()
        tile, small, info = "/iiif/3/one:1/0,0,256,256/256,256/0/default.jpg", "/iiif/3/one:1/full/!200,200/0/default.jpg", "/iiif/3/one:1/info.json"
        with m.serving():
            assert [m.get(p)[0] for p in (tile, small, info)] == [200, 200, 200]
            etag = m.get(tile)[1]["etag"]
            put(access="side 300")
            m.wait(lambda: m.get(tile)[0] == 403, "the tile is closed", 5)
            assert m.get(small)[0] == 200 and m.get_json(info)["maxWidth"] == 300
            assert 1 not in m.get_json(info)["tiles"][0]["scaleFactors"]
            assert m.get(tile, If_None_Match=etag)[0] == 403
            assert jpeg_size(m.get("/iiif/3/one:1/full/max/0/default.jpg")[2]) == (300, 200)
            assert m.get("/iiif/3/one:1/0,0,1,1/max/0/default.png")[0] == 403
            put(access="record")
            m.wait(lambda: m.get(small)[0] == 403, "no picture at all", 5)
            put(access="none")
            m.wait(lambda: m.get(info)[0] == 404, "nobody knows of it", 5)
            assert m.get(info)[2] == m.get("/iiif/3/two:1/info.json")[2]
            put(access="full")
            m.wait(lambda: m.get(tile)[0] == 200, "open again", 5)


if __name__ == "__main__":
    main(globals())
