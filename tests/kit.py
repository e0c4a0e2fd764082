#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pattern kits, from outside: every file of a part and what it says of itself, refusals, bad parts, the command line."""
import json
import re
import struct
import xml.etree.ElementTree as xml
import zlib

from museum import SAMPLES, Museum, main

PICTURES = SAMPLES / "pictures"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
RECORDS = [
    ("open", "CC0-1.0", None), ("named", "CC BY 4.0", None), ("shared", "CC BY-SA 4.0", None),
    ("fixed", "CC BY-ND 4.0", None), ("closed", "In Copyright", None), ("silent", None, None),
    ("secret", "CC0-1.0", "none"), ("texts", "CC0-1.0", "record"), ("small", "CC0-1.0", "side 300"),
]
FILES = ["part.jpg", "flat.png", "trace.svg", "kit.json"]
museum = None


def drawn(colour):
    """A PNG of 400 x 300."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = b"".join(b"\0" + b"".join(colour(x, y) for x in range(400)) for y in range(300))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 400, 300, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def cloth(x, y):
    """Repeats every 50 by 40 pixels."""
    x, y = x % 50, y % 40
    if (x - 18) ** 2 + (y - 15) ** 2 < 90:
        return b"\x8f\x2d\x1d"
    return b"\x1f\x3f\x94" if 32 < x < 40 and 12 < y < 33 else b"\xe8\xd9\xb5"


def bowl(x, y):
    """A red disc on a light ground."""
    return b"\x8f\x2d\x1d" if (x - 200) ** 2 + (y - 150) ** 2 < 90 ** 2 else bytes((225 + (x + y) % 3,) * 3)


def shared():
    """One picture under every kind of terms."""
    global museum
    if museum is None:
        museum = Museum()
        folder = museum.folder / "in"
        folder.mkdir()
        picture = (PICTURES / "met-436532.jpg").read_bytes()
        (folder / "cloth.png").write_bytes(drawn(cloth))
        (folder / "bowl.png").write_bytes(drawn(bowl))
        with open(folder / "records.jsonl", "w", encoding="utf-8") as out:
            for name, licence, access in RECORDS:
                (folder / f"{name}.jpg").write_bytes(picture)
                record = {"id": name, "titles": [{"lang": "en", "text": f"The <{name}> & one"}], "makers": ["A. Maker"],
                          "credit": "Gift of \"somebody\"", "image": f"{name}.jpg", "accession": "7.1"}
                if licence:
                    record["licence"] = licence
                if access:
                    record["access"] = access
                out.write(json.dumps(record) + "\n")
            for name in ("cloth", "bowl"):
                out.write(json.dumps({"id": name, "image": f"{name}.png", "licence": "CC0-1.0"}) + "\n")
        museum.run("ingest", folder)
        museum.serve()
    return museum


def file_of(m, name, file, region="200,200,400,300"):
    return m.get(f"/kit/{name}:1/{region}/{file}")


def chunks(png):
    at = 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body)
        yield kind, body
        at += 12 + size


def said_in(file, body):
    """The RDF inside a file."""
    text = body.decode("utf-8", "surrogateescape")
    found = re.search(r"<rdf:RDF.*</rdf:RDF>", text, re.S)
    assert found, file
    return xml.fromstring(found.group(0).encode("utf-8", "surrogateescape"))


def test_every_file_says_what_it_is():
    m = shared()
    for file in FILES:
        status, headers, body = file_of(m, "open", file)
        assert status == 200, (file, status, body[:200])
        assert headers["etag"] and headers["access-control-allow-origin"] == "*", headers
        assert headers["x-content-type-options"] == "nosniff"
        assert m.request("GET", f"/kit/open:1/200,200,400,300/{file}", {"If-None-Match": headers["etag"]})[0] == 304
        assert file_of(m, "open", file)[2] == body, "the same bytes again"
        if file == "kit.json":
            continue
        rdf = said_in(file, body)
        text = "".join(rdf.itertext())
        for said in ("The <open> & one", "A. Maker", 'Gift of "somebody"', "CC0-1.0", "7.1", f"{m.url}/object/open",
                     f"{m.url}/iiif/3/open:1/200,200,400,300/max/0/default.jpg"):
            assert said in text, (file, said, text)
        assert rdf.find(f".//{{http://creativecommons.org/ns#}}license").get(RDF + "resource") == \
            "http://creativecommons.org/publicdomain/zero/1.0/"


def test_pictures_are_pictures():
    m = shared()
    png = file_of(m, "open", "flat.png")[2]
    kinds = dict(chunks(png))
    assert struct.unpack(">II", kinds[b"IHDR"][:8]) == (400, 300)
    words = [body.split(b"\0")[0] for kind, body in chunks(png) if kind == b"iTXt"]
    assert b"XML:com.adobe.xmp" in words and b"Copyright" in words and b"Source" in words, words
    jpeg = file_of(m, "open", "part.jpg")[2]
    assert jpeg[:2] == b"\xff\xd8" and b"http://ns.adobe.com/xap/1.0/\0" in jpeg[:200]
    svg = xml.fromstring(file_of(m, "open", "trace.svg")[2])
    names = {e.tag.split("}")[1] for e in svg.iter() if e.tag.startswith("{http://www.w3.org/2000/svg}")}
    assert names == {"svg", "title", "metadata", "g", "path"}, names
    assert svg.get("viewBox") == "0 0 400 300"
    facts = json.loads(file_of(m, "open", "kit.json")[2])
    assert 2 <= len(facts["palette"]) <= 8
    assert abs(sum(c["share"] for c in facts["palette"]) - 1) < 0.01
    assert all(re.fullmatch(r"#[0-9a-f]{6}", c["hex"]) and c["name"] for c in facts["palette"])


def test_what_the_rights_refuse():
    m = shared()
    for name, want in (("open", 200), ("named", 200), ("shared", 200), ("fixed", 403), ("closed", 403), ("silent", 403),
                       ("secret", 404), ("texts", 404), ("nowhere", 404)):
        for file in FILES:
            status, _, body = file_of(m, name, file)
            assert status == want, (name, file, status, body[:100])
        assert m.get(f"/kit?image={name}:1&region=200,200,400,300")[0] == want, name
    assert b"/kit?image=" in m.get("/object/open")[2]
    for name in ("fixed", "closed", "silent", "texts"):
        assert b"/kit?image=" not in m.get(f"/object/{name}")[2], name
    assert b"changed copies" in m.get("/kit?image=fixed:1")[2]
    conditions = "".join(said_in("", file_of(m, "shared", "part.jpg")[2]).itertext())
    assert "same licence" in conditions and "CC BY-SA 4.0" in conditions


def test_hidden_is_answered_like_nothing():
    m = shared()
    for path in ("/kit/{}:1/0,0,100,100/flat.png", "/kit/{}:1/0,0,1,1/flat.png", "/kit?image={}:1", "/kit?image={}:1&region=1"):
        answers = []
        for name in ("secret", "absent"):
            status, headers, body = m.get(path.format(name))
            headers.pop("date", None)
            answers.append((status, {k: v for k, v in headers.items() if k != "etag"}, body.replace(name.encode(), b"?")))
        assert answers[0] == answers[1], path


def test_no_larger_than_the_grant():
    m = shared()
    facts = m.get_json("/iiif/3/open:1/info.json")
    longest = max(facts["width"], facts["height"])
    status, _, body = file_of(m, "small", "flat.png", f"0,0,{facts['width']},{facts['height']}")
    width, height = struct.unpack(">II", dict(chunks(body))[b"IHDR"][:8])
    assert status == 200 and max(width, height) == 300, (status, width, height)
    status, _, body = file_of(m, "small", "flat.png", "200,200,400,300")
    width, height = struct.unpack(">II", dict(chunks(body))[b"IHDR"][:8])
    assert abs(width - 400 * 300 / longest) <= 1, (width, longest)


def test_a_part_that_does_not_repeat():
    m = shared()
    status, _, body = file_of(m, "open", "tile.png")
    assert status == 404 and b"no repeat" in body, (status, body)
    assert json.loads(file_of(m, "open", "kit.json")[2])["repeat"]["kind"] == "none"
    assert b"tile.png" not in m.get("/kit?image=open:1&region=200,200,400,300")[2]


def test_a_part_that_repeats():
    m = shared()
    status, _, body = m.get("/kit/cloth:1/0,0,400,300/tile.png")
    kinds = dict(chunks(body))
    assert status == 200 and struct.unpack(">II", kinds[b"IHDR"][:8]) == (50, 40), (status, body[:80])
    assert "seamless tile" in "".join(said_in("tile.png", body).itertext())
    repeat = m.get_json("/kit/cloth:1/0,0,400,300/kit.json")["repeat"]
    assert repeat["kind"] == "rectangular" and abs(repeat["a"][0] - 50) < 1 and abs(repeat["b"][1] - 40) < 1, repeat
    assert m.get("/kit?image=cloth:1&region=0,0,400,300")[2].count(b'src="/kit/cloth:1/0,0,400,300/tile.png"') == 4


def test_bad_parts():
    m = shared()
    for region in ("0,0,3,3", "0,0,15,200", "0,0,99999,50", "99999,0,50,50", "0,0,0,1", "-1,0,50,50", "1,2,3", "a,b,c,d",
                   "0,0,50,50,", "00,0,50,50", "0,0,50,99999999999", "full", ""):
        for file in FILES:
            status = file_of(m, "open", file, region)[0]
            assert status in (400, 404), (region, file, status)
        if region:
            assert m.get(f"/kit?image=open:1&region={region}")[0] == 400, region
    for path in ("/kit", "/kit/", "/kit/open:1", "/kit/open:1/0,0,50,50", "/kit/open:1/0,0,50,50/",
                 "/kit/open:1/0,0,50,50/other.png", "/kit/%ff/0,0,50,50/flat.png", "/kit?image=", "/kit/" + "a" * 5000):
        assert m.get(path)[0] in (400, 404, 414), path
    assert m.request("POST", "/kit/open:1/0,0,50,50/flat.png", {}, b"")[0] == 405
    assert m.get("/healthz")[0] == 200


def test_parts_of_every_shape():
    m = shared()
    facts = m.get_json("/iiif/3/open:1/info.json")
    width, height = facts["width"], facts["height"]
    for region in ("0,0,16,16", f"0,0,{width},16", f"0,0,16,{height}", f"0,0,{width},{height}", f"{width - 17},{height - 17},17,17"):
        for file in FILES:
            status, _, body = file_of(m, "open", file, region)
            assert status == 200 or (status == 400 and b"narrow" in body), (region, file, status, body[:100])


def test_the_page():
    m = shared()
    status, headers, page = m.get("/kit?image=open:1&region=200,200,400,300")
    assert status == 200 and "script-src 'self'" in headers["content-security-policy"]
    for file in FILES:
        assert f"/kit/open:1/200,200,400,300/{file}".encode() in page, file
    assert b"Gift of &quot;somebody&quot;" in page or b'Gift of "somebody"' in page
    assert "纹样".encode() in m.get("/kit?image=open:1&lang=zh-Hans")[2]
    assert b'formaction="/kit"' in m.get("/look?image=open:1")[2]
    assert b'/kit?image=open%3A1&amp;region=200,200,400,300' in m.get("/look?image=open:1&region=200,200,400,300&kind=like")[2]


def rows_of(png):
    """The rows of an RGBA PNG, filters undone (PNG, 9.2)."""
    parts = list(chunks(png))
    width, height, depth, kind = struct.unpack(">IIBB", parts[0][1][:10])
    assert (depth, kind) == (8, 6), "no transparency"
    data, step = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT")), width * 4
    above, rows = bytearray(step), []
    for y in range(height):
        how, row = data[y * (step + 1)], bytearray(data[y * (step + 1) + 1:(y + 1) * (step + 1)])
        for i in range(step):
            left, up, corner = row[i - 4] if i > 3 else 0, above[i], above[i - 4] if i > 3 else 0
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda n: abs(guess - n))
            row[i] = (row[i] + (0, left, up, (left + up) // 2, paeth)[how]) & 255
        rows.append(row)
        above = row
    return rows


def test_a_sticker_is_cut_out():
    m, whole = shared(), "0,0,400,300"
    status, _, body = file_of(m, "bowl", "sticker.png", whole)
    assert status == 200 and "bowl" in "".join(said_in("sticker.png", body).itertext())
    rows = rows_of(body)
    solid = sum(row[x * 4 + 3] for row in rows for x in range(400)) / 255
    assert abs(solid / (3.1416 * 90 ** 2) - 1) < 0.02, solid
    assert rows[0][3] == rows[299][399 * 4 + 3] == 0 and rows[150][200 * 4 + 3] == 255
    assert abs(json.loads(file_of(m, "bowl", "kit.json", whole)[2])["sticker"]["share"] - solid / 120000) < 0.01
    ground = "0,0,60,60"  # nothing stands out there
    assert b"sticker.png" in m.get(f"/kit?image=bowl:1&region={whole}")[2]
    assert b"sticker.png" not in m.get(f"/kit?image=bowl:1&region={ground}")[2]
    assert file_of(m, "bowl", "sticker.png", ground)[0] == 404
    assert file_of(m, "fixed", "sticker.png")[0] == 403 and file_of(m, "secret", "sticker.png")[0] == 404


def test_command_line():
    m = shared()
    out = m.folder / "out"
    facts = m.json("kit", "open:1", "--region", "200,200,400,300", "--out", out)
    assert facts["region"] == "200,200,400,300" and facts["palette"]
    assert sorted(p.name for p in out.iterdir()) == sorted(FILES)
    for name in ("fixed", "secret", "nowhere"):
        assert m.run("kit", f"{name}:1", "--out", m.folder / "no", code=1).stderr
        assert not (m.folder / "no").exists()
    m.run("kit", "fixed:1", "--all", "--out", m.folder / "all")
    m.run("kit", "open:1", "--region", "1,2,3", code=2)
    m.run("kit", "open:1", "--region", "0,0,3,3", code=1)
    m.run("kit", code=2)


if __name__ == "__main__":
    main(globals())
