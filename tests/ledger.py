#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ledger from outside: proofs that a stranger can check, undo, deletion, withdrawal, and a vault that lies."""
import base64
import csv
import datetime
import hashlib
import json
import pathlib
import random
import shutil
import signal
import string
import sqlite3
import subprocess
import sys
import time

from museum import ROOT, Museum, main

RECORDS = [{"id": f"1907.{n}", "lang": "en", "titles": [{"lang": "en", "text": f"Bowl number {n}"}]} for n in range(1, 8)]


def take_in(m, records, name="records.jsonl"):
    path = m.folder / name
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    m.run("ingest", path)


def titled(n, title):
    return {"id": f"1907.{n}", "lang": "en", "titles": [{"lang": "en", "text": title}]}


def small_museum():
    m = Museum()
    take_in(m, RECORDS)
    return m


def check(m, document, *words, code=0):
    path = m.folder / "proof.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    done = subprocess.run([sys.executable, ROOT / "tools/check-proof", path, *map(str, words)], capture_output=True,
                          text=True, check=False)
    assert done.returncode == code, f"{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def title(m, n):
    done = m.json("search", f"1907.{n}", code=None)
    hits = [h["record"] for h in done["hits"] if h["id"] == f"1907.{n}"]
    return hits[0]["titles"]["en"][0] if hits else None


def vault_object(m, name):
    """The folder of an object in the vault."""
    for inventory in m.home.glob("vault/**/inventory.json"):
        if (inventory.parent / "0=ocfl_object_1.1").exists() and json.loads(inventory.read_text())["id"].endswith(name):
            return inventory.parent
    raise AssertionError(f"{name} is not in the vault")


def test_a_stranger_can_check_a_proof():
    with small_museum() as m:
        document = m.run("prove", "1907.3").stdout
        record = next(vault_object(m, "1907.3").glob("v1/content/record.json"))
        said = check(m, document, "--record", record)
        assert "all of it holds" in said and "these very bytes" in said
        key = json.loads(document)["key"]
        assert "trust nobody" not in check(m, document, "--key", key)
        with Museum() as other:  # another museum's key
            take_in(other, RECORDS)
            foreign = json.loads(other.run("prove", "1907.3").stdout)["key"]
            check(m, document, "--key", foreign, code=1)
        forged = m.folder / "forged.json"
        forged.write_text(record.read_text().replace("Bowl", "Vase"))
        check(m, document, "--record", forged, code=1)


def test_no_word_of_a_proof_can_be_changed():
    with small_museum() as m:
        first = json.loads(m.run("prove", "1907.3").stdout)
        (m.folder / "old").write_text(first["checkpoint"])
        take_in(m, [titled(3, "Another title")])
        proof = json.loads(m.run("prove", "1907.3", "--since", "1").stdout)
        check(m, proof, "--old", m.folder / "old")

        def bent(text):
            return text[:-3] + ("A" if text[-3] != "A" else "B") + text[-2:]

        for name, value in proof.items():
            wrong = dict(proof)
            if isinstance(value, int):
                wrong[name] = value + 1
            elif isinstance(value, str):
                wrong[name] = bent(value)
            elif isinstance(value, list):
                wrong[name] = value + [base64.b64encode(bytes(32)).decode()]
            else:
                wrong[name] = {**value, "path": value["path"] + [base64.b64encode(bytes(32)).decode()]}
            check(m, wrong, code=1)
            del wrong[name]
            if name != "grown_from":
                check(m, wrong, code=1)
        digits = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
        head = proof["checkpoint"]
        assert head.endswith("=\n")
        spare = digits[digits.index(head[-3]) ^ 1]  # the last digit of the signature with a bit that belongs to no byte
        check(m, {**proof, "checkpoint": f"{head[:-3]}{spare}{head[-2:]}"}, code=1)
        check(m, "{}", code=1)
        check(m, "[]", code=1)
        check(m, {**proof, "leaf": -1}, code=1)


def test_proof_of_a_day_gone_by():
    with small_museum() as m:
        take_in(m, [titled(2, "Second title")])
        entry = json.loads(json.loads(m.run("prove", "1907.2").stdout)["version_entry"])
        assert entry["version"] == 2
        old = json.loads(json.loads(m.run("prove", "1907.2", "--version", "1").stdout)["version_entry"])
        then = m.run("prove", "1907.2", "--at", moment(old["time_ms"])).stdout
        assert json.loads(json.loads(then)["version_entry"])["version"] == 1
        assert "beginning of the log" in check(m, then)
        m.run("prove", "1907.2", "--at", "1999-01-01", code=1)
        m.run("prove", "1907.2", "--at", "yesterday", code=1)
        m.run("prove", "nothing", code=1)
        m.run("prove", code=2)


def test_undo_takes_back_and_leaves_later_work_alone():
    with small_museum() as m:
        take_in(m, [titled(1, "WRONG"), titled(2, "WRONG"), {**RECORDS[0], "id": "new"}], "wrong.jsonl")
        take_in(m, [titled(2, "Somebody's work")])
        preview = m.json("undo", "2", "--preview", code=1)
        assert {o["id"]: o["outcome"] for o in preview["objects"]} == {
            "1907.1": "restored", "1907.2": "conflict", "new": "deleted"}
        assert title(m, 1) == "WRONG" and preview["change_set"] == 0
        done = m.json("undo", "2", code=1)  # 1: there was a conflict
        assert (done["restored"], done["deleted"], done["conflict"]) == (1, 1, 1)
        assert title(m, 1) == "Bowl number 1" and title(m, 2) == "Somebody's work"
        assert m.json("undo", "2", code=1)["change_set"] == 0  # again: nothing to do
        m.json("undo", str(done["change_set"]))
        assert title(m, 1) == "WRONG"
        m.run("undo", "99", code=1)
        m.run("undo", "x", code=2)
        m.run("verify")
        lines = m.run("changes", "1907.1").stdout
        assert "- titles.en: Bowl number 1" in lines and "+ titles.en: WRONG" in lines


def test_deleted_and_back():
    with small_museum() as m:
        m.run("delete", "1907.4", "nothing", code=1)
        assert title(m, 4) == "Bowl number 4"
        m.run("delete", "1907.4", "1907.5", "--reason", "entered twice")
        assert title(m, 4) is None
        assert "entered twice" in m.run("changes").stdout
        check(m, m.run("prove", "1907.4").stdout)
        m.run("undo", "2")
        assert title(m, 4) == "Bowl number 4"
        m.run("verify")


def test_withdrawn_for_good():
    with small_museum() as m:
        take_in(m, [titled(6, "TOP SECRET ONE")])
        take_in(m, [titled(6, "TOP SECRET TWO")])
        promised = (m.home / "checkpoint").read_text()
        m.run("withdraw", "1907.6", code=2)  # no reason
        m.run("withdraw", "1907.6", "--reason", "court order 4/26", code=2)  # nobody said yes
        m.run("withdraw", "1907.6", "--reason", "court order 4/26", "--yes")
        left = [p for p in m.home.rglob("*") if p.is_file() and b"TOP SECRET" in p.read_bytes()]
        assert not left, left
        m.run("verify")
        (m.folder / "old").write_text(promised)
        check(m, m.run("prove", "1907.6", "--version", "2", "--since", "3").stdout, "--old", m.folder / "old")
        assert "court order 4/26" in m.run("changes", "1907.6").stdout
        m.run("rebuild")  # and it stays so
        check(m, m.run("prove", "1907.6", "--version", "2", "--since", "3").stdout, "--old", m.folder / "old")
        m.run("withdraw", "1907.6", "--reason", "again", "--yes", code=1)


def test_undo_killed_at_any_moment():
    many = [{"id": f"k{n}", "titles": [{"lang": "en", "text": "right"}]} for n in range(1200)]
    wrong = [{"id": f"k{n}", "titles": [{"lang": "en", "text": "WRONG"}]} for n in range(1200)]
    with Museum() as m:
        take_in(m, many)
        take_in(m, wrong)
        killed = 0
        for _ in range(12):
            child = m.start("undo", "2")
            time.sleep(random.uniform(0.005, 0.25))
            child.send_signal(signal.SIGKILL)
            child.communicate()
            killed += child.returncode == -signal.SIGKILL
            m.run("verify")  # vault and ledger whole, whatever is still missing
        m.run("undo", "2")
        assert killed > 0
        assert m.json("undo", "2", "--preview")["same"] == 1200
        versions = [m.run("changes", f"k{n}").stdout.count("version ") for n in (0, 1, 599, 1199)]
        assert versions == [3, 3, 3, 3], versions  # none undone twice
        before = (m.home / "checkpoint").read_text()
        m.run("rebuild")
        assert (m.home / "checkpoint").read_text() == before


def test_rebuild_keeps_its_promise():
    with small_museum() as m:
        take_in(m, [titled(1, "Second")])
        m.run("delete", "1907.2")
        m.run("undo", "3")
        before = (m.home / "checkpoint").read_text()
        proof = m.run("prove", "1907.1", "--since", "1").stdout
        m.run("rebuild")
        assert (m.home / "checkpoint").read_text() == before
        assert m.run("prove", "1907.1", "--since", "1").stdout == proof


def test_an_older_vault_is_found_out():
    with small_museum() as m:
        shutil.copytree(m.home / "vault", m.folder / "backup")
        take_in(m, [titled(1, "Second")])
        shutil.rmtree(m.home / "vault")
        shutil.copytree(m.folder / "backup", m.home / "vault")
        done = m.run("rebuild", code=1)
        assert "something is gone" in done.stderr, done.stderr


def test_a_vault_older_than_the_catalogue_is_found_out():
    with small_museum() as m:
        shutil.copytree(m.home / "vault", m.folder / "backup")
        take_in(m, [titled(1, "Second"), titled(9, "New")])
        shutil.rmtree(m.home / "vault")
        shutil.copytree(m.folder / "backup", m.home / "vault")
        done = m.run("verify", code=1)
        assert "1907.1: the ledger has its version 2" in done.stderr and "1907.9: the ledger has its version 1" in done.stderr, done.stderr


def test_a_catalogue_older_than_the_vault_writes_nothing():
    with small_museum() as m:
        backup = {p.name: p.read_bytes() for p in m.home.glob("catalog.db*")}
        take_in(m, [titled(1, "Second")])
        for old in m.home.glob("catalog.db*"):
            old.unlink()
        for name, body in backup.items():
            (m.home / name).write_bytes(body)
        assert "something is gone" in m.run("verify", code=1).stderr
        before = {p: p.read_bytes() for p in (m.home / "vault").rglob("*") if p.is_file()}
        (m.folder / "new.jsonl").write_text(json.dumps(titled(9, "New")))
        for words in (("ingest", m.folder / "new.jsonl"), ("delete", "1907.2"), ("withdraw", "1907.2", "--yes", "--reason", "law")):
            assert "nothing was written" in m.run(*words, code=1).stderr
        assert before == {p: p.read_bytes() for p in (m.home / "vault").rglob("*") if p.is_file()}
        m.run("rebuild")  # what the vault has is the truth
        m.run("ingest", m.folder / "new.jsonl")
        m.run("verify")


def rewrite(folder, old, new):
    """Changes an old version in the vault with every digest put right, as somebody who knows OCFL would."""
    record = next(folder.glob("v1/content/record.json"))
    before = hashlib.sha512(record.read_bytes()).hexdigest()
    record.write_text(record.read_text().replace(old, new))
    after = hashlib.sha512(record.read_bytes()).hexdigest()
    for inventory in folder.rglob("inventory.json"):
        inventory.write_text(inventory.read_text().replace(before, after))
        digest = hashlib.sha512(inventory.read_bytes()).hexdigest()
        inventory.with_name("inventory.json.sha512").write_text(f"{digest} inventory.json\n")


def test_a_rewritten_past_is_found_out():
    with small_museum() as m:
        take_in(m, [titled(1, "Second")])
        rewrite(vault_object(m, "1907.1"), "Bowl number 1", "Forged past")
        done = m.run("rebuild", code=1)
        assert "something was rewritten" in done.stderr, done.stderr


def test_a_rewritten_catalogue_is_found_out():
    with small_museum() as m:
        db = sqlite3.connect(m.home / "catalog.db")
        db.executescript("DROP TRIGGER version_stays; UPDATE version SET time_ms = time_ms - 1 WHERE sequence = 3")
        db.close()
        done = m.run("verify", code=1)
        assert "change set 1 is not what it was" in done.stderr + done.stdout


def test_the_log_over_http():
    with small_museum() as m, m.serving():
        status, headers, body = m.get("/log/checkpoint")
        lines = body.decode().split("\n")
        assert status == 200 and lines[1] == "1" and headers["access-control-allow-origin"] == "*"
        assert body.decode() == (m.home / "checkpoint").read_text()
        status, headers, tile = m.get("/log/tile/0/000.p/1")
        assert status == 200 and "immutable" in headers["cache-control"]
        assert tile == base64.b64decode(lines[2])  # the root of one leaf is the leaf
        assert m.get("/log/key")[2].decode().startswith(lines[0] + "+")
        for path in ("/log/", "/log/tile/0/000", "/log/tile/entries/000.p/1", "/log/tile/0/001", "/log/../museum.conf",
                     "/log/tile/0/%2e%2e"):
            assert m.get(path)[0] in (400, 404), path


def moment(ms):
    then = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return then.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03}Z"


def time_of(m, set_number):
    db = sqlite3.connect(m.home / "catalog.db")
    ((ms,),) = db.execute("SELECT time_ms FROM change_set WHERE id = ?", (set_number,))
    db.close()
    return ms


def test_the_museum_as_it_stood():
    with small_museum() as m:
        take_in(m, [titled(1, "A jar"), {**titled(2, "Hidden then"), "access": "none"}])
        take_in(m, [titled(2, "Open now")])
        m.run("delete", "1907.3")
        first, second = moment(time_of(m, 1)), moment(time_of(m, 2))
        with m.serving():
            old = m.get_json(f"/api/object/1907.1?at={first}")
            assert old["title"] == "Bowl number 1" and old["version"] == 1
            assert m.get_json(f"/api/object/1907.1?at={second}")["title"] == "A jar"
            assert m.get_json("/api/object/1907.1")["title"] == "A jar"
            permalink = m.get("/api/object/1907.1?version=1")[2]
            page = m.get(f"/object/1907.1?at={first}")[2].decode()
            assert "Bowl number 1" in page and "As it stood" in page and "noindex" in page
            assert "As it stood" not in m.get("/object/1907.1")[2].decode()
            assert m.get(f"/object/1907.2?at={first}")[0] == 200
            assert m.get(f"/object/1907.2?at={second}")[0] == 404  # was not meant for everybody
            assert m.get(f"/object/1907.3?at={first}")[0] == 200
            assert m.get("/object/1907.3")[0] == 404
            assert m.get("/object/1907.3?version=2")[0] == 404  # the deletion itself
            for path, status in (("at=1999-01-01", 404), ("at=", 400), ("at=noon", 400), ("version=0", 400),
                                 ("version=99", 404), ("version=-1", 400), ("version=1x", 400), ("at=%ff", 400)):
                assert m.get(f"/api/object/1907.1?{path}")[0] == status, path
                assert m.get(f"/object/1907.1?{path}")[0] == status, path
            assert m.get(f"/iiif/manifest/1907.1?at={first}")[0] == 200
            found = lambda query: [hit["id"] for hit in m.get_json(f"/api/search?{query}")["hits"]]
            assert found(f"q=jar&at={second}") == ["1907.1"] and found(f"q=jar&at={first}") == []
            assert found(f"q=BOWL&at={first}") == [f"1907.{n}" for n in range(1, 8)] and found("q=&at=1999-01-01") == []
            assert "1907.2" not in found(f"q=hidden&at={second}")  # was not meant for everybody
            some = m.get_json(f"/api/search?q=bowl&limit=3&at={first}")
            assert some["total"] == 7 and found(f"q=bowl&limit=3&at={first}&cursor={some['next']}") == ["1907.4", "1907.5", "1907.6"]
            page = m.get(f"/search?q=bowl&at={first}")[2].decode()
            assert "as it stood on" in page and "noindex" in page and "/object/1907.3?version=1" in page
            for path, status in (("q=x&at=noon", 400), ("at=", 400), (f"at={first}&classification=x", 501), (f"at={first}&limit=0", 400)):
                assert m.get(f"/search?{path}")[0] == status and m.get(f"/api/search?{path}")[0] == status, path
        take_in(m, [titled(1, "Third")], "third.jsonl")
        with m.serving():
            old_url, new_url = permalink, m.get("/api/object/1907.1?version=1")[2]
            strip = lambda body: {k: v for k, v in json.loads(body).items() if k not in ("page", "manifest", "images")}
            assert strip(old_url) == strip(new_url)
        ids = lambda *words: [h["id"] for h in m.json("search", *words)["hits"]]
        assert ids("jar") == [] and ids("jar", "--at", second) == ["1907.1"] and ids("jar", "--at", first) == []
        assert "1907.2" not in ids("hidden", "--at", second)
        assert ids("hidden", "--all", "--at", second) == ["1907.2"]
        assert len(ids("BOWL", "--at", first)) == 7 and len(ids("", "--at", "1999-01-01")) == 0
        m.run("search", "x", "--at", "noon", code=2)


BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def forgotten(m, name):
    told = m.json("report", name)
    assert told["count"] == len(told["list"]) == m.json("report")[name], told
    return [line["id"] for line in told["list"]]


def test_reports():
    with small_museum() as m:
        take_in(m, [{**RECORDS[0], "id": "=1+1", "titles": [{"lang": "en", "text": 'A "title", with\u0007 all'}]}])
        (m.folder / "old.psd").write_bytes(b"8BPS\0\1" + bytes(20))
        counts = m.json("report")
        assert counts["objects"] == counts["no-picture"] == counts["no-backup"] == counts["never-opened"] == 8, counts
        assert counts["no-title"] == counts["format-at-risk"] == 0 and counts["second_vault"] is False
        assert m.run("report", "no-rights").stdout.splitlines()[0] == "1907.1\tBowl number 1"
        rows = list(csv.reader(m.run("report", "no-backup", "--csv").stdout.lstrip("\ufeff").splitlines()))
        assert rows[0] == ["id", "title", "why"] and rows[1][0] == "1907.1" and len(rows) == 9, rows
        assert rows[8][:2] == ["'=1+1", 'A "title", with\x07 all'], rows[8]
        assert dict(csv.reader(m.run("report", "--csv").stdout.splitlines()[1:]))["no-rights"] == "8"
        found = m.json("report", "formats")
        assert [(f["name"], f["files"], f["risk"]) for f in found] == [("JSON", 8, "lasting")], found
        assert len(m.json("report", "formats", "--known")) > 100
        for words in (("everything",), ("no-rights", "no-title"), ("--json", "--csv"), ("no-rights", "--known")):
            m.run("report", *words, code=2)


def test_the_table_in_the_documents_is_the_real_one():
    with Museum() as m:
        want = [f"| {f['name']} | {f.get('pronom', '')} | {f['risk']} | {f.get('reason', '')} |"
                for f in m.json("report", "formats", "--known")]
    have = (ROOT / "docs/formats.md").read_text(encoding="utf-8").splitlines()
    assert have[have.index("|---|---|---|---|") + 1:][:len(want)] == want


def test_a_second_vault_counts_object_by_object():
    with small_museum() as m:
        m.run("export", "--ocfl", m.folder / "second")
        with open(m.home / "museum.conf", "a", encoding="utf-8") as conf:
            conf.write(f"second_vault = {m.folder / 'second'}\n")
        assert m.json("report")["no-backup"] == 0
        take_in(m, [titled(3, "Changed")])
        assert forgotten(m, "no-backup") == ["1907.3"]
        shutil.rmtree(vault_object(m, "1907.3"), ignore_errors=True)
        shutil.rmtree(m.folder / "second")
        told = m.run("report", "no-backup")
        assert len(told.stdout.splitlines()) == 7 and "the second vault" in told.stderr


def test_what_nobody_opened():
    with small_museum() as m:
        take_in(m, [{**titled(5, "Hidden"), "access": "none"}])
        assert "never served" in m.run("report").stdout
        with m.serving():
            for path in ("/object/1907.1", "/object/1907.2?lang=zh-Hans", "/object/1907.5"):
                m.get(path, User_Agent=BROWSER)
            m.get("/object/1907.3", User_Agent="Mozilla/5.0 (compatible; Examplebot/2.1)")
            m.get("/object/1907.3", User_Agent=BROWSER, Sec_Purpose="prefetch;prerender")
            m.get("/object/1907.3?version=1", User_Agent=BROWSER)
            m.get("/api/object/1907.3", User_Agent=BROWSER)
            m.get("/object/1907.3")  # does not say what it is
            m.request("HEAD", "/object/1907.3", {"User-Agent": BROWSER})
        assert forgotten(m, "never-opened") == ["1907.3", "1907.4", "1907.5", "1907.6", "1907.7"]
        since = m.json("report")["counting_opened_since"]
        kept = (m.home / "opened").read_bytes()
        assert b"1907" not in kept and b"Mozilla" not in kept and b"127.0" not in kept
        m.serve()
        m.get("/object/1907.4", User_Agent=BROWSER)
        m.stop()
        assert forgotten(m, "never-opened") == ["1907.3", "1907.5", "1907.6", "1907.7"]
        assert m.json("report")["counting_opened_since"] == since
        (m.home / "opened").write_bytes(kept[:-1])
        done = m.run("report")
        assert "is damaged" in done.stderr and "never served" in done.stdout


def test_the_key_is_private():
    with small_museum() as m:
        assert (m.home / "ledger.key").stat().st_mode & 0o777 == 0o600
        assert pathlib.Path(m.home / "ledger.key").read_text().startswith("PRIVATE+KEY+museum-")


if __name__ == "__main__":
    main(globals())
