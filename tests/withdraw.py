#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Withdrawal by law while the museum is open: every door is asked before and after, then every byte that the server, the home and
the second vaults hold. What stays is the stone: that it was there, when it went and why; and every proof."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.parse

from museum import ROOT, SAMPLES, Museum, main
from s3server import S3Server

PICTURES = sorted((SAMPLES / "pictures").glob("met-*.jpg"))[:4]
ID, IMAGE = "1907.6", "1907.6:1"
FIRST, SECOND, SPOKEN, FILE = "Zyxwolframite", "Quarkenschmidt", "mumblefratz", "portrait-of-somebody"
SECRETS = [s.encode() for s in (FIRST, SECOND, SPOKEN, FILE)]
SECRETS += [s.lower() for s in SECRETS]


def deliver(m, title, name, everything=False):
    folder = m.folder / name
    folder.mkdir()
    shutil.copy(PICTURES[0], folder / f"{FILE}.jpg")
    rows = [{"id": ID, "lang": "en", "titles": [{"lang": "en", "text": title}], "makers": [f"{title} the Elder"], "image": f"{FILE}.jpg",
             "transcripts": [{"media": IMAGE, "lang": "en", "parts": [{"text": f"and then {SPOKEN} was said", "xywh": "1,1,50,50"}]}]}]
    for i, picture in enumerate(PICTURES[1:] if everything else []):
        shutil.copy(picture, folder)
        rows.append({"id": f"other {i}", "titles": [{"lang": "en", "text": f"Another {i}"}], "image": picture.name})
    (folder / "records.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    m.run("ingest", folder)
    shutil.rmtree(folder)


def look(m, query, body=None):
    status, _, answer = m.request("GET" if body is None else "POST", f"/api/look?{query}",
                                  {"Content-Type": "image/jpeg"} if body else {}, body)
    return status, json.loads(answer)


def filled(m, moment):
    deliver(m, FIRST, "first", everything=True)
    time.sleep(1.1)
    moment.append(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    time.sleep(1.1)
    deliver(m, SECOND, "second")


def doors(moment):
    """Each address that shows the object now: (path, a word that its answer has; None: the answer is a picture)."""
    at = urllib.parse.quote(moment[0])
    return [(f"/object/{ID}", SECOND), (f"/object/{ID}?version=1", FIRST), (f"/object/{ID}?version=2", SECOND),
            (f"/object/{ID}?at={at}", FIRST), (f"/api/object/{ID}", SECOND), (f"/api/object/{ID}?version=1", FIRST),
            (f"/api/object/{ID}?at={at}", FIRST), (f"/iiif/manifest/{ID}", SECOND), (f"/iiif/manifest/{ID}?version=1", FIRST),
            (f"/search?q={SECOND}", ID), (f"/api/search?q={SECOND}", ID),
            (f"/api/search?q={SECOND[:-2]}dd", SECOND), (f"/api/suggest?q={SECOND[:5]}", SECOND[5:]),
            ("/api/facet/maker", SECOND), ("/search/facet/maker", SECOND), (f"/search?q={SPOKEN}", ID),
            (f"/iiif/search/{ID}?q={SPOKEN}", "and then"), (f"/iiif/text/{IMAGE}", SPOKEN), ("/iiif/collection/0", ID), ("/sitemap/0", ID), ("/search?q=", SECOND),
            (f"/iiif/3/{IMAGE}/info.json", IMAGE), (f"/iiif/2/{IMAGE}/info.json", IMAGE),
            (f"/iiif/3/{IMAGE}/full/max/0/default.jpg", None), (f"/iiif/3/{IMAGE}/0,0,256,256/256,256/0/default.jpg", None),
            (f"/iiif/3/{IMAGE}/10,10,99,99/50,50/0/default.png", None), (f"/iiif/2/{IMAGE}/full/full/0/default.jpg", None),
            (f"/look?image={IMAGE}", IMAGE), (f"/api/look?image={IMAGE}&kind=like", "hits")]


def shows(m, path, word):
    status, headers, body = m.get(path)
    if word is None:
        return status == 200 and headers["content-type"].startswith("image/")
    asked = urllib.parse.unquote(path).partition("q=")[2].split("&")[0].encode()  # a page repeats what was asked
    text = body.replace(asked, b"") if asked else body
    return status == 200 and word.lower().encode() in text.lower()


def ready(m):
    m.wait_indexed()
    m.wait(lambda: look(m, "", PICTURES[0].read_bytes())[1].get("hits"), "the picture is found by looking", 60)


def open_files(m):
    folder = pathlib.Path(f"/proc/{m.server.pid}/fd")
    return [os.readlink(p) for p in folder.iterdir() if p.is_symlink()]


def traces(m, folder=None):
    return [p for p in (folder or m.home).rglob("*") if p.is_file() and any(s in p.read_bytes() for s in SECRETS)]


def check_closed(m, open_doors):
    m.wait(lambda: not [d for d in open_doors if shows(m, *d)], "every door is shut", 15)
    found = look(m, "", PICTURES[0].read_bytes())[1]
    assert all(h["id"] != ID for h in found.get("hits", [])), found
    m.wait(lambda: not [f for f in open_files(m) if str(m.home) in f and "(deleted)" in f and "/index/" not in f and "/visual/" not in f], "no picture of it is held open", 15)
    m.wait(lambda: not traces(m), "no byte of it is in the home", 30)
    status, _, body = m.get(f"/object/{ID}")
    assert status in (404, 410) and b"court order 4/26" in body, (status, body[-2000:])
    for query in ("?version=1", "?version=2", "?version=3", f"?at={time.strftime('%Y-%m-%d', time.gmtime())}"):
        status, _, body = m.get(f"/api/object/{ID}{query}")
        assert status in (404, 410) and not any(s in body for s in SECRETS), (query, status, body)
    assert m.get("/object/other%200")[0] == 200 and look(m, "", PICTURES[1].read_bytes())[1]["hits"][0]["id"] == "other 0"


def check_proofs(m, promised):
    (m.folder / "old").write_text(promised)
    for version in (1, 2):
        proof = m.folder / "proof.json"
        proof.write_text(m.run("prove", ID, "--version", version, "--since", "2").stdout)
        done = subprocess.run([sys.executable, ROOT / "tools/check-proof", proof, "--old", m.folder / "old"], capture_output=True,
                              text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_door_shuts_within_seconds():
    moment = []
    with Museum() as m:
        filled(m, moment)
        m.serve()
        ready(m)
        promised = (m.home / "checkpoint").read_text()
        every = doors(moment)
        shut = [d[0] for d in every if not shows(m, *d)]
        assert not shut, f"these never showed it: {shut}"
        assert look(m, "", PICTURES[0].read_bytes())[1]["hits"][0]["id"] == ID
        assert traces(m) and [f for f in open_files(m) if "derived" in f], "it is held open"
        said = m.run("withdraw", ID, "--reason", "court order 4/26", "--yes").stdout
        assert "indexes have forgotten" in said and "second vaults made before still hold it" in said, said
        assert not traces(m), traces(m)
        check_closed(m, every)
        check_proofs(m, promised)
        m.run("verify")
        m.stop()
        m.run("rebuild")  # and it does not come back
        m.serve()
        m.wait_indexed()
        check_closed(m, every)


def second_conf(m, where, s3=None):
    with open(m.home / "museum.conf", "a", encoding="utf-8") as conf:
        conf.write(f"second_vault = {where}\n")
        if s3:
            keys = m.home / "s3.keys"
            keys.write_text(f"access_key = {s3.access}\nsecret_key = {s3.secret}\n")
            keys.chmod(0o600)
            conf.write(f"s3_endpoint = {s3.url}\ns3_region = {s3.region}\ns3_keys = s3.keys\n")


def test_the_second_vault_in_a_folder_forgets():
    with Museum() as m:
        filled(m, [])
        second = m.folder / "second"
        second_conf(m, second)
        m.run("export", "--ocfl", second)
        assert traces(m, second)
        said = m.run("withdraw", ID, "--reason", "court order 4/26", "--yes").stdout
        assert "Erased in the second vault" in said, said
        assert not traces(m, second) and not traces(m)
        assert [p for p in second.rglob("withdrawn.json")], "the stone is there too"
        m.run("verify", "--other", second)
        assert "0 were there" not in m.run("export", "--ocfl", second).stdout


def test_one_that_was_away_forgets_with_the_next_run():
    with Museum() as m:
        filled(m, [])
        second, elsewhere = m.folder / "second", m.folder / "unplugged"
        second_conf(m, second)
        m.run("export", "--ocfl", second)
        second.rename(elsewhere)
        done = m.run("withdraw", ID, "--reason", "court order 4/26", "--yes", code=1)
        assert "The second vault still holds it" in done.stdout, done.stdout
        elsewhere.rename(second)
        m.run("export", "--ocfl", second)
        assert not traces(m, second)
        # The other way round nothing is ever erased: a package cannot take away what is here.
        with Museum() as other:
            deliver(other, FIRST, "first")
            live = {p: p.read_bytes() for p in (other.home / "vault").rglob("*") if p.is_file()}
            other.run("import", second, code=1)
            assert all(p.read_bytes() == b for p, b in live.items())


def held(s3):
    bodies = [b for b, _, _ in s3.objects[s3.bucket].values()] + [b for _, _, b in s3.versions[s3.bucket] if b is not None]
    names = list(s3.objects[s3.bucket]) + [k for k, _, _ in s3.versions[s3.bucket]]
    return [n for n in names if any(s.decode() in n for s in SECRETS)] + [b for b in bodies if any(s in b for s in SECRETS)]


def test_the_second_vault_in_a_bucket_forgets():
    for versioned in (False, True):
        with Museum() as m, S3Server(versioned=versioned) as s3:
            filled(m, [])
            second_conf(m, "s3://vault-bucket/museum", s3)
            m.run("export", "--ocfl", "s3://vault-bucket/museum")
            assert held(s3)
            said = m.run("withdraw", ID, "--reason", "court order 4/26", "--yes").stdout
            assert "Erased in the second vault" in said, said
            assert not held(s3), held(s3)[:3]
            m.run("verify", "--other", "s3://vault-bucket/museum")
            ours = {str(p.relative_to(m.home / "vault")): p.read_bytes() for p in (m.home / "vault").rglob("*") if p.is_file()}
            theirs = {k.removeprefix("museum/"): b for k, (b, _, _) in s3.objects[s3.bucket].items()}
            assert ours == theirs
            assert not s3.refused, s3.refused


def test_a_killed_withdrawal_from_a_bucket_is_finished():
    for after in range(0, 24, 3):
        with Museum() as m, S3Server(versioned=True) as s3:
            filled(m, [])
            second_conf(m, "s3://vault-bucket/museum", s3)
            m.run("export", "--ocfl", "s3://vault-bucket/museum")
            s3.fault(lambda r: r.method != "GET", 403, times=1000, after=after)
            m.run("withdraw", ID, "--reason", "court order 4/26", "--yes", code=None)
            s3.faults.clear()
            m.run("export", "--ocfl", "s3://vault-bucket/museum")
            assert not held(s3), (after, held(s3)[:3])
            m.run("verify", "--other", "s3://vault-bucket/museum")


if __name__ == "__main__":
    main(globals())
