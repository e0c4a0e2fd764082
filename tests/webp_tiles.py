#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tiles stored as WebP from outside: off unless the museum wants them, then sent as they lie in the file, under the same doors; made
anew by rebuild, and gone with the object."""
import pathlib
import shutil
import struct
import zipfile

from iiif import png_write
from museum import Museum, main


def webp_size(body):
    assert body[:4] == b"RIFF" and body[8:16] == b"WEBPVP8 ", body[:16]
    width, height = struct.unpack("<HH", body[26:30])
    return width & 0x3FFF, height & 0x3FFF


def museum_with(key, access="full"):
    m = Museum(access=access)
    with open(m.home / "museum.conf", "a", encoding="utf-8") as conf:
        conf.write(key)
    (m.folder / "in").mkdir()
    (m.folder / "in/a.png").write_bytes(png_write(700, 500, lambda x, y: (x % 256, y % 256, (x + y) % 256)))
    m.run("ingest", m.folder / "in")
    return m


def stored(m):
    files = list((m.home / "derived").glob("*/*.webp"))
    return {} if not files else {n: zipfile.ZipFile(files[0]).read(n) for n in zipfile.ZipFile(files[0]).namelist()}


def test_off_by_default():
    with museum_with("") as m, m.serving():
        assert not stored(m)
        assert "preferredFormats" not in m.get_json("/iiif/3/a:1/info.json")
        status, _, body = m.get("/iiif/3/a:1/0,0,256,256/256,256/0/default.webp")
        assert status == 200 and webp_size(body) == (256, 256)


def test_sent_as_they_lie():
    with museum_with("webp_tiles = yes\n") as m, m.serving():
        lying = stored(m)
        tiles = [n for n in lying if n.endswith(".webp")]
        assert len(tiles) > 8
        for name in tiles:
            status, headers, body = m.get("/iiif/3/a:1/" + name)
            assert status == 200 and headers["content-type"] == "image/webp" and body == lying[name], name
            width, height = map(int, name.split("/")[1].split(","))
            assert webp_size(body) == (width, height)
            jpeg = m.get("/iiif/3/a:1/" + name.replace(".webp", ".jpg"))
            assert jpeg[0] == 200 and jpeg[2][:2] == b"\xff\xd8" and jpeg[1]["etag"] != headers["etag"]
            assert m.get("/iiif/3/a:1/" + name, If_None_Match=headers["etag"])[0] == 304
        # The address says which format: Accept does not change it.
        for form, start in (("jpg", b"\xff\xd8"), ("webp", b"RIFF")):
            body = m.get(f"/iiif/3/a:1/0,0,256,256/256,256/0/default.{form}", Accept="image/webp,image/jpeg;q=0.1")[2]
            assert body.startswith(start)
        assert m.get_json("/iiif/3/a:1/info.json")["preferredFormats"] == ["webp", "jpg"]
        assert "preferredFormats" not in m.get_json("/iiif/2/a:1/info.json")


def test_a_flag_for_one_delivery():
    with Museum() as m:
        (m.folder / "a.png").write_bytes(png_write(300, 200, lambda x, y: (x % 256, y, 9)))
        m.run("ingest", "--webp-tiles", m.folder / "a.png")
        assert stored(m)


def test_doors_rebuild_and_the_law():
    with museum_with("webp_tiles = yes\n", access="side 200") as m:
        with m.serving():
            names = [n for n in stored(m) if n.endswith(".webp")]
            for name in names:
                width, height = map(int, name.split("/")[1].split(","))
                x, y, w, h = (0, 0, 700, 500) if name.startswith("full") else map(int, name.split("/")[0].split(","))
                open_door = max(w / width, h / height) >= 3.5 - 1e-9
                assert (m.get("/iiif/3/a:1/" + name)[0] == 200) == open_door, name
        before = stored(m)
        shutil.rmtree(m.home / "derived")
        m.run("rebuild")
        assert stored(m) == before
        m.run("withdraw", "a", "--reason", "court order", "--yes", code=None)
        left = [p for p in pathlib.Path(m.home / "derived").glob("*/*")]
        assert not left, left


if __name__ == "__main__":
    main(globals())
