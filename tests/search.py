#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The search from outside: a server killed while it indexes, an index made anew under load, whatever is typed or sent.

KILLS (environment) says how often the server is killed, 4 without it; SEED makes a run again as it was.
"""
import concurrent.futures
import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
import urllib.parse

from museum import Museum, main

KILLS = int(os.environ.get("KILLS", "4"))
SEED = int(os.environ.get("SEED", str(time.time_ns() % 1000000)))
RECORDS, CHANGED, NEW = 1000, 100, 50  # at first; in each further delivery


def delivery(museum, number, ids):
    """Records whose title names the delivery: "zq7" finds those that delivery 7 brought or changed last."""
    folder = museum.folder / f"delivery-{number}"
    folder.mkdir()
    with open(folder / "records.jsonl", "w", encoding="utf-8") as out:
        for name in ids:
            print(json.dumps({"id": name, "titles": [{"lang": "en", "text": f"Bowl zq{number} of {name}"}],
                              "classification": f"kind {number % 3}"}), file=out)
    museum.run("ingest", folder)
    shutil.rmtree(folder)


def search(museum, q, **more):
    return museum.get_json("/api/search?" + urllib.parse.urlencode({"q": q, "limit": 100, **more}))


def check_right(museum, now):
    """now: which delivery each record is from."""
    everything = search(museum, "")
    assert everything["total"] == len(now) and everything["behind"] == 0
    assert search(museum, "bowl")["total"] == len(now)
    kinds = {v["value"]: v["count"] for v in search(museum, "bowl")["facets"]["classification"]}
    for number in set(now.values()):
        want = {name for name, last in now.items() if last == number}
        answer = search(museum, f"zq{number}")
        assert answer["total"] == len(want), (number, answer["total"], len(want))
        assert {hit["id"] for hit in answer["hits"]} <= want, number
    for kind in range(3):
        assert kinds.get(f"kind {kind}", 0) == sum(1 for last in now.values() if last % 3 == kind), kind


def test_killed_while_indexing():
    chance = random.Random(SEED)
    with Museum() as museum:
        now = {f"r{i}": 0 for i in range(RECORDS)}
        delivery(museum, 0, now)
        begun = time.monotonic()
        museum.serve()
        museum.wait_indexed()
        whole_s = time.monotonic() - begun
        museum.stop()
        behind = 0
        for number in range(1, KILLS + 1):
            changed = chance.sample(sorted(now), CHANGED) + [f"r{len(now) + i}" for i in range(NEW)]
            delivery(museum, number, changed)
            now.update({name: number for name in changed})
            if chance.random() < 0.6:
                shutil.rmtree(museum.home / "index")  # all of it to be made; otherwise what the last delivery changed
            server = subprocess.Popen(museum.command("serve", "--listen", "127.0.0.1:0"), stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, whole_s * 1.2))
            server.kill()
            server.wait()
            known = museum.run("search", "--json", "--limit", "1", f"zq{number}", code=None)
            behind += known.returncode != 0 or json.loads(known.stdout)["total"] != len(changed)
            museum.serve()
            museum.wait_indexed()
            check_right(museum, now)
            museum.stop(signal.SIGKILL if chance.random() < 0.5 else signal.SIGTERM)
        print("#", json.dumps({"kills": KILLS, "seed": SEED, "killed_before_done": behind, "wrong": 0}))


class Load:
    """Asks the same questions over and over from several threads; what was wrong is in `wrong`."""

    def __init__(self, museum, want):
        self.museum, self.want = museum, want
        self.asked, self.wrong, self.done = 0, [], threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(3)
        self.workers = [self.pool.submit(self.work, i) for i in range(3)]

    def work(self, at):
        while not self.done.is_set():
            q, total = self.want[at % len(self.want)]
            status, _, body = self.museum.get("/api/search?" + urllib.parse.urlencode({"q": q}))
            if status != 200 or json.loads(body)["total"] != total:
                self.wrong.append((q, status, body[:200]))
            self.asked += 1
            at += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.done.set()
        for worker in self.workers:
            worker.result()
        self.pool.shutdown()
        assert not self.wrong, (len(self.wrong), self.wrong[:3])
        assert self.asked > 0


def test_made_anew_under_load():
    with Museum() as museum:
        now = {f"r{i}": 0 for i in range(RECORDS)}
        delivery(museum, 0, now)
        with museum.serving():
            museum.wait_indexed()
        words = museum.home / "vocabularies"
        words.mkdir(exist_ok=True)
        (words / "own.csv").write_text("concept,broader,lang,kind,label\nx:bowl,,en,preferred,bowl\n"
                                       "x:bowl,,de,preferred,Schale\n", encoding="utf-8")
        want = [("bowl", len(now)), ("", len(now)), ("zq0", len(now)), ("\"of r7\"", 1), ("qxqxqx", 0)]
        museum.serve()  # with other words: the old index answers until the new one is whole
        with Load(museum, want):
            museum.wait(lambda: search(museum, "Schale")["total"] == len(now), "the new words are known")
            time.sleep(0.3)
        # The same while records come in: what nobody changed stays found.
        want = [("\"of r7\"", 1), ("qxqxqx", 0)]
        with Load(museum, want):
            for number in (1, 2):
                delivery(museum, number, [f"n{number}-{i}" for i in range(NEW)])
                museum.wait_indexed()
        now.update({f"n{number}-{i}": number for number in (1, 2) for i in range(NEW)})
        check_right(museum, now)
        museum.stop()


def test_how_late_is_told():
    with Museum() as museum:
        delivery(museum, 0, [f"r{i}" for i in range(20)])
        with museum.serving():
            museum.wait_indexed()
        with open(museum.home / "index" / "lock", "r+", encoding="utf-8") as other:
            fcntl.flock(other, fcntl.LOCK_EX)  # as if another process wrote the index, and did not get on
            museum.serve()
            delivery(museum, 1, [f"n{i}" for i in range(7)])
            assert search(museum, "bowl")["total"] == 20 and search(museum, "bowl")["behind"] == 7
            assert "\nvitrine_index_behind 7\n" in museum.get("/metrics")[2].decode()
            assert b"7 recent changes are not searchable yet" in museum.get("/search?q=bowl")[2]
            fcntl.flock(other, fcntl.LOCK_UN)
            museum.wait_indexed()
            assert search(museum, "bowl")["total"] == 27 and search(museum, "bowl")["behind"] == 0
            assert b"not searchable yet" not in museum.get("/search?q=bowl")[2]


def test_an_index_that_lost_its_files_is_made_again():
    with Museum() as museum:
        now = {f"r{i}": 0 for i in range(40)}
        delivery(museum, 0, now)
        with museum.serving():
            museum.wait_indexed()
        for harm in ("gone", "short", "garbled"):
            for file in (museum.home / "index").glob("seg-*"):
                if harm == "gone":
                    file.unlink()
                elif harm == "short":
                    os.truncate(file, file.stat().st_size // 2)
                else:
                    file.write_bytes(bytes(reversed(file.read_bytes())))
            with museum.serving():
                museum.wait_indexed()
                check_right(museum, now)


REFUSED = (400, 413, 414, 431)

ODD = ["\"", "((((" * 500, ")" * 2000, "*", "%", "%%%", "-", "AND OR NOT", "\x01\x02\x7f", "title:\"", "year:..", "a:b:c",
       "(a|a)*" * 300 + "b", "[a-z]+$", "x" * 2000, " ".join(["w%d" % i for i in range(400)]), "year:-99999..99999",
       "year:99999999999999999999", "bowl " * 400, "* " * 1000, "b*" * 900, "NOT " * 500, "-bowl " * 300, "\"a b\" " * 300,
       "青" * 600, "'; DROP TABLE version; --", "../../etc/passwd", "{{7*7}}", "<script>alert(1)</script>", "\u202e\u0000x",
       "bowl\r\nSet-Cookie: x", "title:(" * 200, "a OR " * 400, "zq0~2", "\\", "ｂｏｗｌ"]


def test_whatever_is_typed():
    with Museum() as museum:
        now = {f"r{i}": 0 for i in range(300)}
        delivery(museum, 0, now)
        with museum.serving():
            museum.wait_indexed()
            for q in ODD:
                for path in ("/api/search?", "/search?", "/api/suggest?"):
                    begun = time.monotonic()
                    status, headers, body = museum.get(path + urllib.parse.urlencode({"q": q}))
                    assert status in (200, 400), (path, q[:60], status, body[:200])
                    assert time.monotonic() - begun < 20, (path, q[:60])  # bounded, not fast: the machine may be busy
                    assert b"<script>alert" not in body and "set-cookie" not in headers, (path, q[:60])
            for raw in ("%ED%A0%80", "%ff%fe", "%", "%zz", "%00", "%C0%80", "&q=&q", "=", "%25%25"):
                for path in ("/api/search?q=", "/search?q=", "/api/suggest?q="):
                    status = museum.get(path + raw)[0]
                    assert status in (200, 400), (path, raw, status)
            for size, good in ((2048, (200,)), (2049, (400, 413)), (10240, REFUSED), (70000, REFUSED)):
                status, _, body = museum.get("/api/search?q=" + "x" * size)
                assert status in good, (size, status, body[:200])
            ten_thousand = urllib.parse.quote_plus(" ".join(f"t{i}" for i in range(10000)))
            assert museum.get("/api/search?q=" + ten_thousand)[0] in REFUSED
            check_right(museum, now)


def test_cursors_of_other_questions_and_forged_ones():
    with Museum() as museum:
        now = {f"r{i}": 0 for i in range(250)}
        delivery(museum, 0, now)
        with museum.serving():
            museum.wait_indexed()
            first = search(museum, "bowl", limit=20)
            seen = [hit["id"] for hit in first["hits"]]
            cursor = first["next"]
            while cursor:
                page = search(museum, "bowl", limit=20, cursor=cursor)
                seen += [hit["id"] for hit in page["hits"]]
                cursor = page.get("next")
            assert sorted(seen) == sorted(now), "every record once"
            # Of another question: a place in it, or past its end; never an error of ours.
            for q in ("zq0", "r7", "qxqxqx", "", "bowl"):
                for more in ({}, {"classification": "kind 0"}, {"sort": "title"}):
                    assert search(museum, q, cursor=first["next"], **more)["total"] >= 0
            for forged in ("x", "1", "1.2", "1.2.3.4", "-1.1.1", "1.-1.1", "ffffffffffffffffff.1.1", "1.ffffffff.1", "0x1.1.1",
                           " 1.1.1", "1.1.1 ", "1..1", "..", "\u0661.1.1", "1.186a1.1", "1" * 5000, "%00", "1.1.1\n"):
                status, _, body = museum.get("/api/search?" + urllib.parse.urlencode({"q": "bowl", "cursor": forged}))
                assert status in (200, 400), (forged[:40], status, body[:200])
            for bad in ("limit=0", "limit=-1", "limit=101", "limit=x", "limit=99999999999999999999", "sort=best", "colour=red",
                        "year=soon", "diversity=2", "diversity=x", "classification=", "&&&&"):
                status, _, body = museum.get("/api/search?q=bowl&" + bad)
                assert status in (200, 400), (bad, status, body[:200])
            many = "&".join(f"classification=kind+{i}" for i in range(100))
            status, _, body = museum.get("/api/search?q=bowl&" + many)
            assert status in (200, *REFUSED), (status, body[:200])


def test_odd_questions_on_the_command_line():
    with Museum() as museum:
        delivery(museum, 0, {f"r{i}": 0 for i in range(30)})
        with museum.serving():
            museum.wait_indexed()
        for q in ODD + ["y" * 2049, "z" * 100000]:
            if "\0" in q:
                continue
            done = museum.run("search", "--json", "--", q, code=None)
            assert done.returncode in (0, 1, 2), (q[:60], done.returncode, done.stderr)
            if done.returncode == 0:
                assert json.loads(done.stdout)["total"] <= 30, q[:60]
            else:
                assert done.stderr.startswith("vitrine") and "\n" not in done.stderr.strip(), (q[:60], done.stderr)
        done = museum.run("search", "--json", "--", os.fsdecode(b"\xed\xa0\x80 \xff bowl"), code=None)
        assert done.returncode in (0, 1), done.stderr
        for cursor in ("x", "1.1.1", "-1.-1.-1", "9" * 400):
            done = museum.run("search", "--json", "--cursor", cursor, "bowl", code=None)
            assert done.returncode in (0, 1, 2), (cursor, done.stderr)


if __name__ == "__main__":
    main(globals())
