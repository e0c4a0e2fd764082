#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finding by looking, from outside: a picture sent along, a part of one of ours, rights, bad uploads, a kill while indexing."""
import collections
import contextlib
import html
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import struct
import time
import urllib.parse
import zlib

from iiif import png_read, png_write
from museum import SAMPLES, Museum, main

PICTURES = SAMPLES / "pictures"
TESTDATA = pathlib.Path(__file__).resolve().parent.parent / "src" / "image" / "testdata"
PHOTO = sorted(PICTURES.glob("*.jpg"))[0]
museum = None


def ask(m, query="", body=None, kind="image/jpeg"):
    headers = {"Content-Type": kind} if body is not None else {}
    status, _, answer = m.request("GET" if body is None else "POST", f"/api/look?{query}", headers, body)
    return status, json.loads(answer)


def wait_looked(m):
    m.wait(lambda: ask(m, "", PHOTO.read_bytes())[1].get("sequence", 0) >= len(list(PICTURES.glob("*.jpg"))),
           "the visual index has caught up", 120)


def shared():
    global museum
    if museum is None:
        museum = Museum()
        museum.run("ingest", PICTURES, code=None, timeout=900)
        museum.serve()
        wait_looked(museum)
    return museum


def png(width, height, grey, comment=b""):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    packer = zlib.compressobj()
    row = b"\0" + bytes([grey]) * width
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + (chunk(b"tEXt", b"Comment\0" + comment) if comment else b"") + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def test_photo_finds_its_object():
    m = shared()
    status, answer = ask(m, "points=1", PHOTO.read_bytes())
    assert status == 200 and answer["found"], answer
    first = answer["hits"][0]
    assert first["score"] > 0.9 and len(first["points"]) >= 3, first
    x, y, w, h = map(int, first["region"].split(","))
    assert x < 40 and y < 40, first["region"]
    form = (b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n' + PHOTO.read_bytes()
            + b"\r\n--x--\r\n")
    status, same = ask(m, "", form, "multipart/form-data; boundary=x")
    assert same["hits"][0]["id"] == first["id"], same
    status, headers, page = m.request("POST", "/look", {"Content-Type": "multipart/form-data; boundary=x"}, form)
    assert status == 200 and b"look-hit" in page and b"<polygon" in page
    assert headers["cache-control"] == "no-store", headers


def test_part_of_a_picture_of_ours():
    m = shared()
    image = ask(m, "", PHOTO.read_bytes())[1]["hits"][0]["image"]
    status, answer = ask(m, f"image={image}&region=200,200,400,400")
    assert status == 200 and answer["hits"][0]["image"] == image, answer
    x, y, w, h = map(int, answer["hits"][0]["region"].split(","))
    assert max(abs(x - 200), abs(y - 200), abs(w - 400), abs(h - 400)) < 25, answer["hits"][0]["region"]
    assert m.get(f"/look?image={image}")[0] == 200
    status, answer = ask(m, f"image={image}&kind=like")
    assert len(answer["hits"]) > 3
    status, answer = ask(m, f"image={image}&kind=like&q=nothing-has-this-title-xyzzy")
    assert status == 200 and not answer["hits"], answer


def fields(values):
    form = b"".join(b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value.encode())
                    for name, value in values.items())
    return {"Content-Type": "multipart/form-data; boundary=x"}, form + b"--x--\r\n"


def test_asking_on_with_a_photograph():
    """The page of an upload gives the photograph back, and everything on it can be asked with that, without script: nothing is kept."""
    m = shared()
    form = (b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n' + PHOTO.read_bytes() + b"\r\n--x--\r\n")
    first = ask(m, "", PHOTO.read_bytes())[1]["hits"][0]["id"]
    for query in ("", "?region=100,100,600,600", "?polygon=150,150,700,200,600,700,200,600"):
        status, _, page = m.request("POST", f"/look{query}", {"Content-Type": "multipart/form-data; boundary=x"}, form)
        again = re.search(r'name="again" value="([^"]+)"', page.decode())[1]
        asks = [html.unescape(a) for a in re.findall(r'formaction="([^"]+)"', page.decode())]
        assert status == 200 and f'src="data:image/jpeg;base64,{again}"'.encode() in page
        assert {a.split("?")[0] for a in asks} == {"/look", "/look/why"} and any("kind=like" in a for a in asks), asks
        for address in asks:
            status, headers, page = m.request("POST", address, *fields({"again": again}))
            assert status == 200 and headers["cache-control"] == "no-store", (address, status)
            if "/why" in address:
                assert page.count(b"<circle") >= 6 and page.count(b"<circle") % 2 == 0 and b"data:image/jpeg" in page, address
                assert (b"<polygon" in page.split(b"</figure>")[0]) == ("polygon" in query), address
                back = html.unescape(re.search(r'<form action="([^"]+)" method="post"', page.decode())[1])
                status, _, page = m.request("POST", back, *fields({"again": again}))
                assert status == 200
            if "kind" not in address:
                assert f"/object/{first}".encode() in page, address
    status, _, page = m.request("POST", "/look", *fields({"again": again, "q": "nothing-has-this-title-xyzzy"}))
    assert status == 200 and b"look-hit" not in page and b"xyzzy" in page
    for bad in ({"again": "no base64"}, {"again": "AAAA"}, {"again": ""}, {"q": "x"}, {"again": "A" * 3000000}):
        status, _, page = m.request("POST", "/look", *fields(bad))
        assert status == 400 and b"This photograph could not be looked at" in page, (status, str(bad)[:40])
    assert m.request("POST", "/look/why?hit=nobody", *fields({"again": again}))[0] == 404
    assert m.request("POST", "/look/why", *fields({"again": again}))[0] == 400


def facets_of(answer):
    return {(name, v["value"]): v["count"] for name, values in answer["facets"].items() for v in values}


def test_facets_of_what_was_found():
    """Every kind of question narrows by every facet, to as many works as the facet says, also by a page's own links."""
    with Museum() as m:
        m.run("ingest", SAMPLES, code=None, timeout=900)
        m.serve()
        m.wait(lambda: ask(m, "colours=1f4e79")[1].get("sequence", 0) >= m.get_json("/api/search?limit=1")["sequence"] > 0, "both follow", 180)
        image = ask(m, "", PHOTO.read_bytes())[1]["hits"][0]["image"]
        for question in ("colours=1f4e79,d9c9a3", f"image={image}&kind=like", f"image={image}&region=200,200,400,400&perhaps=1"):
            status, answer = ask(m, f"{question}&facets=1&limit=100")
            found = facets_of(answer)
            assert status == 200 and answer["total"] >= len(answer["hits"]) > 1 and len(found) > 5, answer
            for (name, value), count in sorted(found.items())[:30]:
                status, narrow = ask(m, f"{question}&facets=1&limit=100&{name}={urllib.parse.quote(value)}")
                exact = "region" not in question  # fewer candidates leave room for others
                assert narrow["total"] == count if exact else narrow["total"] >= count, (question, name, value, count, narrow["total"])
                assert facets_of(narrow)[name, value] == narrow["total"]
        page = m.get(f"/look?image={image}&kind=like")[2].decode()
        links = [html.unescape(a) for a in re.findall(r'href="(/look\?[^"]*(?:classification|century|maker|material)=[^"]*)"', page)]
        assert len(links) > 5 and "page of all" not in page
        status, _, page = m.get(links[0])
        assert status == 200 and b'class="chips"' in page and b"aria-current" in page
        hidden = json.dumps({"id": ask(m, f"image={image}&kind=like")[1]["hits"][1]["id"], "access": "none"})
        before = ask(m, f"image={image}&kind=like&facets=1")[1]
        (m.folder / "hide.jsonl").write_text(hidden + "\n", encoding="utf-8")
        m.run("ingest", m.folder / "hide.jsonl", code=None)
        after = ask(m, f"image={image}&kind=like&facets=1")[1]  # at once
        assert after["total"] == before["total"] - 1, (before["total"], after["total"])


def test_the_command_line_narrows_too():
    """vitrine look by words and facets: as the API narrows, before anything is ranked, with counts of what is left alone."""
    records = [{"id": name, "classification": kind, "title": title, "image": f"{name}.jpg"} | more for name, kind, title, more in (
        ("met-37110", "Prints", "Evening", {}), ("met-39799", "Prints", "Evening", {"access": "none"}), ("1943.585", "Vessels", "Evening", {}),
        ("1925.626", "Prints", "Morning", {}), ("1956.279", "Vessels", "Morning", {}))]
    with Museum() as m:
        folder = m.folder / "in"
        folder.mkdir()
        for record in records:
            shutil.copy(PICTURES / record["image"], folder)
        (folder / "records.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
        m.run("ingest", folder)
        photo = PICTURES / "met-37110.jpg"
        filters = (((), ""), (("--q", "evening"), "q=evening"), (("--filter", "classification=Prints"), "classification=Prints"),
                   (("--q", "morning", "--filter", "classification=Vessels"), "q=morning&classification=Vessels"),
                   (("--filter", "classification=Prints&classification=Vessels"), "classification=Prints&classification=Vessels"),
                   (("--q", "xyzzy-nothing"), "q=xyzzy-nothing"), (("--filter", "classification=Bells"), "classification=Bells"))
        questions = ((("--colours", "d9c9a3,1f4e79"), "colours=d9c9a3,1f4e79"), (("--image", "met-37110:1", "--kind", "like"), "image=met-37110:1&kind=like"),
                     (("--image", "met-37110:1", "--kind", "same"), "image=met-37110:1&kind=same"),
                     (("--image", "met-37110:1", "--region", "100,100,400,400"), "image=met-37110:1&region=100,100,400,400"))
        alone = {(question, narrow): m.json("look", *question, *narrow, "--facets", "--limit", 1) for question, _ in questions for narrow, _ in filters}
        with m.serving():
            m.wait(lambda: ask(m, "colours=1f4e79")[1].get("sequence") == 5, "all are looked at")
            m.wait_indexed()
            for question, web_question in questions:
                for narrow, web_narrow in filters:
                    mine, web = m.json("look", *question, *narrow, "--facets"), ask(m, f"{web_question}&{web_narrow}&facets=1")[1]
                    assert [hit["id"] for hit in mine["hits"]] == [hit["id"] for hit in web["hits"]], (question, narrow, mine, web)
                    assert mine["total"] == web["total"] == alone[question, narrow]["total"], (question, narrow)
                    kinds = {name: count for name, count in facets_of(web).items() if name[0] == "classification"}
                    assert kinds == {("classification", name): n for name, n in mine["facets"]["classification"].items()}, (question, narrow)
                    assert mine["facets"] == alone[question, narrow]["facets"], "without a server too"
        like = [alone[questions[1][0], narrow]["total"] for narrow, _ in filters]
        assert like[0] > like[2] > 0 and like[3] > 0 and like[5:] == [0, 0], like
        assert m.json("look", photo, "--filter", "classification=Prints")["hits"][0]["id"] == "met-37110"
        for narrow in (("--filter", "classification=Vessels"), ("--q", "morning")):
            assert m.json("look", photo, *narrow)["hits"] == [], narrow
        hidden = ("look", PICTURES / "met-39799.jpg", "--q", "evening", "--filter", "classification=Prints", "--facets")
        assert m.json(*hidden)["total"] == 0 and m.json(*hidden, "--all")["hits"][0]["id"] == "met-39799"
        assert "and 1 more" in m.run("look", "--image", "met-37110:1", "--kind", "like", "--filter", "classification=Prints", "--limit", 1).stdout
        for bad in ("size=3", "classification", "=", "&".join(["maker=x"] * 33)):
            said = [m.run(*words, "--filter", bad, code=2).stderr.split(";")[0] for words in (("search", "x"), ("look", photo))]
            assert said[0] == said[1] != "", said


def lines_of(m, image):
    """A drawing of a picture of ours: black where its grey changes."""
    width, height, grey = png_read(m.get(f"/iiif/3/{image}/full/400,/0/gray.png")[2])

    def ink(x, y):
        change = abs(grey(x, y)[0] - grey(max(0, x - 1), y)[0]) + abs(grey(x, y)[0] - grey(x, max(0, y - 1))[0])
        return (0 if change > 30 else 255,) * 3
    return png_write(width, height, ink)


def test_a_drawing_says_so():
    """A hit that was found by its lines has no spots to show; page and evidence say what it has instead, in every language."""
    m = shared()
    drawing = lines_of(m, "met-39799:1")
    hit = ask(m, "points=1", drawing, "image/png")[1]["hits"][0]
    assert hit["id"] == "met-39799" and hit["drawn"] and hit["points"] == [] and len(hit["outline"]) == 4, hit
    form = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n' + drawing + b"\r\n--x--\r\n"
    for lang, found, why, spots in (("en", "found by its lines", "The lines run alike within the outline", "spot"), ("zh-Hans", "依线条找到", "线条走向相合", "个点")):
        page = m.request("POST", f"/look?lang={lang}", {"Content-Type": "multipart/form-data; boundary=x"}, form)[2].decode()
        assert f"· {found}" in page and "lines=1" not in page, lang
        again, address = (html.unescape(re.search(p, page)[1]) for p in (r'name="again" value="([^"]+)"', r'formaction="(/look/why[^"]+)"'))
        status, _, page = m.request("POST", f"{address}&lang={lang}", *fields({"again": again}))
        body = page.decode().split("<h1>")[1].split("<footer")[0]
        assert status == 200 and why in body and f"{round(hit['score'] * 100)} %" in body, body
        assert body.count("<figure") == 2 and body.count("<polygon") == 1 and "<circle" not in body and f"0 {spots}" not in body, body
    photo = m.request("POST", "/look", {"Content-Type": "multipart/form-data; boundary=x"}, form.replace(drawing, PHOTO.read_bytes()))[2].decode()
    assert "found by its lines" not in photo and "look-why" in photo
    assert "lines=1" in photo, "what was not looked through by its lines can be"
    answer = m.request("POST", "/api/look?lines=1", {"Content-Type": "image/jpeg"}, PHOTO.read_bytes())
    assert answer[0] == 200 and not json.loads(answer[2])["hits"][0].get("drawn"), "what is found by spots comes first"
    sketch = m.folder / "sketch.png"
    sketch.write_bytes(drawing)
    assert ", by its lines" in m.run("look", sketch).stdout and ", by its lines" not in m.run("look", PHOTO).stdout


def test_lasso_and_evidence():
    m = shared()
    image = ask(m, "", PHOTO.read_bytes())[1]["hits"][0]["image"]
    status, answer = ask(m, f"image={image}&polygon=150,150,700,200,600,700,200,600&points=1")
    hit = answer["hits"][0]
    assert status == 200 and hit["image"] == image, answer
    assert max(abs(a - b) for got, want in zip(hit["outline"], [[150, 150], [700, 200], [600, 700], [200, 600]])
               for a, b in zip(got, want)) < 25, hit["outline"]
    for bad in ("1,2,3,4", "0,0,100,0,100", "0,0,10,0,99999,99999", "a", "0,0,5,0,0,5", ",".join(["9,9,300,400"] * 40)):
        assert ask(m, f"image={image}&polygon={bad}")[0] == 400, bad
    assert ask(m, "polygon=0,0,200,0,200,200", PHOTO.read_bytes())[0] == 200, "of an upload too"
    question = f"image={image}&region=150,150,550,550"
    for more in ("", "&perhaps=1", "&has=image&mirrored=1", "&lines=1"):  # the way back leads to the same question
        page = m.get(f"/look?{question}{more}")[2].decode()
        why = html.unescape(re.search(r'href="(/look/why\?[^"]+)"', page)[1])
        back = html.unescape(re.search(r'<a class="button" href="(/look\?[^"]+)"', m.get(why)[2].decode())[1])
        assert sorted(back.split("?")[1].split("&")) == sorted(f"{question}{more}".split("&")), (more, why, back)
    status, _, page = m.get(f"/look/why?{question}&hit={hit['id']}")
    assert status == 200 and page.count(b"<circle") >= 6 and page.count(b"<circle") % 2 == 0, page[-2000:]
    for query, want in ((f"{question}&hit=nobody", 404), (question, 400), (f"image={image}&hit={hit['id']}", 400),
                        (f"image=nope&region=1,1,90,90&hit={hit['id']}", 404)):
        assert m.get(f"/look/why?{query}")[0] == want, query
    status, _, page = m.get(f"/look?{question}")
    assert b"/look/why?" in page and b"mark-surface" in page and page.count(b"/look?image=") > 9


def test_nothing_found():
    m = shared()
    for body in (png(1, 1, 0), png(3, 3, 255), png(600, 400, 0), png(2000, 1, 9)):
        status, answer = ask(m, "", body, "image/png")
        assert status == 200 and answer["too_plain"] and not answer["found"], (status, answer)


def test_bad_questions():
    m = shared()
    for query, want in (("", 400), ("image=nope&region=0,0,50,50", 404), ("kind=x", 400), ("colours=red", 400),
                        ("colours=1f4e79", 200), ("limit=0&colours=1f4e79", 400), ("limit=101&colours=1f4e79", 400)):
        assert ask(m, query)[0] == want, query
    for region in ("3,3,3,3", "-1,0,50,50", "0,0,99999,50", "0,0,50", "a,b,c,d", "0,0,0,0"):
        assert ask(m, f"region={region}", PHOTO.read_bytes())[0] == 400, region
    for body in (b"x", b"\xff\xd8\xff", PHOTO.read_bytes()[:3000], b"<svg/>", png(60, 60, 1)[:40]):
        status, answer = ask(m, "", body)
        assert status == 400 and "error" in answer, (status, answer)
    assert m.request("POST", "/api/look", {}, b"")[0] == 400
    assert m.get("/healthz")[0] == 200


def test_pictures_of_every_kind():
    """Odd but good pictures are looked at, bad ones refused in words; the server goes on."""
    m = shared()
    good = ("cmyk.jpg", "animated.gif", "alpha.png", "bilevel-g4.tif", "cielab.tif", "exif-orientation-6.jpg")
    for name in good:
        status, answer = ask(m, "", (TESTDATA / name).read_bytes(), "application/octet-stream")
        assert status == 200 and "hits" in answer, (name, status, answer)
    for name in ("broken-crc.png", "broken-scan.jpg", "broken-text.jpg", "broken-truncated.jpg", "bomb-60000x60000.png"):
        status, answer = ask(m, "", (TESTDATA / name).read_bytes(), "application/octet-stream")
        assert status in (200, 400, 413), (name, status, answer)
        assert ("error" in answer) == (status != 200), answer
    status, answer = ask(m, "", png(10000, 10000, 77), "image/png")  # 100 million pixels
    assert status == 200 and answer["too_plain"], (status, answer)
    assert m.get("/healthz")[0] == 200


def test_parts_that_make_no_sense():
    m = shared()
    first = ask(m, "", PHOTO.read_bytes())[1]["hits"][0]
    for region in ("0,0,3,3", "0,0,15,40", "999999,0,50,50", "0,999999,50,50", "-3,0,50,50", "5,5,0,50", "1,2,3", "NaN,0,9,9",
                   "99999999999999999999,0,50,50"):
        for question in ((f"image={first['image']}&region={region}", None), (f"region={region}", PHOTO.read_bytes())):
            status, answer = ask(m, *question)
            assert status == 400 and "error" in answer, (question[0], status, answer)


def test_uploads_are_not_kept():
    m = shared()
    marker = b"never-kept-" + os.urandom(12).hex().encode()
    body = png(300, 200, 120, marker)
    for query in ("", "kind=like", "kind=same", "region=0,0,100,100"):
        assert ask(m, query, body, "image/png")[0] == 200, query
    kept = [p for p in m.home.rglob("*") if p.is_file() and marker in p.read_bytes()]
    assert not kept, kept
    open_files = pathlib.Path(f"/proc/{m.server.pid}/fd")
    assert not [f for f in open_files.iterdir() if "memfd:upload" in os.path.realpath(f)], "an upload is still open"


def push(s, one, events):
    """Goes on with one upload as far as it goes without waiting; False when its connection has ended."""
    try:
        if events & selectors.EVENT_READ:
            more = s.recv(65536)
            one["got"] += more
            return bool(more)
        one["sent"] += s.send(one["data"][one["sent"]:one["sent"] + 65536])
    except OSError:  # reset while sending: what was answered lies there nevertheless
        with contextlib.suppress(OSError):
            one["got"] += s.recv(65536)
        return False
    return True


def flood(m, count, body, visit=lambda: None):
    """All uploads at once, a hundred from each address, all connected before the first is sent; status and Retry-After of each
    answer (0: none). visit() is called now and then meanwhile."""
    head = f"POST /api/look HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    data, waiting, all_of_them, turn = memoryview(head + body), selectors.DefaultSelector(), [], 0
    for number in range(count):
        s = socket.create_connection(("127.0.0.1", m.port), timeout=60, source_address=(f"127.0.0.{10 + number // 100}", 0))
        s.setblocking(False)
        all_of_them.append({"sent": 0, "got": b"", "data": data})
        waiting.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE, all_of_them[-1])
    until = time.monotonic() + 60
    while waiting.get_map() and time.monotonic() < until:
        turn += 1
        if turn % 10 == 0:
            visit()
        for key, events in waiting.select(5):
            if not push(key.fileobj, key.data, events):
                waiting.unregister(key.fileobj)
                key.fileobj.close()
            elif key.data["sent"] == len(data):
                waiting.modify(key.fileobj, selectors.EVENT_READ, key.data)
    return [(int(a.split(b" ", 2)[1]) if a else 0, b"\r\nretry-after:" in a.lower()) for a in (one["got"] for one in all_of_them)]


def test_a_flood_of_uploads():
    """Twice as many as the server has connections: each is looked at or asked to come again, and who only looks does not notice."""
    m, seen = shared(), []
    first = ask(m, "", PHOTO.read_bytes())[1]["hits"][0]
    pages = [f"/iiif/3/{first['image']}/0,0,256,256/256,256/0/default.jpg", "/search?q=a", f"/object/{first['id']}"]
    m.serve(files=700)
    m.wait(lambda: ask(m, "colours=1f4e79")[0] == 200, "the server looks")
    answers = flood(m, 800, png(300, 200, 120, b"x" * 400000), lambda: seen.extend(m.get(page)[0] for page in pages))
    good = sum(status == 200 for status, _ in answers)
    busy = [again for status, again in answers if status == 503]
    assert good > 0 and all(busy) and good + len(busy) == len(answers), (good, len(busy), collections.Counter(answers))
    assert set(seen) == {200} and len(seen) >= 9, collections.Counter(seen)
    numbers = dict(line.rsplit(" ", 1) for line in m.get("/metrics")[2].decode().splitlines() if not line.startswith("#"))
    assert int(numbers["vitrine_bodies_refused_total"]) > 0 and int(numbers["vitrine_connections_made_room_total"]) > 0, numbers
    m.wait(lambda: ask(m, "", PHOTO.read_bytes())[0] == 200, "the server looks again", 60)
    m.serve()
    wait_looked(m)


def test_what_may_not_be_seen_is_not_found():
    with Museum(access="record") as m:
        m.run("ingest", PICTURES, code=None, timeout=900)
        with m.serving():
            wait_looked(m)
            status, answer = ask(m, "perhaps=1", PHOTO.read_bytes())
            assert status == 200 and not answer["hits"], answer
        assert m.json("look", PHOTO)["hits"] == []
        assert m.json("look", PHOTO, "--all")["hits"], "staff find it"


def set_access(m, access):
    conf = m.home / "museum.conf"
    text = re.sub(r"(?m)^access *=.*$", f"access = {access}", conf.read_text(encoding="utf-8"))
    assert f"access = {access}" in text
    conf.write_text(text, encoding="utf-8")


def test_museum_conf_closes_and_opens():
    """Another default counts from the next opening on, in both directions, for what the record leaves to it, and no pixel is
    looked at again for that; what a record says itself stays."""
    with Museum() as m:
        folder = m.folder / "pictures"
        folder.mkdir()
        shutil.copy(PHOTO, folder)
        shutil.copy(PICTURES / "met-37110.jpg", folder / "shut.jpg")
        m.run("ingest", folder)
        (m.folder / "shut.jsonl").write_text(json.dumps({"id": "shut", "access": "none"}) + "\n", encoding="utf-8")
        m.run("ingest", m.folder / "shut.jsonl")
        image = m.json("look", PHOTO)["hits"][0]["image"]
        segments = sorted(p.name for p in (m.home / "visual").glob("segment-*"))
        for access in ("record", "full", "none", "side 800", "record", "full"):
            open_now = access in ("full", "side 800")
            set_access(m, access)
            for kind in ("detail", "like", "same"):
                assert bool(m.json("look", PHOTO, "--kind", kind)["hits"]) == open_now, (access, kind)
                assert m.json("look", PICTURES / "met-37110.jpg", "--kind", kind)["hits"] == [] or kind == "like", kind
            assert ("Nothing found" in m.run("look", PHOTO).stdout) != open_now, access
            m.run("look", "--image", image, code=0 if open_now else 1)
            with m.serving():
                m.wait(lambda: ask(m, "", PHOTO.read_bytes())[0] == 200, "the server looks")
                assert bool(ask(m, "", PHOTO.read_bytes())[1]["hits"]) == open_now, access
                assert ask(m, f"image={image}&kind=like&perhaps=1")[0] == (200 if open_now else 404)
                assert all(hit["id"] != "shut" for hit in ask(m, "colours=1f4e79")[1]["hits"])
        assert sorted(p.name for p in (m.home / "visual").glob("segment-*")) == segments, "nothing was made again"
        set_access(m, "none")
        assert m.json("look", PHOTO, "--all")["hits"], "staff find it"


def test_ingest_tells_of_twins():
    """The same file, and the same picture scaled and compressed anew; with and without an index, and while a server has it."""
    def warnings(m, *words):
        problems = m.json("ingest", *words)["problems"]
        return ([p["file"].rsplit("/")[-1] + ": " + p["text"] for p in problems if p["level"] == "warning"],
                [p["text"] for p in problems if p["level"] == "note"])
    with Museum() as m:
        first, second = m.folder / "first", m.folder / "second"
        first.mkdir()
        second.mkdir()
        for picture in (PHOTO, PICTURES / "met-37110.jpg"):
            shutil.copy(picture, first)
        assert warnings(m, first) == ([], []), "nothing can be there"
        with m.serving():
            m.wait(lambda: ask(m, "colours=1f4e79")[1].get("sequence") == 2, "both are looked at")
            image = ask(m, "", PHOTO.read_bytes())[1]["hits"][0]
            status, _, small = m.get(f"/iiif/3/{image['image']}/full/300,/0/default.jpg")
            assert status == 200 and len(small) < PHOTO.stat().st_size / 2
            (second / "scaled.jpg").write_bytes(small)
            shutil.copy(PHOTO, second / "copy.jpg")
            shutil.copy(PICTURES / "1943.585.jpg", second)
            told, notes = warnings(m, "--check", second)
            assert len(told) == 2 and not notes, (told, notes)
            assert f"copy.jpg: the same file is a picture of the record {image['id']} already" in told, told
            assert any(t.startswith(f"scaled.jpg: nearly the same picture is in the record {image['id']} already") for t in told), told
        (m.home / "visual" / "head").rename(m.folder / "head")
        told, notes = warnings(m, "--check", second)
        assert any("no visual index yet" in note for note in notes), notes
        assert len(told) == 2, "the two are twins of one another"
        (m.folder / "head").rename(m.home / "visual" / "head")
        assert len(warnings(m, second)[0]) == 2
        assert warnings(m, second)[0] == [], "what is in the ledger is not told again"
        (second / "again.jpg").write_bytes(small)
        told, notes = warnings(m, second)
        assert told == ["again.jpg: the same file is a picture of the record scaled already"], told
        (second / "other.jpg").write_bytes(PHOTO.read_bytes() + b"\0")
        told, notes = warnings(m, second)
        assert len(told) == 1 and "nearly the same picture" in told[0], told
        assert any("up to version 2 of 6" in note for note in notes), notes


def test_killed_while_indexing():
    with Museum() as m:
        m.run("ingest", PICTURES, code=None, timeout=900)
        for delay in (0.3, 0.7, 1.2):
            m.serve()
            time.sleep(delay)
            m.stop(signal.SIGKILL)
        found = m.json("look", PHOTO)
        assert found["hits"] and found["hits"][0]["score"] > 0.9, found


if __name__ == "__main__":
    main(globals())
