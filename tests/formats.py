#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind of file the museum reads, through ingest, vault, pyramid and server, beside what libvips alone makes of it; and the
broken and hostile ones, which are refused with a reason and harm nobody."""
import json
import os
import pathlib
import shutil
import struct
import subprocess

from iiif import png_read
from museum import BUILD, ROOT, Museum, main

DATA = pathlib.Path(os.environ.get("FORMATS", ROOT / "src/image/testdata"))
KINDS = {".jpg", ".png", ".tif", ".webp", ".gif", ".jp2", ".jxl", ".avif", ".heic", ".pdf"}
REFUSED = {"bomb-60000x60000.png", "hostile-bomb-60000x60000.png", "broken-crc.png", "broken-empty.jpg", "broken-scan.jpg", "broken-text.jpg",
           "broken-truncated.jpg", "font-missing.pdf", "large-interlaced.png", "hostile-script.svg", "hostile-entity.xml"}
TWO_LOSSES = 5.0  # mean difference of a sample: chroma halved, quality 85; a colour that is wrong is far beyond
BROKEN_PROFILE = {"icc-broken.jpg"}  # what libvips makes of it is its guess, ours another
museum = None


def shared():
    global museum
    if museum is None:
        museum = Museum()
        folder = museum.folder / "in"
        folder.mkdir()
        museum.files = {}
        for file in sorted(DATA.iterdir()):
            if file.suffix in KINDS | {".svg"}:
                museum.files[file.name] = file.stem + "_" + file.suffix[1:]
                shutil.copyfile(file, folder / (museum.files[file.name] + file.suffix))
        names = [name for name in sorted(os.listdir(folder)) if not name.endswith(".svg")]
        museum.report = json.loads(museum.run("ingest", *[folder / name for name in names], "--json", code=1).stdout)
        museum.serve()
    return museum


def ppm_read(path):
    data = path.read_bytes()
    fields, at = [], 0
    while len(fields) < 4:
        end = at
        while data[end:end + 1] not in (b" ", b"\n"):
            end += 1
        word = data[at:end]
        at = end + 1
        if word.startswith(b"#"):
            at = data.index(b"\n", end) + 1
        elif word:
            fields.append(word)
    width, height, channels = int(fields[1]), int(fields[2]), 3 if fields[0] == b"P6" else 1
    return width, height, lambda x, y: tuple(data[at + (y * width + x) * channels:at + (y * width + x + 1) * channels])


def mean_difference(a, b, width, height):
    total = count = 0
    for y in range(0, height, 3):
        for x in range(0, width, 3):
            p, q = a(x, y), b(x, y)
            p, q = p * 3 if len(p) == 1 else p, q * 3 if len(q) == 1 else q
            total += sum(abs(i - j) for i, j in zip(p, q, strict=True))
            count += 3
    return total / count


def services(object_id):
    status, _, body = museum.get("/api/object/" + object_id)
    if status == 404:
        return []
    return [url[len(museum.url):].removesuffix("/info.json") for url in json.loads(body)["images"]]


def test_what_can_be_read_is_drawn_as_it_is():
    m, bad, seen = shared(), [], 0
    out = m.folder / "reference.ppm"
    for name, object_id in m.files.items():
        if name in REFUSED:
            continue
        found = services(object_id)
        if not found:
            bad.append((name, "not taken in"))
        for page, service in enumerate(found):
            subprocess.run([BUILD / "reference", DATA / name, str(page if len(found) > 1 else 0), out], check=True, capture_output=True)
            want = ppm_read(out)
            got = png_read(m.get(service + "/full/max/0/default.png")[2])
            off = mean_difference(got[2], want[2], *got[:2]) if got[:2] == want[:2] else 999
            seen += 1
            if off > (20 if name in BROKEN_PROFILE else TWO_LOSSES):
                bad.append((name, page, got[:2], want[:2], off))
    assert not bad, bad
    assert seen >= 25, seen


def test_what_cannot_be_read_is_refused_with_a_reason():
    m = shared()
    told = {pathlib.Path(p["file"]).name: p["text"] for p in m.report["problems"] if p["level"] == "refused"}
    for name, object_id in m.files.items():
        delivered = object_id + pathlib.Path(name).suffix
        if name in REFUSED and not name.endswith(".svg"):
            assert told.get(delivered), name
            assert not services(object_id), name
        else:
            assert delivered not in told, (name, told[delivered])
    for text in told.values():
        assert "/" not in text.replace(delivered, "") and len(text) < 400, text


def test_a_name_says_nothing():
    with Museum() as m:
        liar = m.folder / "liar.png"
        shutil.copyfile(ROOT / "src/image/testdata/gray.jpg", liar)
        m.run("ingest", liar)
        with m.serving():
            record = json.loads(next((m.home / "vault").rglob("record.json")).read_text())
            assert record["media"][0]["format"] == "image/jpeg"
            status, _, body = m.get("/iiif/3/liar:1/full/max/0/default.jpg")
            assert status == 200 and struct.unpack(">H", body[:2])[0] == 0xFFD8


if __name__ == "__main__":
    main(globals())
