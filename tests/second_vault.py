#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second vault, in an S3 bucket and in a folder: complete, the same byte by byte, resumable, mended, and never half an object
for whoever reads it meanwhile. The bucket is s3server.py: it checks every signature, and fails on demand."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.parse

from kill_ingest import png
from museum import Museum, main
from s3server import S3Server

PREFIX = "museum/my vault"
WHERE = f"s3://vault-bucket/{PREFIX}"
BIG = 70 * 1000 * 1000  # is sent in parts


def take_in(m, records, files=(), name="delivery"):
    folder = m.folder / name
    folder.mkdir()
    for file, body in files:
        (folder / file).write_bytes(body)
    (folder / "records.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    m.run("ingest", folder)
    shutil.rmtree(folder)


def filled(m, big=False):
    names = ["a b.png", "100% (1)+=&.png", "青花瓷.png", "ünï.png"]
    files = [(n, png(300, 200 + i, bytes([i, 9, 9]))) for i, n in enumerate(names)]
    records = [{"id": f"1998.{i}/ü {n[:3]}", "titles": [{"lang": "en", "text": f"Object {i}"}], "image": n}
               for i, n in enumerate(names)]
    records += [{"id": f"plain {i}", "titles": [{"lang": "en", "text": f"Plain {i}"}]} for i in range(12)]
    if big:
        files.append(("big.png", png(400, 400, b"\x01\x02\x03") + os.urandom(1000) * (BIG // 1000)))
        records.append({"id": "big", "titles": [{"lang": "en", "text": "Big"}], "image": "big.png"})
    take_in(m, records, files)


def files_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def keys_of(s3, prefix=PREFIX):
    return {k[len(prefix) + 1:]: body for k, (body, _, _) in s3.objects[s3.bucket].items() if k.startswith(prefix + "/")}


def away(m, s3, *words, where=WHERE, code=0):
    return m.run(*words, where, code=code, env={**os.environ, **s3.environment()})


def same(m, s3):
    ours, theirs = files_of(m.home / "vault"), keys_of(s3)
    assert sorted(ours) == sorted(theirs), sorted(set(ours) ^ set(theirs))[:5]
    assert [k for k in ours if ours[k] != theirs[k]] == []


def well(s3):
    assert not s3.refused, s3.refused[:3]
    assert not s3.uploads, "parts of uploads are left"


def edit(m, number, text):
    take_in(m, [{"id": f"plain {number}", "titles": [{"lang": "en", "text": text}]}], name=f"edit-{text}")


def test_the_bucket_is_the_same_byte_by_byte():
    with Museum() as m, S3Server() as s3:
        filled(m, big=True)
        said = away(m, s3, "export", "--ocfl").stdout
        assert "17 objects (0 were there already)" in said, said
        same(m, s3)
        well(s3)
        big = next(k for k in s3.objects[s3.bucket] if k.endswith("big.png"))
        assert "-" in s3.objects[s3.bucket][big][1], "the big one went in parts"


def test_only_what_is_new_is_sent():
    with Museum() as m, S3Server(page=1000) as s3:
        filled(m)
        away(m, s3, "export", "--ocfl")
        s3.requests.clear()
        said = away(m, s3, "export", "--ocfl").stdout
        assert "16 were there already" in said, said
        assert {r[0] for r in s3.requests} == {"GET"}, "nothing was put"
        edit(m, 3, "Edited")
        s3.requests.clear()
        said = away(m, s3, "export", "--ocfl").stdout
        assert "15 were there already" in said, said
        puts = [r[1].split("/")[-1] for r in s3.requests if r[0] == "PUT"]
        assert puts == ["record.json", "inventory.json", "inventory.json.sha512", "inventory.json", "inventory.json.sha512"], puts
        same(m, s3)
        well(s3)


def test_nobody_ever_finds_half_an_object():
    """After every single change of the bucket: each inventory.json is vouched for and everything it names is there."""
    with Museum() as m, S3Server() as s3:
        seen = []

        def watch(r):
            if r.method in ("PUT", "POST", "DELETE"):
                seen.append(check_bucket(s3))
            return False

        s3.fault(watch, "none")
        filled(m)
        away(m, s3, "export", "--ocfl")
        edit(m, 3, "Edited")
        edit(m, 4, "Edited too")
        away(m, s3, "export", "--ocfl")
        assert len(seen) > 100 and max(seen) >= 15


def check_bucket(s3):
    """The number of objects that are there; raises if one is half."""
    keys = keys_of(s3)
    roots = {k.rsplit("/", 1)[0] for k in keys if k.endswith("/inventory.json") and not k.rsplit("/", 2)[-2].startswith("v")}
    for root in roots:
        body = keys[f"{root}/inventory.json"]
        inventory, digest = json.loads(body), hashlib.sha512(body).hexdigest()
        sidecars = [keys.get(f"{root}/inventory.json.sha512", b""), keys.get(f"{root}/{inventory['head']}/inventory.json.sha512", b"")]
        assert any(s.decode().startswith(digest) for s in sidecars), f"{root}: no sidecar vouches"
        for want, paths in inventory["manifest"].items():
            for path in paths:
                assert hashlib.sha512(keys[f"{root}/{path}"]).hexdigest() == want.lower(), f"{root}/{path}"
    return len(roots)


def test_faults_pass_or_are_told():
    put = lambda r: r.method == "PUT"
    for what in (500, 503, "drop", "late cut", "etag", "lost answer"):
        with Museum() as m, S3Server() as s3:
            filled(m)
            s3.fault(put, what, times=3, after=5)
            away(m, s3, "export", "--ocfl")
            same(m, s3)
            s3.refused.clear()
    for what in ("cut", 500, "drop"):
        with Museum() as m, S3Server() as s3:
            filled(m)
            s3.fault(lambda r: r.method == "GET", what, times=2, after=3)
            away(m, s3, "export", "--ocfl")
            same(m, s3)


def test_faults_of_uploads_in_parts():
    faults = [(lambda r: "partNumber" in r.query, w) for w in (503, "drop", "etag")]
    faults += [(lambda r: r.method == "POST" and "uploadId" in r.query, w) for w in ("error in 200", "lost answer", 500)]
    with Museum() as m, S3Server() as s3:
        filled(m, big=True)
        for when, what in faults:
            s3.objects[s3.bucket].clear()
            s3.faults.clear()
            s3.fault(when, what)
            away(m, s3, "export", "--ocfl")
            same(m, s3)
            well(s3)


def test_what_does_not_pass_ends_the_run_and_goes_on_later():
    with Museum() as m, S3Server() as s3:
        filled(m)
        s3.fault(lambda r: r.method == "PUT", 403, times=1000, after=30)
        done = away(m, s3, "export", "--ocfl", code=1)
        assert "403 AccessDenied" in done.stderr, done.stderr
        assert s3.secret not in done.stderr + done.stdout
        check_bucket(s3)
        s3.faults.clear()
        away(m, s3, "export", "--ocfl")
        same(m, s3)


def test_killed_anywhere_it_goes_on():
    with Museum() as m, S3Server() as s3:
        filled(m, big=True)
        for after in (1, 9, 23, 41, 60, 80):
            process = subprocess.Popen(m.command("export", "--ocfl", WHERE), env={**os.environ, **s3.environment()},
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            start = len(s3.requests)
            end = time.monotonic() + 60
            while len(s3.requests) < start + after and process.poll() is None and time.monotonic() < end:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.wait()
            check_bucket(s3)
        away(m, s3, "export", "--ocfl")
        same(m, s3)
        well(s3)


def test_it_comes_back():
    with Museum() as m, S3Server() as s3:
        filled(m, big=True)
        edit(m, 3, "Edited")
        away(m, s3, "export", "--ocfl")
        s3.fault(lambda r: r.method == "GET" and r.path.endswith("big.png"), "cut", times=3)
        with Museum() as other:
            away(other, s3, "import")
            assert files_of(other.home / "vault") == files_of(m.home / "vault")
            other.run("verify")
        ranges = [r for r in s3.requests if r[1].endswith("big.png")]
        assert len(ranges) >= 4, "cut downloads went on"


def damage(s3, end, body):
    key = next(k for k in sorted(s3.objects[s3.bucket]) if k.endswith(end))
    old = s3.objects[s3.bucket][key]
    s3.objects[s3.bucket][key] = (body, hashlib.md5(body).hexdigest(), old[2])
    return key


def test_the_bucket_is_read_through_and_mended():
    with Museum() as m, S3Server() as s3:
        filled(m)
        away(m, s3, "export", "--ocfl")
        assert "0 problems" in away(m, s3, "verify", "--other").stdout
        key = damage(s3, "a%20b.png" if any(k.endswith("a%20b.png") for k in s3.objects[s3.bucket]) else "a b.png", b"rot")
        s3.objects[s3.bucket][f"{PREFIX}/Thumbs.db"] = (b"x", "x", {})
        done = away(m, s3, "verify", "--other", code=1)
        assert "a b.png is damaged" in done.stderr and "Thumbs.db" in done.stderr, done.stderr
        assert s3.objects[s3.bucket][key][0] == b"rot", "nothing is mended without being asked"
        del s3.objects[s3.bucket][f"{PREFIX}/Thumbs.db"]
        away(m, s3, "verify", "--mend", "--other")
        same(m, s3)
        # the way damages one reading: it is read again
        s3.fault(lambda r: r.method == "GET" and r.path.endswith("record.json"), "flip")
        assert "0 problems" in away(m, s3, "verify", "--other").stdout
        # a server that is away is no damage
        s3.fault(lambda r: r.method == "GET" and r.path.endswith("record.json"), 403, times=100)
        done = away(m, s3, "verify", "--other", code=1)
        assert "DAMAGED" not in done.stderr and "403" in done.stderr, done.stderr


def test_the_vault_is_mended_from_the_bucket():
    with Museum() as m, S3Server() as s3:
        filled(m)
        away(m, s3, "export", "--ocfl")
        before = files_of(m.home / "vault")
        picture = next(p for p in (m.home / "vault").rglob("*.png"))
        picture.write_bytes(b"rot")
        inventory = next(p for p in (m.home / "vault").rglob("inventory.json") if p.parent.name.startswith("urn"))
        inventory.write_text("{}")
        m.run("verify", code=1)
        away(m, s3, "verify", "--copy")
        assert files_of(m.home / "vault") == before


def test_serve_looks_after_it():
    with Museum() as m, S3Server() as s3:
        filled(m)
        keys = m.home / "s3.keys"
        keys.write_text(f"access_key = {s3.access}\nsecret_key = {s3.secret}\n")
        keys.chmod(0o600)
        with open(m.home / "museum.conf", "a", encoding="utf-8") as conf:
            conf.write(f"second_vault = {WHERE}\ns3_endpoint = {s3.url}\ns3_region = {s3.region}\ns3_keys = s3.keys\n"
                       "fixity_rate_mb = 1000\n")
        picture = next(p for p in (m.home / "vault").rglob("*.png"))
        whole = picture.read_bytes()
        m.run("export", "--ocfl", WHERE)
        picture.write_bytes(b"rot")
        key = damage(s3, "record.json", b"rot too")
        with m.serving():
            m.wait(lambda: (m.home / "preserve/second.json").exists() and
                   "last" in json.loads((m.home / "preserve/second.json").read_text()), "both vaults were read")
        assert picture.read_bytes() == whole
        assert s3.objects[s3.bucket][key][0] != b"rot too"
        same(m, s3)
        log = (m.folder / "serve.log").read_text()
        assert "is damaged in the bucket" in log, log
        assert "DAMAGED in the vault" in log and "DAMAGED in the second vault" in log, log
        assert s3.secret not in log


def metric(m, name):
    return int(next(line for line in m.get("/metrics")[2].decode().splitlines() if line.startswith(name + " ")).split()[-1])


def test_damage_is_told_to_keepers_and_not_to_visitors():
    with Museum() as m:
        filled(m)
        second = m.folder / "second"
        m.run("export", "--ocfl", second)
        picture = next(p for p in sorted((m.home / "vault").rglob("*.png")))
        whole = picture.read_bytes()
        object_id = next(f"1998.{i}/ü {n[:3]}" for i, n in enumerate(["a b.png", "100% (1)+=&.png", "青花瓷.png", "ünï.png"]) if n == picture.name)
        picture.write_bytes(b"rot")
        m.run("doctor")  # nobody has read it yet
        m.run("verify", "--rate", "1000", code=1)
        done = m.run("doctor", code=1)
        assert "1 objects are damaged" in done.stdout and "verify --copy" in done.stdout, done.stdout
        assert "DAMAGED in the vault" in m.run("changes", object_id).stdout
        address = "/object/" + urllib.parse.quote(object_id, safe="")
        image = "/iiif/3/" + urllib.parse.quote(object_id + ":1", safe="") + "/full/max/0/default.jpg"
        with m.serving():
            assert metric(m, 'vitrine_vault_damaged_objects{vault="own"}') == 1
            assert metric(m, 'vitrine_vault_damaged_objects{vault="second"}') == 0
            assert metric(m, 'vitrine_vault_read_timestamp_seconds{vault="own"}') > 1700000000
            assert m.get("/healthz")[0] == 200
            status, _, page = m.get(address)
            assert status == 200 and b"amaged" not in page and b"uarantin" not in page
            assert m.get(image)[0] == 200, "what was made of it is shown"
            assert object_id.encode() not in m.get("/metrics")[2]
            m.run("verify", "--copy", second)
            assert metric(m, 'vitrine_vault_damaged_objects{vault="own"}') == 0
        assert picture.read_bytes() == whole
        m.run("doctor")
        assert "DAMAGED" not in m.run("changes", object_id).stdout


def test_keys_stay_secret():
    with Museum() as m, S3Server() as s3:
        filled(m)
        keys = m.home / "s3.keys"
        keys.write_text(f"access_key = {s3.access}\nsecret_key = {s3.secret}\n")
        keys.chmod(0o644)
        with open(m.home / "museum.conf", "a", encoding="utf-8") as conf:
            conf.write(f"s3_endpoint = {s3.url}\ns3_region = {s3.region}\ns3_keys = s3.keys\n")
        done = m.run("export", "--ocfl", WHERE, code=1)
        assert "chmod 600" in done.stderr, done.stderr
        keys.chmod(0o600)
        m.run("export", "--ocfl", WHERE)
        same(m, s3)


def check_refused(m, s3, says, where=WHERE, **environment):
    done = m.run("export", "--ocfl", where, code=1, env={**os.environ, **s3.environment(), **environment})
    assert says in done.stderr, done.stderr
    assert s3.secret not in done.stderr


def test_what_cannot_work_is_said_at_once():
    with Museum() as m, S3Server() as s3:
        filled(m)
        check_refused(m, s3, "without encryption", AWS_ENDPOINT_URL="http://s3.example.org")
        check_refused(m, s3, "must begin with https://", AWS_ENDPOINT_URL="ftp://s3.example.org")
        check_refused(m, s3, "must be https://HOST", AWS_ENDPOINT_URL="https://s3.example.org/path?x")
        check_refused(m, s3, "SignatureDoesNotMatch", AWS_SECRET_ACCESS_KEY="wrong")
        check_refused(m, s3, "InvalidAccessKeyId", AWS_ACCESS_KEY_ID="wrong")
        check_refused(m, s3, "the region is museum-1", AWS_REGION="elsewhere-1")
        check_refused(m, s3, "no S3 keys", AWS_ACCESS_KEY_ID="")
        check_refused(m, s3, "there is no bucket nowhere", where="s3://nowhere/x")
        check_refused(m, s3, "not a name for a bucket", where="s3://a b/x")
        s3.objects[s3.bucket]["holiday.jpg"] = (b"x", "x", {})
        check_refused(m, s3, "other things in the bucket", where="s3://vault-bucket")
        m.run("export", WHERE, code=2)
        away(m, s3, "export", "--ocfl")
        with Museum() as other:  # another museum's vault has the same layout, and other objects of the same ids
            take_in(other, [{"id": "plain 1", "titles": [{"lang": "en", "text": "Not the same"}]}])
            done = away(other, s3, "export", "--ocfl", code=1)
            assert "another in the two vaults" in done.stdout + done.stderr
        same(m, s3)


if __name__ == "__main__":
    main(globals())
