#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A robot that tries every door of finding by looking for works that it may not see: hidden by their record, shown without
pictures, hidden or withdrawn while the server runs. A door that names such a work answers as for one that never was, byte for
byte; every other answers as in a museum that never had it."""
import json
import random
import re
import signal
import struct
import time
import urllib.parse
import zlib

from museum import Museum, main

OPEN = ["alder", "birch", "cedar"]  # of everybody
SHUT, TEXT, GOES, GONE = "xshutx", "xtextx", "xgoesx", "xgonex"
BOTH = "xbothx"  # hidden, and withdrawn too: not even its stone is shown
WIDTH, HEIGHT, NEVER = 360, 280, "xnotsx"
FACETS = ("classification", "maker", "place", "material", "collection", "century")
museums = {}


# ---- pictures: bars strewn by number, one and the same ornament on each

def strew(number, width, height, count):
    chance = random.Random(number)
    rows = [bytearray(b"\x80\x78\x70" * width) for _ in range(height)]
    for _ in range(count):
        wide, high = chance.randrange(5, 60), chance.randrange(4, 30)
        x, y, colour = chance.randrange(width - 4), chance.randrange(height - 4), bytes(chance.randrange(256) for _ in range(3))
        for row in rows[y:y + high]:
            row[3 * x:3 * min(x + wide, width)] = colour * (min(x + wide, width) - x)
    return rows


ORNAMENT = strew(4242, 150, 130, 60)


def png(rows):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))) + chunk(b"IEND", b""))


def picture(number, x, y):
    rows = strew(number, WIDTH, HEIGHT, 70)
    for row, part in zip(rows[y:], ORNAMENT):
        row[3 * x:3 * x + len(part)] = part
    return png(rows)


PICTURES = {name: picture(i + 1, 15 + 23 * i, 10 + 17 * i) for i, name in enumerate([*OPEN, SHUT, TEXT, GOES, GONE, BOTH])}


def record(name, **more):
    """All that could betray it carries its name."""
    return {"id": name, "titles": {"en": [f"Title {name}"]}, "makers": [{"name": f"Maker {name}"}], "image": f"{name}.png", "licence": "CC0-1.0",
            "classification": [{"text": f"Kind {name}"}], "places": [{"text": f"Place {name}", "at": "48.1,11.5"}],
            "dates": [{"text": "1871", "earliest": 1871, "latest": 1871}], "collection": f"Collection {name}", "accession": f"No. {name}"} | more


def take_in(m, records):
    folder = m.folder / f"in{random.random()}"
    folder.mkdir()
    for one in records:
        (folder / one["image"]).write_bytes(PICTURES[one["id"]])
    (folder / "records.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    m.run("ingest", folder)


def followed(m):
    numbers = dict(line.rsplit(" ", 1) for line in m.get("/metrics")[2].decode().splitlines() if not line.startswith("#"))
    return (numbers["vitrine_index_behind"] == numbers["vitrine_visual_behind"] == "0"
            and m.get_json("/api/look?colours=807870")["sequence"] == int(numbers["vitrine_ledger_sequence"]))


def shared():
    """Two museums: one with everything, and one that never had more than what is left to see in the first at the end."""
    if not museums:
        full, never = museums["full"], museums["never"] = Museum(), Museum()
        take_in(full, [*map(record, OPEN), record(SHUT, access="none", licence="In Copyright"), record(TEXT, access="record"),
                       record(GOES), record(GONE), record(BOTH, access="none")])
        take_in(never, [*map(record, OPEN), record(TEXT, access="record")])
        for m in museums.values():
            m.serve()
        for m in museums.values():
            m.wait(lambda: followed(m), "both indexes and the links have caught up", 60)
    return museums


# ---- doors

REGION, POLYGON = "30,25,200,160", "40,30,200,40,190,180,50,170"

# Of a work that is named (ID; its picture is ID:1), and what to send along; the answer is that for a work that never was.
NAMED = [f"{page}?image=ID:1{rest}" for page in ("/look", "/api/look") for rest in (
    "", f"&region={REGION}", f"&region={REGION}&perhaps=1&points=1&mirrored=1&facets=1&limit=100", f"&polygon={POLYGON}&points=1", "&kind=like",
    "&kind=same", "&kind=detail", f"&kind=like&region={REGION}", f"&kind=same&region={REGION}", "&kind=like&q=title&classification=Kind+ID",
    "&region=0,0,99999,99999", "&region=9,9,3,3", "&region=x", "&polygon=1,2", "&kind=x", "&kind=like&limit=0", "&kind=like&lang=zh-Hans")]
NAMED += [f"/look/why?image=ID:1&region={REGION}&hit=alder", f"/look/why?image=alder:1&region={REGION}&hit=ID",
          f"/look/why?image=alder:1&polygon={POLYGON}&mirrored=1&hit=ID", "/look/why?image=ID:1&hit=alder", f"/look/why?image=ID:1&region={REGION}",
          "/api/chains/ID", "/tour?from=ID", "/api/tour?from=ID", "/tour?at=ID", "/tour?at=alder&at=ID&at=birch", "/api/tour?at=alder&at=ID&at=birch",
          "/api/tour?at=birch&from=ID", "/tour?at=ID&go=3", "/api/tour?at=birch&at=ID&go=2", "/tour?at=ID&go=99",
          f"/motifs?image=ID:1&region={REGION}", "/motifs?image=ID:1&region=x", "/motifs?image=ID:1",
          "/kit?image=ID:1", f"/kit?image=ID:1&region={REGION}", "/kit?image=ID:1&region=0,0,9999,9999", "/kit?image=ID:1&region=x",
          *(f"/kit/ID:1/{region}/{file}" for region in (REGION, "0,0,9999,9999", "0,0,1,1", "x")
            for file in ("tile.png", "flat.png", "trace.svg", "sticker.png", "part.jpg", "kit.json", "other.png")),
          *(f"/iiif/{version}/ID:1/{rest}" for version in (2, 3) for rest in (
              f"{REGION}/max/0/default.jpg", "full/max/0/default.jpg", "full/100,/0/default.webp", "0,0,256,256/256,256/0/default.jpg", "info.json",
              "square/64,64/90/gray.png", "9999,0,10,10/max/0/default.jpg", "full/99999,/0/default.jpg", "full/max/0/default.xyz", "x")),
          "/iiif/3/ID:1", "/iiif/3/ID:1/", "/iiif/3/ID:2/info.json", "/iiif/text/ID:1"]
PICTURED = [door for door in NAMED if not door.startswith(("/iiif/2", "/iiif/3", "/api/chains", "/tour", "/api/tour"))]  # those of pictures alone
WHOLE = ["/object/ID", "/api/object/ID", "/object/ID?version=1", "/api/object/ID?version=1", "/iiif/manifest/ID", "/iiif/search/ID?q=title"]

# Of nothing that is hidden: these answer as in a museum without it. True: the answer shows what may be seen of GOES at first.
QUESTIONS = [("colours=807870", True), ("colours=807870,101010&perhaps=1", True), (f"image=alder:1&region={REGION}&points=1", True),
             (f"image=alder:1&region={REGION}&perhaps=1&mirrored=1", True), (f"image=alder:1&polygon={POLYGON}&perhaps=1&points=1", True),
             ("image=alder:1&kind=like", True), ("image=birch:1&kind=same", False), ("image=cedar:1&kind=like&q=title", True)]
UNNAMED = [(f"/api/look?{q}&facets=1&limit={limit}", shows and limit > 1) for q, shows in QUESTIONS for limit in (1, 100)]
UNNAMED += [(f"/look?{q}", shows) for q, shows in QUESTIONS]
UNNAMED += [(f"/api/look?colours=807870&facets=1&{name}={urllib.parse.quote(kind.format(one))}", one == GOES)
            for name, kind in (("classification", "Kind {}"), ("maker", "Maker {}"), ("place", "Place {}"), ("collection", "Collection {}"))
            for one in (SHUT, GOES, GONE)]
UNNAMED += [(f"/look/why?image=alder:1&region={REGION}&hit=birch", False), ("/api/chains/alder", True), ("/object/alder", True),
            ("/tour?from=alder", False), ("/api/tour?from=alder", True), ("/tour?at=alder&at=birch", True), ("/tour", False), ("/motifs", True),
            ("/api/motifs", True), (f"/motifs?image=alder:1&region={REGION}", True), ("/sitemap.xml", False), ("/sitemap/0", True),
            ("/iiif/collection/0", True), ("/api/search?q=title", True), ("/search?q=title", True),
            ("/api/search?q=&limit=1", True), ("/api/suggest?q=title", True), ("/api/facet/maker", True), ("/api/coverage", False)]

# With a picture sent along: of whom, and the question.
SENT = [(name, f"{page}?{query}") for name in (SHUT, TEXT, GOES, GONE) for page, query in (
    ("/api/look", "facets=1&points=1&perhaps=1&mirrored=1"), ("/api/look", "kind=like&facets=1&limit=1"), ("/api/look", "kind=same&facets=1"),
    ("/api/look", "region=80,60,230,180&facets=1"), ("/api/look", "polygon=80,60,310,60,310,240,80,240"), ("/look", ""), ("/look", "kind=same"))]


def answer(m, method, door, name="", headers=None, body=None):
    """Of one door, as far as it must not differ: without the server's address, moments, how long the ledger is, and the name asked for."""
    status, got, text = m.request(method, door.replace("ID", name), headers, body)
    text = re.sub(r'"sequence":\d+', '"sequence":0', text.decode("latin-1"))
    kept = {key: value for key, value in got.items() if key not in ("date", "server-timing", "etag", "content-length", "last-modified")}
    told = json.dumps([status, kept, text, "etag" in got, "last-modified" in got]).replace(f"127.0.0.1:{m.port}", "HOST")
    return told.replace(name, "?") if name else told


def difference(one, other):
    at = next((i for i, pair in enumerate(zip(one, other)) if pair[0] != pair[1]), min(len(one), len(other)))
    return f"{one[max(0, at - 60):at + 100]} | {other[max(0, at - 60):at + 100]}"


WAYS = [("HEAD", {}), ("GET", {"If-None-Match": "*"}), ("GET", {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}), ("GET", {"Range": "bytes=0-9"}),
        ("OPTIONS", {}), ("POST", {"Content-Type": "image/png"})]


def check_named(m, doors_of):
    """Doors by names of what is not to be seen: word for word what an object that never was would get."""
    for number, door in enumerate(NAMED + WHOLE):
        for method, headers in (("GET", {}), WAYS[number % len(WAYS)]):
            body = b"x" if method == "POST" else None
            none = answer(m, method, door, NEVER, headers, body)
            for name in (name for name, doors in doors_of.items() if door in doors):
                one = answer(m, method, door, name, headers, body)
                assert one == none, (method, door, name, headers, difference(one, none))


def check_unnamed(m, names):
    for door, _ in UNNAMED:
        _, headers, body = m.get(door)
        asked = urllib.parse.unquote(door)
        told = [name for name in names if (name.encode() in body or name in str(headers)) and name not in asked]
        assert not told, (door, told)


# How sure and where exactly rests on how rare each mark is among all pictures of the index, hidden ones too: it says nothing of any of them.
MEASURES = {"score", "region", "outline", "points", "from_region", "sequence", "next", "behind"}


def without_measures(value):
    if isinstance(value, dict):
        hits = {"hits": sorted(value["hits"], key=lambda hit: hit["id"])} if "hits" in value else {}
        return {key: without_measures(one) for key, one in (value | hits).items() if key not in MEASURES}
    return [without_measures(one) for one in value] if isinstance(value, list) else value


def gist(m, door, sent=None):
    """What an answer says of works: of a page its words and where its links lead."""
    status, headers, body = m.request("POST" if sent else "GET", door, {"Content-Type": "image/png"} if sent else {}, sent)
    text = body.decode().replace(f"127.0.0.1:{m.port}", "HOST")
    if "json" in headers.get("content-type", ""):
        return [status, without_measures(json.loads(text))]
    words = re.sub(r"<[^>]*>", " ", re.sub(r"<svg.*?</svg>", "", text, flags=re.S))
    words = re.sub(r"\d+ recent changes? (is|are) not searchable yet\.|\s+", " ", words)
    words, links = words.split(), re.findall('href="[^"]*"', text)
    if door.startswith("/look?"):  # hits are in order of those measures
        words, links = sorted(words), sorted(links)
    found = [status, headers.get("location"), " ".join(words), links]
    return json.loads(re.sub(r"\d+(,|%2C)\d+(,|%2C)\d+(,|%2C)\d+|\d+ ?%|\d+ spots|20\d\d-\d\d-\d\dT[\d:]*Z", "N", json.dumps(found)))


def check_same(full, never):
    for door, sent in [(door, None) for door, _ in UNNAMED] + [(door, PICTURES[name]) for name, door in SENT]:
        end, one, other = time.monotonic() + 5, 1, 2  # links are told of their rights a moment after the index
        while one != other:
            one, other = (json.dumps(gist(m, door, sent)) for m in (full, never))
            assert one == other or time.monotonic() < end, (door, difference(one, other))


def test_a_robot_that_tried_every_door():
    full, never = (shared()[which] for which in ("full", "never"))
    for door, shows in UNNAMED:  # or the rest would prove nothing
        assert not shows or GOES.encode() in full.get(door)[2], f"{door} does not show what may be seen"
    opened = [door for door in NAMED if full.get(door.replace("ID", GOES))[0] in (200, 303)]
    assert len(opened) > 50, opened
    known = full.get(f"/kit/{GOES}:1/{REGION}/flat.png"), full.get(f"/iiif/3/{GOES}:1/{REGION}/max/0/default.jpg")
    check_unnamed(full, (SHUT, BOTH))
    take_in(full, [record(GOES, access="none")])
    check_named(full, {GOES: NAMED + WHOLE})  # at once
    check_unnamed(full, [GOES])
    for name in (GONE, BOTH):
        full.run("withdraw", name, "--reason", "court order", "--yes")
    check_unnamed(full, (GONE, BOTH))
    full.wait(lambda: followed(full), "the hidden is hidden everywhere")
    check_named(full, {SHUT: NAMED + WHOLE, BOTH: NAMED + WHOLE, GOES: NAMED + WHOLE, GONE: NAMED, TEXT: PICTURED})
    for path, (_, headers, _) in zip((f"/kit/ID:1/{REGION}/flat.png", f"/iiif/3/ID:1/{REGION}/max/0/default.jpg"), known):
        again = {"If-None-Match": headers["etag"]}
        assert answer(full, "GET", path, GOES, again) == answer(full, "GET", path, NEVER, again), path
    check_unnamed(full, (SHUT, GOES, GONE, BOTH))
    check_same(full, never)


def test_hidden_while_no_index_follows():
    """The process that writes both indexes stands still; another serves what it left: no hit, no count and no facet of what is hidden since."""
    shared()
    m = museums["never"]
    writer, log, m.server = m.server, m.log, None
    m.serve()
    doors = [door for door, _ in UNNAMED if door != "/api/coverage"] + ["/"]
    command = ("look", "--colours", "807870", "--facets", "--limit", 1)
    m.wait(lambda: b"cedar" in m.get("/api/motifs")[2], "the second server knows the links")
    assert m.json(*command)["total"] == 3
    try:
        writer.send_signal(signal.SIGSTOP)
        take_in(m, [record("cedar", access="none")])
        late = {door: gist(m, door) for door in doors}
        behind, searched = m.json(*command), m.json("search", "--facets")
        check_named(m, {"cedar": NAMED + WHOLE})
        assert m.get_json("/api/look?colours=807870")["sequence"] == len(OPEN) + 1, "the index is not behind: this proves nothing"
    finally:
        writer.send_signal(signal.SIGCONT)
    m.wait(lambda: m.get_json("/api/look?colours=807870")["sequence"] == len(OPEN) + 2, "it follows again")
    m.wait_indexed()
    for door in doors:
        assert "cedar" in door or "cedar" not in json.dumps(late[door]), door
        assert late[door] == gist(m, door) or door == "/", (door, difference(json.dumps(late[door]), json.dumps(gist(m, door))))
    assert behind["total"] == 2 and "Kind cedar" not in str(behind["facets"]), behind
    assert searched["total"] == 3 and "cedar" not in str(searched), searched
    m.stop()
    m.server, m.log = writer, log


def test_the_command_line_looks_as_a_visitor():
    m = shared()["full"]
    photo = m.folder / "photo.png"
    photo.write_bytes(PICTURES[SHUT])
    for words in (("--kind", "detail", "--perhaps"), ("--kind", "like"), ("--kind", "same")):
        seen, staff = m.json("look", photo, *words, "--facets"), m.json("look", photo, *words, "--all", "--facets")
        assert not {SHUT, TEXT, GOES, GONE} & {hit["id"] for hit in seen["hits"]} and SHUT not in str(seen["facets"]), words
        assert seen["total"] == len(seen["hits"]) < staff["total"] and f"Kind {SHUT}" in staff["facets"]["classification"], words
        assert {SHUT} <= {hit["id"] for hit in staff["hits"]} and GONE not in str(staff), words
    for words in (("look", "--image", "ID:1"), ("look", "--image", "ID:1", "--region", "x"), ("look", "--image", "ID:1", "--region", REGION, "--json"),
                  ("look", "--image", "ID:1", "--kind", "like", "--q", "title"), ("kit", "ID:1", "--out", m.folder / "kit"),
                  ("kit", "ID:1", "--region", "0,0,9999,9999", "--out", m.folder / "kit")):
        told = [[done.returncode, done.stdout, done.stderr.replace(name, "?")] for name in (SHUT, TEXT, GOES, GONE, NEVER) for done in
                [m.run(*(str(word).replace("ID", name) for word in words), code=None)]]
        assert told[0][0] and told.count(told[0]) == len(told), (words, told)
    assert m.json("look", "--image", f"{SHUT}:1", "--all")["hits"][0]["id"] == SHUT
    m.run("kit", f"{SHUT}:1", "--all", "--out", m.folder / "kit")


def test_a_twin_of_the_hidden():
    """The curator who takes in nearly the same picture is told so; visitors of the copy learn nothing."""
    m = shared()["full"]
    PICTURES["dogwood"] = PICTURES[SHUT][:-12] + struct.pack(">I", 8) + b"tEXta\0other." + struct.pack(">I", zlib.crc32(b"tEXta\0other.")) + PICTURES[SHUT][-12:]
    folder = m.folder / "twin"
    folder.mkdir()
    (folder / "dogwood.png").write_bytes(PICTURES["dogwood"])
    problems = m.json("ingest", folder)["problems"]
    assert any(SHUT in problem["text"] for problem in problems), problems
    m.wait(lambda: followed(m) and b"alder" in m.get("/api/chains/dogwood")[2], "it is looked at and linked", 60)
    for door in ("/api/look?image=dogwood:1&kind=same&facets=1", "/look?image=dogwood:1&kind=same", "/api/look?image=dogwood:1&kind=detail&perhaps=1",
                 "/api/chains/dogwood", "/object/dogwood", "/api/object/dogwood", "/iiif/manifest/dogwood", "/api/tour?from=dogwood", "/api/motifs"):
        status, _, body = m.get(door)
        assert status == 200 and SHUT.encode() not in body, door
    assert [hit["id"] for hit in m.get_json("/api/look?image=dogwood:1&kind=same")["hits"]] == ["dogwood"]


if __name__ == "__main__":
    main(globals())
