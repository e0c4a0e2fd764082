#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Zoom without storing level 0: a museum that cuts its largest tiles from the master shows, byte for byte, what a museum that
stores them shows; and when the master or the index is not what it was, an error, never other pixels."""
import json
import pathlib
import random
import shutil
import zipfile

from museum import Museum, main

TILE = 256
SAMPLE = pathlib.Path(__file__).resolve().parent.parent / "samples" / "pictures" / "sheet-01.jpg"
chance = random.Random(13)
museums = {}


def make(name, *words, access="full"):
    """A museum with the one picture, ingested with these options, and served."""
    if name not in museums:
        museum = museums[name] = Museum(access=access)
        shutil.copy(SAMPLE, museum.folder / "sheet.jpg")
        record = {"id": "sheet", "titles": [{"lang": "en", "text": "Sheet"}], "image": "sheet.jpg"}
        (museum.folder / "records.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
        museum.run("ingest", museum.folder / "records.jsonl", *words)
        museum.serve()
    return museums[name]


def stored():
    return make("stored")


def cut():
    return make("cut", "--zoom-from-master")


def size():
    info = stored().get_json("/iiif/3/sheet:1/info.json")
    return info["width"], info["height"]


def tiles():
    width, height = size()
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            w, h = min(TILE, width - left), min(TILE, height - top)
            yield f"{left},{top},{w},{h}/{w},{h}/0/default.jpg"


def smaller_tile():
    return f"0,0,{2 * TILE},{2 * TILE}/{TILE},{TILE}/0/default.jpg"


def get(museum, part, **headers):
    return museum.get(f"/iiif/3/sheet:1/{part}", **headers)


def pyramid(museum):
    return next(p for p in (museum.home / "derived").rglob("*") if p.is_file() and zipfile.is_zipfile(p))


def master(museum):
    return next((museum.home / "vault").rglob("sheet.jpg"))


def test_same_bytes():
    count = 0
    for part in tiles():
        want, got = get(stored(), part), get(cut(), part)
        assert want[0] == got[0] == 200 and want[2] == got[2], part
        assert got[1]["content-type"] == "image/jpeg" and "etag" in got[1]
        count += 1
    assert count > 60
    for part in (smaller_tile(), "full/400,/0/default.jpg", "100,90,700,300/max/0/gray.png", "300,20,333,256/200,/0/default.png"):
        assert get(stored(), part)[2] == get(cut(), part)[2], part


def test_conditions_and_head():
    part = next(tiles())
    status, headers, body = get(cut(), part)
    again = get(cut(), part, If_None_Match=headers["etag"])
    assert again[0] == 304 and not again[2]
    status, head, nothing = cut().request("HEAD", f"/iiif/3/sheet:1/{part}")
    assert status == 200 and head["content-length"] == str(len(body)) and not nothing
    status, _, part_of = get(cut(), part, Range="bytes=2-11")
    assert status in (200, 206) and part_of in (body, body[2:12])


def test_what_is_saved_and_what_is_absent():
    whole, lean, original = (p.stat().st_size for p in (pyramid(stored()), pyramid(cut()), SAMPLE))
    assert whole - lean > 0.9 * original, (whole, lean, original)
    with zipfile.ZipFile(pyramid(cut())) as z, zipfile.ZipFile(pyramid(stored())) as full:
        assert z.testzip() is None
        names, all_names = set(z.namelist()), set(full.namelist())
    width, height = size()
    absent = all_names - names
    assert len(absent) == -(-width // TILE) * -(-height // TILE)
    assert names - all_names == {"pyramid.index"}
    assert "full/400," in " ".join(names) or any(n.startswith("full/") for n in names)


def differing(museum):
    """How many tiles are refused; none may be another."""
    refused = 0
    for part in tiles():
        status, _, body = get(museum, part)
        if status == 200:
            assert body == get(stored(), part)[2], f"wrong pixels: {part}"
        else:
            assert status == 500 and b"/" not in body, (status, body)
            refused += 1
    assert get(museum, smaller_tile())[0] == 200
    if refused:
        assert "master of this picture" in (museum.folder / "serve.log").read_text(encoding="utf-8")
    return refused


def test_damaged_master():
    path, good = master(cut()), SAMPLE.read_bytes()
    for _ in range(8):  # in place, under the open file
        bad = bytearray(good)
        for _ in range(3):
            bad[chance.randrange(len(bad) // 10, len(bad))] ^= 1 << chance.randrange(8)
        with open(path, "r+b") as f:
            f.write(bad)
        assert differing(cut()) >= 1
    with open(path, "r+b") as f:
        f.write(bytes(len(good)))
    assert differing(cut()) == len(list(tiles()))
    region = get(cut(), "100,90,300,300/max/0/default.png")
    assert region[0] == 500
    with open(path, "r+b") as f:
        f.write(good)
    assert differing(cut()) == 0


def test_missing_or_short_master():
    path, all_tiles = master(cut()), len(list(tiles()))
    aside = path.with_name("aside")
    path.rename(aside)
    cut().stop()
    with cut().serving():
        assert differing(cut()) == all_tiles
        path.write_bytes(SAMPLE.read_bytes()[:-1000])
        assert differing(cut()) == all_tiles
        path.unlink()
        path.symlink_to("/etc/passwd")
        assert differing(cut()) == all_tiles
        path.unlink()
        aside.rename(path)
        assert differing(cut()) == 0
        with open(path, "r+b") as f:  # shorter while it is open
            f.truncate(len(SAMPLE.read_bytes()) // 2)
        assert 0 < differing(cut()) < all_tiles
        path.write_bytes(SAMPLE.read_bytes())
        assert differing(cut()) == 0
    cut().serve()


def test_damaged_index():
    path = pyramid(cut())
    good = path.read_bytes()
    with zipfile.ZipFile(path) as z:
        entry = z.getinfo("pyramid.index")
        start = good.index(b"VPINDEX1", entry.header_offset)
    for _ in range(10):
        with open(path, "r+b") as f:
            for _ in range(20):
                f.seek(start + chance.randrange(3000, entry.file_size))
                f.write(bytes([chance.randrange(256)]))
        for part in chance.sample(list(tiles()), 30):
            status, _, body = get(cut(), part)
            assert status == 500 or body == get(stored(), part)[2], part
        with open(path, "r+b") as f:
            f.write(good)
    assert differing(cut()) == 0


def test_who_may_see():
    limited, stored_limited = make("limited", "--zoom-from-master", access="1000"), make("stored_limited", access="1000")
    for part in list(tiles())[:20] + [smaller_tile(), "full/400,/0/default.jpg", "full/max/0/default.jpg"]:
        want, got = get(stored_limited, part), get(limited, part)
        assert (want[0], want[2]) == (got[0], got[2]), part
    assert get(limited, next(tiles()))[0] >= 400
    want, got = (m.get("/iiif/3/nothing:1/" + next(tiles())) for m in (stored_limited, limited))
    assert (want[0], want[2]) == (got[0], got[2])


def test_rebuild_follows_museum_conf():
    museum = cut()
    lean = pyramid(museum).stat().st_size
    museum.stop()
    conf = museum.home / "museum.conf"
    text = conf.read_text(encoding="utf-8")
    shutil.rmtree(museum.home / "derived")
    museum.run("rebuild")
    assert pyramid(museum).stat().st_size > lean
    shutil.rmtree(museum.home / "derived")
    conf.write_text(text + "\nzoom_from_master = yes\n", encoding="utf-8")
    museum.run("rebuild")
    assert pyramid(museum).stat().st_size == lean
    with museum.serving():
        assert differing(museum) == 0
    museum.serve()


if __name__ == "__main__":
    main(globals())
