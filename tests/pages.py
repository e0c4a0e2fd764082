#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files of several pages from outside: each page a picture with an address of its own, one master in the vault; taken in again, cut
off, replaced by a file of fewer pages, rebuilt."""
import pathlib
import shutil
import struct
import time

from iiif import near, png_read, png_write
from museum import SAMPLES, Museum, main

RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 160, 40), (30, 40, 200), (128, 128, 128)
museum = None


# ---- files made without a library

def tiff(pages):
    """Uncompressed RGB; a page is (width, height, colour), colour None for samples that lie behind the end of the file."""
    out, links = bytearray(b"II*\0\0\0\0\0"), 4
    for width, height, colour in pages:
        size, at = width * height * 3, len(out)
        out += bytes(colour or ()) * (size // 3 if colour else 0)
        out += b"\0" * (len(out) % 2)
        bits = len(out)
        out += struct.pack("<HHH", 8, 8, 8)
        entries = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, bits), (259, 3, 1, 1), (262, 3, 1, 2),
                   (273, 4, 1, at if colour else 0x7000000), (277, 3, 1, 3), (278, 3, 1, height), (279, 4, 1, size)]
        out[links:links + 4] = struct.pack("<I", len(out))
        out += struct.pack("<H", len(entries))
        for tag, kind, count, value in entries:
            out += struct.pack("<HHII", tag, kind, count, value)
        links = len(out)
        out += b"\0\0\0\0"
    return bytes(out)


def pdf(pages):
    """A page is (width, height, colour) in points; painted all over."""
    bodies = [b"<</Type/Catalog/Pages 2 0 R>>", None]
    kids = []
    for width, height, colour in pages:
        paint = b"%.4f %.4f %.4f rg 0 0 %d %d re f" % (*(c / 255 for c in colour), width, height)
        bodies.append(b"<</Length %d>>stream\n%s\nendstream" % (len(paint), paint))
        bodies.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R/Resources<<>>>>"
                      % (width, height, len(bodies)))
        kids.append(b"%d 0 R" % len(bodies))
    bodies[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start))


# ---- the museum

def shared():
    global museum
    if museum is None:
        museum = Museum()
        museum.delivery = museum.folder / "delivery"
        museum.delivery.mkdir()
        (museum.delivery / "book.tif").write_bytes(tiff([(300, 200, RED), (80, 400, GREEN), (640, 480, BLUE)]))
        (museum.delivery / "leaflet.pdf").write_bytes(pdf([(72, 36, GREEN), (36, 72, RED)]))
        (museum.delivery / "torn.tif").write_bytes(tiff([(50, 40, RED), (50, 40, None), (60, 40, BLUE)]))
        (museum.delivery / "single.png").write_bytes(png_write(70, 60, lambda x, y: GREY))
        (museum.delivery / "letter.pdf").write_bytes(pdf([(72, 36, BLUE)]))
        (museum.delivery / "records.jsonl").write_text('{"id": "leaflet", "image": "leaflet.pdf"}\n{"id": "letter"}\n')
        museum.first = museum.json("ingest", museum.delivery, code=1)  # one page of torn.tif is refused
        museum.serve()
        museum.wait_indexed()
    return museum


def images(object_id):
    """Of each picture of an object: its id, its size, the colour of its middle."""
    seen = []
    for url in museum.get_json("/api/object/" + object_id)["images"]:
        service = url[len(museum.url):].split("?")[0].removesuffix("/info.json")
        info = museum.get_json(service + "/info.json")
        status, _, body = museum.get(service + "/full/max/0/default.png")
        assert status == 200
        width, height, at = png_read(body)
        assert (width, height) == (info["width"], info["height"])
        seen.append((service.rsplit("/", 1)[1], (width, height), at(width // 2, height // 2)))
    return seen


def check_images(object_id, *want):
    got = images(object_id)
    assert [(i, s) for i, s, _ in got] == [(i, s) for i, s, _ in want], got
    for (_, _, colour), (_, _, wanted) in zip(got, want, strict=True):
        assert near(colour, wanted), got


BOOK = [("book:1", (300, 200), RED), ("book:1-2", (80, 400), GREEN), ("book:1-3", (640, 480), BLUE)]
LEAFLET = [("leaflet:1", (300, 150), GREEN), ("leaflet:1-2", (150, 300), RED)]
TORN = [("torn:1", (50, 40), RED), ("torn:1-3", (60, 40), BLUE)]


def check_all():
    check_images("book", *BOOK)
    check_images("leaflet", *LEAFLET)
    check_images("torn", *TORN)
    check_images("single", ("single:1", (70, 60), GREY))


def masters(object_id):
    """The files of media in the vault whose path names the object's file."""
    return sorted(p.name for p in (museum.home / "vault").rglob("media/*/*") if p.stem == object_id)


def test_each_page_is_a_picture():
    m = shared()
    assert m.first["images"]["seen"] == 9 and m.first["images"]["new"] == 8, m.first
    assert m.first["images"]["refused"] == 1 and "page 2" in str(m.first["problems"]), m.first
    check_all()


def test_the_vault_holds_each_file_once():
    shared()
    for name in ("book.tif", "leaflet.pdf", "torn.tif"):
        assert masters(name.split(".", maxsplit=1)[0]) == [name]
    record = museum.get_json("/api/object/book")
    assert len(record["images"]) == 3


def test_the_manifest_has_a_canvas_for_each_page():
    m = shared()
    manifest = m.get_json("/iiif/manifest/book")
    canvases = manifest["items"]
    assert [c["id"].rsplit("/", 1)[1] for c in canvases] == ["1", "1-2", "1-3"]
    assert [c["label"]["en"] for c in canvases] == [["Page 1"], ["Page 2"], ["Page 3"]]
    assert [(c["width"], c["height"]) for c in canvases] == [(300, 200), (80, 400), (640, 480)]
    service = canvases[1]["items"][0]["items"][0]["body"]["service"][0]["id"]
    assert m.get_json(service[len(m.url):] + "/info.json")["height"] == 400
    assert canvases[2]["items"][0]["items"][0]["target"] == canvases[2]["id"]


def test_a_document_is_shown_only_when_somebody_says_so():
    m = shared()
    assert [p["file"].rsplit("/", 1)[1] for p in m.first["problems"] if "document" in p["text"]] == ["letter.pdf"]
    assert not images("letter")


def test_the_page_shows_them_all():
    m = shared()
    status, _, body = m.get("/object/book?image=2")
    assert status == 200 and b"book:1-2" in body and b"book:1-3" in body


def test_taken_in_again_nothing_changes():
    m = shared()
    again = m.json("ingest", m.delivery, code=1)
    assert again["records"]["changed"] == 0 and again["images"]["new"] == 0 and again["change_set"] == 0, again
    assert again["images"]["same"] == 8
    check_all()


def test_everything_comes_back_from_the_vault():
    m = shared()
    m.run("verify")
    m.stop()
    shutil.rmtree(m.home / "derived")
    (m.home / "catalog.db").unlink()
    m.run("rebuild")
    m.serve()
    check_all()


def test_a_file_of_fewer_pages_takes_the_others_away():
    m = shared()
    (m.delivery / "leaflet.pdf").write_bytes(pdf([(72, 72, BLUE)]))
    done = m.json("ingest", m.delivery / "leaflet.pdf")
    assert done["images"]["new"] == 1, done
    m.wait(lambda: m.get("/iiif/3/leaflet:1-2/info.json")[0] == 404, "the second page is gone")
    check_images("leaflet", ("leaflet:1", (300, 300), BLUE))
    assert len(m.get_json("/iiif/manifest/leaflet")["items"]) == 1
    (m.delivery / "leaflet.pdf").write_bytes(pdf([(72, 36, GREEN), (36, 72, RED)]))
    m.run("ingest", m.delivery / "leaflet.pdf")
    m.wait(lambda: m.get("/iiif/3/leaflet:1-2/info.json")[0] == 200, "it is back")
    check_images("leaflet", *LEAFLET)


def test_a_film_is_one_picture_and_is_told():
    m = shared()
    film = m.delivery / "film.gif"
    shutil.copyfile(pathlib.Path(__file__).parent.parent / "src/image/testdata/animated.gif", film)
    done = m.json("ingest", film)
    film.unlink()
    assert done["images"]["new"] == 1 and "film" in str(done["problems"]), done


def test_killed_between_pages_it_goes_on():
    with Museum() as m:
        thick = m.folder / "thick.pdf"
        thick.write_bytes(pdf([(100, 100 + i, RED) for i in range(40)]))
        pages = 0
        for _ in range(20):
            run = m.start("ingest", thick)
            deadline = time.monotonic() + 20
            while run.poll() is None and time.monotonic() < deadline:
                made = len(list((m.home / "derived").glob("*/*.pyramid*")))
                if made > pages:
                    break
                time.sleep(0.002)
            run.kill()
            run.communicate()
            now = len(list((m.home / "derived").glob("*/*.pyramid*")))
            assert now >= pages
            pages = now
            if pages >= 40:
                break
        done = m.json("ingest", thick)
        assert done["images"]["new"] in (0, 40) and done["images"]["refused"] == 0, done
        with m.serving():
            assert len(m.get_json("/iiif/manifest/thick")["items"]) == 40
        assert SAMPLES.exists()


if __name__ == "__main__":
    main(globals())
