#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job from outside: the sample collection taken in, found, shown, verified; rights at every door. (restore.py rebuilds it.)"""
import json
import pathlib
import re
import shutil
import struct
import urllib.parse

from museum import SAMPLES, Museum, main

quote = urllib.parse.quote
museum = None


def shared():
    """The sample museum, taken in once for all tests that only look."""
    global museum
    if museum is None:
        museum = Museum()
        museum.first = museum.json("ingest", SAMPLES, code=None, timeout=900)
        museum.serve()
        museum.wait_indexed()
    return museum


def jpeg_size(body):
    """Width and height out of a JPEG's frame header."""
    assert body[:2] == b"\xff\xd8" and body[-2:] == b"\xff\xd9", "not a whole JPEG"
    at = 2
    while body[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + struct.unpack(">H", body[at + 2:at + 4])[0]
    height, width = struct.unpack(">HH", body[at + 5:at + 9])
    return width, height


def service_path(url):
    return urllib.parse.urlsplit(url).path


def found(query, **more):
    return shared().get_json("/api/search?" + urllib.parse.urlencode({"q": query, "limit": 100, **more}))


def ids(answer):
    return [hit["id"] for hit in answer["hits"]]


def test_everything_is_taken_in():
    m = shared()
    assert m.first["records"]["refused"] == 0 and m.first["images"]["refused"] == 0, m.first["problems"]
    assert m.first["records"]["new"] >= 280 and m.first["images"]["new"] == len([p for p in (SAMPLES / "pictures").iterdir() if p.suffix != ".xml"])


def test_words_are_found_in_any_script():
    assert "zh195-109" in ids(found("青花")) and "zh195-109" in ids(found("梅瓶"))
    assert found("青花瓷")["total"] < 100
    vases, vase = found("vases"), found("vase")
    assert vase["total"] > 0 and set(ids(vase)) == set(ids(vases))
    assert ids(found("Café")) == ids(found("cafe"))
    assert found("zzzzqqqq")["total"] == 0


def test_answers_have_the_promised_form():
    answer = found("portrait")
    assert set(answer) >= {"total", "hits", "facets", "next"}
    for hit in answer["hits"]:
        assert hit["id"] and hit["title"] and isinstance(hit["images"], list)
    assert {"classification", "collection", "century"} <= set(answer["facets"])


def test_pages_follow_each_other_without_gap_or_double():
    m, seen, cursor = shared(), [], ""
    total = found("")["total"]
    while cursor is not None:
        page = m.get_json("/api/search?" + urllib.parse.urlencode({"q": "", "limit": 37, "cursor": cursor}))
        assert page["total"] == total
        seen += ids(page)
        cursor = page["next"]
    assert len(seen) == total == len(set(seen)), (len(seen), total)


def test_a_facet_counts_what_it_leads_to():
    facets = found("")["facets"]
    for name in ("classification", "collection", "century"):
        values = facets[name]["values"] if isinstance(facets[name], dict) else facets[name]
        assert values, name
        for value in values[:3]:
            assert found("", **{name: value["value"]})["total"] == value["count"], (name, value)


def test_nonsense_is_read_as_words():
    m = shared()
    for q in ['"', "((", "a OR", "title:", "*", "%", "\\", "-", "AND AND", "a" * 1500, "\x01", "'; DROP TABLE"]:
        status, _, body = m.get("/api/search?q=" + quote(q))
        assert status == 200, (q, status, body[:100])
    assert m.get("/api/search?q=" + quote("é" * 6000))[0] in (200, 400, 414)
    assert m.get("/api/search?q=x&cursor=nonsense")[0] == 400
    assert m.get("/api/search?q=x&limit=0")[0] == 400
    for bad in ("%", "%zz", "%ff"):
        assert m.get("/search?q=" + bad)[0] in (200, 400)


def info_of(object_id):
    m = shared()
    service = service_path(m.get_json(f"/api/object/{quote(object_id, safe='')}")["images"][0])
    return service, m.get_json(service + "/info.json")


def test_every_tile_of_a_large_picture():
    m = shared()
    service, info = info_of("sheet-01")
    assert info["width"] * info["height"] >= 20_000_000 and info["id"] == m.url + service
    tile, count = info["tiles"][0], 0
    side = tile["width"]
    for factor in tile["scaleFactors"][-3:]:  # the coarse levels: all tiles; edge tiles have their true size
        for x in range(0, info["width"], side * factor):
            for y in range(0, info["height"], side * factor):
                w, h = min(side * factor, info["width"] - x), min(side * factor, info["height"] - y)
                ow, oh = -(-w // factor), -(-h // factor)
                status, headers, body = m.get(f"{service}/{x},{y},{w},{h}/{ow},{oh}/0/default.jpg")
                assert status == 200 and jpeg_size(body) == (ow, oh), (x, y, factor, status)
                assert headers["access-control-allow-origin"] == "*"
                count += 1
    assert count > 5
    for size in info["sizes"]:
        status, _, body = m.get(f"{service}/full/{size['width']},{size['height']}/0/default.jpg")
        assert status == 200 and jpeg_size(body) == (size["width"], size["height"])


def test_image_requests_get_the_right_status():
    m = shared()
    service, info = info_of("sheet-01")
    width = info["width"]
    for path, want in [("", 303), ("/info.json", 200), ("/full/max/0/default.jpg", 200), ("/square/200,/0/default.jpg", 200),
                       ("/pct:10,10,20,20/!300,300/90/gray.png", 200), ("/full/,150/0/default.jpg", 200), ("/full/pct:5/180/default.jpg", 200),
                       ("/full/full/0/default.jpg", 400), ("/0,0,0,10/max/0/default.jpg", 400), (f"/{width},0,10,10/max/0/default.jpg", 400),
                       ("/full/0,0/0/default.jpg", 400), ("/full/max/361/default.jpg", 400), ("/full/max/-1/default.jpg", 400),
                       ("/full/max/0/sepia.jpg", 400), ("/full/max/0/default.exe", 400), ("/full/1e2,/0/default.jpg", 400),
                       ("/a,b,c,d/max/0/default.jpg", 400), ("/full/99999999999999999999,/0/default.jpg", 400), ("/full/max/0", 400)]:
        status = m.get(service + path)[0]
        assert status == want, (path, status, want)
    assert m.get("/iiif/3/nothing:1/info.json")[0] == 404
    assert m.get("/iiif/3/..%2F..%2Fetc%2Fpasswd/info.json")[0] == 404


def test_unchanged_answers_are_not_sent_twice():
    m = shared()
    service, info = info_of("sheet-01")
    size = info["sizes"][0]
    for path in (service + "/info.json", f"{service}/full/{size['width']},{size['height']}/0/default.jpg", "/iiif/manifest/sheet-01"):
        _, headers, _ = m.get(path)
        status, _, body = m.get(path, If_None_Match=headers["etag"])
        assert status == 304 and not body, path


def test_a_facet_shows_all_its_values():
    m = shared()
    answer, page = m.get_json("/api/facet/maker"), found("", limit=1)["facets"]["maker"]
    assert answer["distinct"] >= len(answer["values"]) >= len(page) > 8
    assert [v["value"] for v in answer["values"]][:8] == [v["value"] for v in page][:8]
    later = m.get_json("/api/facet/maker?limit=5&offset=5")
    assert later["values"] == answer["values"][5:10] and later["offset"] == 5
    some = m.get_json("/api/facet/maker?contains=MUNCH")
    assert some["values"] and all("munch" in v["value"].lower() for v in some["values"])
    assert all(v["count"] == found("", maker=v["value"])["total"] for v in answer["values"][:10])
    assert m.get_json("/api/facet/maker?q=zzzzqqqq&exact=1")["values"] == []
    status, _, body = m.get("/search/facet/maker?contains=munch&q=" + quote('"<b>'))
    assert status == 200 and b"<b>" not in body and b"noindex" in body
    for path, want in (("/api/facet/nothing", 404), ("/search/facet/year", 404), ("/api/facet/maker?offset=-1", 400),
                       ("/api/facet/maker?contains=" + "x" * 300, 400), ("/api/facet/maker?limit=1000", 400)):
        assert m.get(path)[0] == want, path


def test_search_on_the_command_line():
    m = shared()
    answer = m.json("search", "portrait", "--facets", "--limit", "5")
    assert answer["total"] == found("portrait")["total"] and answer["facets"]["classification"]
    kind, count = next(iter(answer["facets"]["classification"].items()))
    assert m.json("search", "portrait", "--filter", f"classification={kind}")["total"] == count
    assert m.json("search", "portriat")["corrected"] == "portrait"
    assert m.json("search", "portriat", "--exact")["total"] == 0
    dated = [h["record"]["dates"][0]["earliest"] for h in m.json("search", "portrait", "--sort", "date", "--limit", "5")["hits"]]
    assert dated == sorted(dated)
    assert "title: Portrait" in m.run("search", "portrait", "--explain", "--sort", "title").stdout
    for words in (["--sort", "size"], ["--filter", "size=3"], ["--filter", "classification"]):
        m.run("search", "x", *words, code=2)


def test_words_as_they_are_written():
    corrected = found("turner sunst") if found("turner sunst")["total"] else found("portriat")
    assert corrected.get("corrected")
    assert found("portriat", exact=1)["total"] == 0 and "corrected" not in found("portriat", exact=1)
    status, _, body = shared().get("/search?q=portriat")
    assert status == 200 and b"exact=1" in body


def test_coverage_counts_what_was_shown():
    m = shared()
    found("portrait")
    answer = m.get_json("/api/coverage?days=1")
    assert answer["works"] == found("")["total"] and 0 < answer["shown"] <= answer["works"]
    assert not set(answer["never"]) & set(ids(found("portrait")))
    assert m.get("/coverage")[0] == 200 and m.get("/api/coverage?days=0")[0] == 400


def test_what_is_written_in_a_picture():
    m = shared()
    answer = found("近江屋", explain=1)
    assert ids(answer) == ["met-37110"] and answer["hits"][0]["reasons"][0]["place"] == "met-37110:1#xywh=64,1002,40,72"
    assert ids(found("哥麿")) == ["met-37110"]
    manifest = m.get_json("/iiif/manifest/met-37110")
    service, canvas = manifest["service"][0], manifest["items"][0]
    assert service["type"] == "SearchService2"
    page = m.get_json(service_path(canvas["annotations"][0]["id"]))
    assert [a["body"]["value"] for a in page["items"]] == ["哥麿筆", "哥麿筆", "近江屋"]
    assert all(a["motivation"] == "supplementing" and a["target"].startswith(canvas["id"] + "#xywh=") for a in page["items"])
    hits = m.get_json(service_path(service["id"]) + "?q=" + quote("近江屋") + "&motivation=painting&user=x")
    assert hits["ignored"] == ["motivation", "user"] and hits["type"] == "AnnotationPage"
    assert [a["id"] for a in hits["items"]] == [page["items"][2]["id"]]
    assert m.get_json(service_path(service["id"]) + "?q=zebra")["items"] == []
    status, _, body = m.get("/object/met-37110?q=" + quote("近江屋"))
    text = body.decode()
    assert status == 200 and "<mark>近江屋</mark>" in text and "noindex" in text
    crop = re.search(r'<img src="(/iiif/3/met-37110:1/[0-9,]+/max/0/default.jpg)"', text).group(1)
    assert m.get(crop)[0] == 200
    assert "?q=" in m.get("/search?q=" + quote("近江屋"))[2].decode()
    for path in ("/iiif/text/met-37110:9", "/iiif/text/met-268690:1", "/iiif/text/nothing", "/iiif/search/met-268690?q=x",
                 "/iiif/text/met-45323:1"):
        assert m.get(path)[0] == 404, path


def test_rights_close_every_door():
    m = shared()
    everything = ids_of_all()
    assert found("")["total"] == len(everything), "a count tells of hidden objects"
    pictured = next(v["count"] for v in found("")["facets"]["has"] if v["value"] == "image")
    lines = m.get("/metrics")[2].decode().splitlines()
    assert f"vitrine_objects {len(everything)}" in lines and f"vitrine_objects_pictured {pictured}" in lines
    assert f"{pictured} with pictures" in m.get("/")[2].decode()
    for hidden in ("met-268690", "tate-N04156"):  # access: none
        assert hidden not in everything
        for path in (f"/object/{hidden}", f"/api/object/{hidden}", f"/iiif/manifest/{hidden}", f"/iiif/3/{hidden}:1/info.json",
                     f"/iiif/3/{hidden}:1/full/max/0/default.jpg", f"/iiif/2/{hidden}:1/info.json"):
            # Word for word what an object that never was would get.
            status, _, body = m.get(path)
            unknown = path.replace(hidden, "never-was")
            assert (status, body.replace(hidden.encode(), b"never-was")) == (404, m.get(unknown)[2]), (path, status, body)
    text_only = m.get_json("/api/object/se-john-collier")  # access: record
    assert text_only["images"] == []
    assert m.get("/iiif/3/se-john-collier:1/full/max/0/default.jpg")[0] in (401, 403, 404)
    assert m.get("/iiif/3/se-john-collier:1/full/200,/0/default.jpg")[0] in (401, 403, 404)
    service, info = info_of("se-frederick-goodall")  # access: side 600
    status, _, body = m.get(service + "/full/max/0/default.jpg")
    assert status == 200 and max(jpeg_size(body)) == 600
    assert max(info.get("maxWidth", 0), info.get("maxHeight", 0)) == 600 or max(info["width"], info["height"]) <= 600
    for path in ("/full/601,/0/default.jpg", "/0,0,256,256/256,256/0/default.jpg", "/0,0,300,300/max/0/default.jpg", "/square/500,/0/default.jpg"):
        status, _, body = m.get(service + path)
        # What comes, if anything, shows no more detail than the whole picture at 600 pixels.
        if status == 200:
            full = json.loads(m.get(service + "/info.json")[2])
            scale = 600 / max(full["width"], full["height"])
            region = {"/0,0,256,256/256,256/0/default.jpg": 256, "/0,0,300,300/max/0/default.jpg": 300}.get(path)
            assert region and max(jpeg_size(body)) <= region * scale + 1, (path, jpeg_size(body))


def ids_of_all():
    m, seen, cursor = shared(), [], ""
    while cursor is not None:
        page = m.get_json("/api/search?" + urllib.parse.urlencode({"q": "", "limit": 100, "cursor": cursor}))
        seen += ids(page)
        cursor = page["next"]
    return seen


def test_a_change_of_rights_counts_while_serving():
    with Museum() as m:
        record = {"id": "one", "titles": [{"lang": "en", "text": "Only one"}], "image": "pictures/met-54303.jpg"}
        delivery = m.folder / "delivery"
        (delivery / "pictures").mkdir(parents=True)
        shutil.copy(SAMPLES / "pictures" / "met-54303.jpg", delivery / "pictures")
        table = delivery / "records.jsonl"
        table.write_text(json.dumps(record))
        m.run("ingest", delivery)
        with m.serving():
            m.wait_indexed()
            assert m.get("/iiif/3/one:1/full/max/0/default.jpg")[0] == 200
            table.write_text(json.dumps(record | {"access": "none"}))
            m.run("ingest", delivery)
            m.wait(lambda: m.get("/iiif/3/one:1/full/max/0/default.jpg")[0] == 404, "the picture is closed", 10)
            m.wait(lambda: m.get_json("/api/search?q=")["total"] == 0, "the search has forgotten it", 10)
            assert m.get("/object/one")[0] == 404


def test_twice_changes_nothing():
    with Museum() as m:
        first = m.json("ingest", SAMPLES, code=None, timeout=900)
        again = m.json("ingest", SAMPLES, code=None, timeout=900)
        assert again["records"]["new"] == again["records"]["changed"] == again["images"]["new"] == 0, again
        assert again["records"]["same"] == first["records"]["new"]
        assert m.json("verify")["damaged"] == 0


def test_verify_finds_one_flipped_bit():
    with Museum() as m:
        delivery = m.folder / "delivery"
        delivery.mkdir()
        shutil.copy(SAMPLES / "pictures" / "met-54303.jpg", delivery)
        m.run("ingest", delivery)
        assert m.json("verify")["damaged"] == 0
        master = next(p for p in (m.home / "vault").rglob("*.jpg"))
        master.chmod(0o644)
        content = bytearray(master.read_bytes())
        content[1000] ^= 1
        master.write_bytes(content)
        result = m.json("verify", code=1)
        assert result["damaged"] == 1 and "met-54303" in result["problems"][0]["id"] + result["problems"][0]["text"]


def test_bad_input_is_named_and_the_rest_taken_in():
    with Museum() as m:
        delivery = m.folder / "delivery"
        delivery.mkdir()
        good = (SAMPLES / "pictures" / "met-54303.jpg").read_bytes()
        (delivery / "good.jpg").write_bytes(good)
        (delivery / "truncated.jpg").write_bytes(good[:len(good) // 2])
        (delivery / "empty.jpg").write_bytes(b"")
        (delivery / "text.jpg").write_text("this is not a picture\n" * 20)
        (delivery / "records.csv").write_bytes(
            b'id;title;image\ngood;A "good" one;good.jpg\ngood;twice;\nbroken;\xff\xfe;\nclimber;Climbs;../../../../etc/passwd\n'
            b'cut;Cut;truncated.jpg\nnone;None;missing.jpg\nempty;Empty;empty.jpg\ntext;Text;text.jpg\n')
        (delivery / "pipe.jsonl").write_text('{"id": "x1", "titles": [{"text": "fine"}]}\nnot json\n{"titles": []}\n[1]\n')
        check = m.json("ingest", "--check", delivery, code=1)
        assert not list((m.home / "vault").rglob("record.json")), "--check has written"
        report = m.json("ingest", delivery, code=1)
        texts = {(pathlib.Path(p["file"]).name, p.get("row", 0)): p["text"] for p in report["problems"]}
        for name in ("truncated.jpg", "empty.jpg", "text.jpg"):
            assert any(name in " ".join((p["file"], p.get("cell", ""), p["text"])) for p in report["problems"]), (name, report["problems"])
        assert any("passwd" in p["text"] + p.get("cell", "") for p in report["problems"])
        assert ("pipe.jsonl", 2) in texts and ("pipe.jsonl", 3) in texts, texts
        assert len(check["problems"]) >= len(report["problems"]) - 1
        assert report["records"]["new"] >= 6 and report["images"]["new"] == 1
        assert m.json("verify")["damaged"] == 0
        assert not any(b"root:" in p.read_bytes() for p in (m.home / "vault").rglob("*") if p.is_file())
        again = m.json("ingest", delivery, code=1)
        assert again["records"]["new"] == again["images"]["new"] == 0


if __name__ == "__main__":
    main(globals())
