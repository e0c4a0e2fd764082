#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 an ingest at random moments, take the same delivery in again: nothing lost, nothing doubled, nothing half stored.

KILLS (environment) says how often, 20 without it; SEED makes a run again as it was.
"""
import collections
import json
import os
import pathlib
import random
import shutil
import sqlite3
import struct
import subprocess
import time
import zlib

from museum import Museum, main

KILLS = int(os.environ.get("KILLS", "20"))
SEED = int(os.environ.get("SEED", str(time.time_ns() % 1000000)))
RECORDS, PICTURES = 30, 4  # of one delivery


def png(width, height, colour):
    rows = b"".join(b"\0" + bytes(colour) * width for _ in range(height))

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_delivery(folder, number, chance):
    """Records of which some have a picture, no two pictures alike."""
    folder.mkdir()
    with open(folder / "records.jsonl", "w", encoding="utf-8") as out:
        for i in range(RECORDS):
            record = {"id": f"{number}-{i}", "titles": [{"lang": "en", "text": f"Object {i} of delivery {number}"}]}
            if i < PICTURES:
                record["image"] = f"{number}-{i}.png"
                (folder / record["image"]).write_bytes(png(300 + number % 200, 260 + i, chance.randbytes(3)))
            print(json.dumps(record), file=out)


def take_in_and_kill(museum, folder, after_s):
    """True if it was still running when the blow fell."""
    process = subprocess.Popen(museum.command("ingest", folder), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(after_s)
    alive = process.poll() is None
    process.kill()
    process.wait()
    return alive


def compare(museum, deliveries):
    """What is lost, doubled, half stored in ledger and vault, and what lies about that belongs to nothing."""
    want = {f"{d}-{i}" for d in range(deliveries) for i in range(RECORDS)}
    ledger = sqlite3.connect(f"file:{museum.home}/catalog.db?mode=ro", uri=True)
    versions = collections.Counter(name for (name,) in ledger.execute(
        "SELECT object.name FROM version JOIN object ON object.id = version.object"))
    images = ledger.execute("SELECT count(*) FROM image").fetchone()[0]
    ledger.close()
    lost = want - set(versions)
    doubled = {name for name, count in versions.items() if count != 1} | (set(versions) - want)
    verified = museum.run("verify", code=None, timeout=900)
    objects = sum(1 for _ in (museum.home / "vault").rglob("0=ocfl_object_1.1"))
    second = sum(1 for _ in (museum.home / "vault").rglob("v2"))
    half = [verified.stdout + verified.stderr] if verified.returncode else []
    if images != deliveries * PICTURES:
        lost |= {f"{deliveries * PICTURES - images} pictures"}
    if objects != len(want):
        half.append(f"{objects} objects in the vault for {len(want)} records")
    orphans = [f"staging/{p.name}" for p in (museum.home / "staging").iterdir() if p.name != "lock"]
    pyramids = [p for p in (museum.home / "derived").rglob("*") if p.is_file()]
    if len(pyramids) != images:
        orphans.append(f"{len(pyramids)} pyramids for {images} pictures")
    return lost, doubled | {f"{second} second versions"} if second else doubled, half, orphans


def kill_and_resume(kills, seed):
    chance = random.Random(seed)
    hit = 0
    with Museum() as museum:
        deliveries = museum.folder / "deliveries"
        deliveries.mkdir()
        make_delivery(deliveries / "0", 0, chance)
        begun = time.monotonic()
        museum.run("ingest", deliveries / "0", timeout=600)
        whole_s = time.monotonic() - begun
        for number in range(1, kills + 1):
            folder = deliveries / str(number)
            make_delivery(folder, number, chance)
            hit += take_in_and_kill(museum, folder, chance.uniform(0, whole_s))
            counts = museum.json("ingest", folder, timeout=600)
            for kind, many in (("records", RECORDS), ("images", PICTURES)):
                c = counts[kind]
                assert c["new"] + c["same"] == many and c["refused"] == 0, (number, counts)
            shutil.rmtree(folder)
        lost, doubled, half, orphans = compare(museum, kills + 1)
    return {"kills": kills, "hit_while_running": hit, "seed": seed, "lost": len(lost), "doubled": len(doubled),
            "half_stored": len(half), "orphans": len(orphans), "what": sorted(map(str, lost | doubled)) + half + orphans}


def test_nothing_is_lost_or_doubled():
    told = kill_and_resume(KILLS, SEED)
    print("#", json.dumps(told))
    assert told["lost"] == told["doubled"] == told["half_stored"] == told["orphans"] == 0, told
    assert told["hit_while_running"] > 0, "every run had ended before it was killed"


if __name__ == "__main__":
    main(globals())
