#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a second vault in a bucket costs: away.py s3://BUCKET/PREFIX, with AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY set. OBJECTS (1000) small objects, PICTURES (20) masters of 10 MB, BIG (1) of 200 MB. The prefix must be empty;
what was put there stays. Ends with 1 if what comes back is not the same byte by byte."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
from kill_ingest import png  # noqa: E402
from museum import Museum  # noqa: E402

OBJECTS, PICTURES, BIG = (int(os.environ.get(n, d)) for n, d in (("OBJECTS", 1000), ("PICTURES", 20), ("BIG", 1)))
WHERE = sys.argv[1]


def padded(number, size):
    body = png(300 + number, 200, b"\1\2\3")
    return body + os.urandom(1 << 20) * ((size - len(body)) >> 20)


def deliver(folder):
    folder.mkdir()
    with open(folder / "records.jsonl", "w", encoding="utf-8") as out:
        for i in range(OBJECTS + PICTURES + BIG):
            record = {"id": f"object {i}", "titles": [{"lang": "en", "text": f"Object number {i}"}], "description": "x" * 1200}
            if i >= OBJECTS:
                record["image"] = f"{i}.png"
                (folder / record["image"]).write_bytes(padded(i - OBJECTS, 200_000_000 if i >= OBJECTS + PICTURES else 10_000_000))
            print(json.dumps(record), file=out)


def timed(what, command):
    start = time.monotonic()
    done = subprocess.run(["/usr/bin/env", "time", "-f", "%U %S %M", *map(str, command)], capture_output=True, text=True, check=False) \
        if pathlib.Path("/usr/bin/time").exists() else None
    if done is None:
        before = os.times()
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        after = os.times()
        cpu, peak = after.children_user + after.children_system - before.children_user - before.children_system, "?"
    else:
        user, system, peak = re.search(r"([\d.]+) ([\d.]+) (\d+)\s*$", done.stderr).groups()
        cpu, peak = float(user) + float(system), f"{int(peak) // 1024} MB"
    print(f"{what:40} {time.monotonic() - start:7.1f} s, {cpu:6.2f} s of processor, peak {peak}; {done.stdout.strip().splitlines()[-1]}",
          flush=True)
    assert done.returncode == 0, done.stderr


def files_of(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


with Museum() as m, Museum() as other:
    deliver(m.folder / "delivery")
    m.run("ingest", m.folder / "delivery", timeout=3000)
    timed("all sent", m.command("export", "--ocfl", WHERE))
    timed("nothing new", m.command("export", "--ocfl", WHERE))
    timed("read through and compared", m.command("verify", "--threads", "8", "--other", WHERE))
    timed("brought back", other.command("import", WHERE))
    if files_of(m.home / "vault") != files_of(other.home / "vault"):
        sys.exit("what came back is not the same")
