#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Works linked by a motif, from outside: the links of a work, a walk, the most travelled motifs; rights; a withdrawal; a kill."""
import json
import shutil
import signal
import time
import urllib.parse

from museum import SAMPLES, Museum, main

SHEET = "sheet-01"  # twelve prints of the samples on one sheet
PRINTS = ["met-37110", "met-39799", "cma-101073", "cma-107027", "cma-108004"]
museum = None


def links(m, object_id):
    return {link["id"]: link for link in m.get_json(f"/api/chains/{object_id}")["links"]}


def wait_linked(m, *object_ids, to=SHEET):
    m.wait(lambda: all(to in links(m, one) for one in object_ids), "the links have been found", 180)


def shared():
    global museum
    if museum is None:
        museum = Museum()
        museum.run("ingest", SAMPLES, code=None, timeout=900)
        museum.serve()
        wait_linked(museum, *PRINTS)
    return museum


def test_links_of_a_work():
    m = shared()
    link = links(m, "met-37110")[SHEET]
    assert link["score"] >= 0.8 and link["points"] >= 5 and not link["same_picture"], link
    x, y, w, h = map(int, link["region"].split(","))
    assert w < 2400 and h < 2000, f"a part of the sheet: {link['region']}"
    back = links(m, SHEET)
    assert set(PRINTS) <= set(back), back
    assert back["met-37110"]["from_region"] == link["region"], "the same edge from its other end"
    page = m.get("/object/met-37110")[2].decode()
    assert "/object/sheet-01" in page and "/look/why?" in page and "/tour?from=met-37110" in page
    why = page.split("/look/why?")[1].split('"')[0].replace("&amp;", "&")
    assert m.get(f"/look/why?{why}")[0] == 200, why
    assert m.get("/api/chains/nobody")[0] == 404


def test_a_walk():
    m = shared()
    status, headers, _ = m.get("/tour?from=met-37110")
    assert status == 303 and headers["location"].startswith("/tour?at=met-37110&at="), headers
    stops = urllib.parse.parse_qs(headers["location"].split("?")[1])["at"]
    assert stops[1] == SHEET and len(stops) == len(set(stops)) == 3, stops
    status, _, page = m.get(headers["location"])
    assert status == 200 and page.count(b'class="pair"') >= 2
    assert m.get("/tour?from=met-37110")[1]["location"] == headers["location"], "the same walk again"
    answer = m.get_json(f"/api{headers['location']}")
    assert [stop["id"] for stop in answer["stops"]] == stops and all("link" in stop for stop in answer["stops"][1:]), answer
    twice = m.get_json(f"/api/tour?at={stops[0]}&at={SHEET}&at={stops[0]}&at=nobody&at={SHEET}")
    assert [stop["id"] for stop in twice["stops"]] == stops[:2], "no work twice, and none that is not there"
    assert m.get("/tour")[0] == 303
    for query, want in (("from=nobody", 404), ("at=met-37110&go=0", 400), ("at=met-37110&go=x", 400), ("at=met-267426", 200),
                        ("&".join(f"at=x{i}" for i in range(90)), 404)):
        assert m.get(f"/tour?{query}")[0] == want, query


def test_motifs():
    m = shared()
    motifs = m.get_json("/api/motifs")["motifs"]
    assert len(motifs) >= 5, motifs
    for motif in motifs:
        assert motif["works"] == len(motif["on"]) >= 2 and len({on["id"] for on in motif["on"]}) == motif["works"], motif
    status, _, page = m.get("/motifs")
    assert status == 200 and page.count(b"motif-picture") == len(motifs)
    on = motifs[0]["on"][0]
    status, _, page = m.get(f"/motifs?image={on['image']}&region={on['region']}")
    assert status == 200 and all(f"/object/{one['id']}".encode() in page for one in motifs[0]["on"])
    for query, want in (("image=nope:1&region=1,1,9,9", 404), (f"image={on['image']}", 400), (f"image={on['image']}&region=x", 400)):
        assert m.get(f"/motifs?{query}")[0] == want, query


def test_the_hidden_is_in_no_chain():
    m = shared()
    hidden = "met-37110"
    everything = ["/motifs", "/api/motifs", f"/api/chains/{SHEET}", f"/object/{SHEET}", f"/api/tour?from={SHEET}",
                  "/tour?at=met-39799&at=sheet-01", f"/api/tour?at=met-39799&at={SHEET}&at={hidden}"]
    assert hidden in m.get(f"/api/chains/{SHEET}")[2].decode()
    before = len(m.get_json("/api/motifs")["motifs"])
    record = json.dumps({"id": hidden, "access": "none", "titles": [{"lang": "en", "text": "Cool Evening"}]})
    (m.folder / "hide.jsonl").write_text(record + "\n", encoding="utf-8")
    m.run("ingest", m.folder / "hide.jsonl", code=None)
    # At once, whether or not the followers have seen it.
    for path in everything:
        body = m.get(path)[2].decode()
        assert hidden not in body and "Cool Evening" not in body, path
    assert m.get(f"/api/chains/{hidden}")[0] == m.get("/api/chains/nobody")[0] == 404
    assert m.get(f"/tour?from={hidden}")[0] == 404
    assert len(m.get_json("/api/motifs")["motifs"]) == before - 1
    # A deleted work goes out of the file as well.
    m.run("delete", "cma-107027", "--reason", "returned to its owner")
    assert "cma-107027" not in links(m, SHEET)
    chains = m.home / "visual" / "chains"
    m.wait(lambda: b"cma-107027" not in chains.read_bytes() and b"cma-101073" in chains.read_bytes(), "its links are erased")


WHERE = """id,title,date,place,latitude,longitude,image
sheet-01,Sheet,1900,Mapland,,,sheet-01.jpg
met-37110,Evening,1800,"Kyoto, Japan",,,met-37110.jpg
met-39799,Wave,1830,Japan,,,met-39799.jpg
cma-101073,Street,1862,"Rue des Marmousets, Paris",48.8575,2.3514,1920.141.jpg
cma-107027,Love,1898,Georgia,,,1925.1024.jpg
cma-108004,Deputation,1617,Nowhere at all,,,1925.626.jpg
"""


def places_of(m):
    """Of the motifs together: name -> (how, works)."""
    found = {}
    for motif in m.get_json("/api/motifs")["motifs"]:
        for place in motif["map"]:
            how, works = found.get(place["name"], (place["how"], 0))
            found[place["name"]] = (how, works + place["works"])
    return found


def test_the_map():
    with Museum() as m:
        delivery = m.folder / "where"
        delivery.mkdir()
        for line in WHERE.splitlines()[1:]:
            name = line.rsplit(",", 1)[1]
            shutil.copy(SAMPLES / "pictures" / name, delivery / name)
        (delivery / "t.csv").write_text(WHERE, encoding="utf-8")
        (m.home / "places.csv").write_text("name,latitude,longitude\nMapland,-20.5,30.25\nBad,99,1\n", encoding="utf-8")
        m.run("ingest", delivery, code=None)
        with m.serving():
            wait_linked(m, *PRINTS)
            found = places_of(m)
            assert found["Kyoto, Japan"][0] == "region" and found["Japan"][0] == "country", found
            assert found["Rue des Marmousets, Paris"][0] == "record" and found["Mapland"][0] == "museum", found
            assert not {"Georgia", "Nowhere at all"} & set(found), "one of several, and not known: not on the map"
            page = m.get("/motifs")[2].decode()
            assert '<svg viewBox="0 0 1600 ' in page and 'class="land"' in page and "Borders are not drawn" in page
            assert "Georgia</a> <span class=\"hint\">1 work · may be one of several places" in page
            assert "Nowhere at all</a> <span class=\"hint\">1 work · not in our tables" in page
            assert page.count('class="mark t') == 4 and page.count('hollow"') == 2, "a ring where it may be anywhere"
            link = page.split('<a href="/search?place=Kyoto', 1)[1].split('"')[0]
            assert m.get("/search?place=Kyoto" + link)[0] == 200
            on = next(motif for motif in m.get_json("/api/motifs")["motifs"] if any(one["id"] == "met-37110" for one in motif["on"]))
            at = next(one for one in on["on"] if one["id"] == "met-37110")
            one = m.get(f"/motifs?image={at['image']}&region={at['region']}")[2].decode()
            assert 'class="way"' in one and "does not prove" in one
            walk = m.get("/tour?at=met-37110&at=sheet-01")[2].decode()
            assert 'class="way"' in walk and "Kyoto" in walk and "Mapland" in walk
            # What is hidden leaves no dot, no name and no count.
            hide = {"id": "met-37110", "access": "none", "places": [{"text": "Kyoto, Japan"}], "titles": {"en": ["Evening"]}}
            (m.folder / "hide.jsonl").write_text(json.dumps(hide) + "\n", encoding="utf-8")
            m.run("ingest", m.folder / "hide.jsonl", code=None)
            for path in ("/motifs", "/api/motifs", "/tour?at=met-37110&at=sheet-01"):
                assert "Kyoto" not in m.get(path)[2].decode(), path
            page = m.get("/motifs")[2].decode()
            assert page.count('class="mark t') == 3 and "Mapland, 1 work" in page


def test_killed_while_linking():
    with Museum() as m:
        m.run("ingest", SAMPLES, code=None, timeout=900)
        for delay in (0.5, 1.5, 3):
            m.serve()
            time.sleep(delay)
            m.stop(signal.SIGKILL)
        with m.serving():
            wait_linked(m, *PRINTS)


if __name__ == "__main__":
    main(globals())
