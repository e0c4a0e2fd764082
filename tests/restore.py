#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/restore-drill on the sample museum, with a past: everything but the vault is deleted, and the same museum comes back."""
import hashlib
import json
import shutil
import subprocess
import sys

from museum import ROOT, SAMPLES, VITRINE, Museum, main


def drill(museum, *words, code=0):
    done = subprocess.run([sys.executable, ROOT / "tools/restore-drill", museum.home, "--vitrine", VITRINE, "--json", *map(str, words)],
                          capture_output=True, text=True, check=False)
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout[:5000]}\n{done.stderr}"
    return json.loads(done.stdout) if done.stdout else done.stderr


def take_in(museum, records):
    path = museum.folder / "records.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    museum.run("ingest", path)


def contents(folder):
    return {p.relative_to(folder): hashlib.sha256(p.read_bytes()).digest() for p in folder.rglob("*") if p.is_file()}


def past(museum):
    """Edits, a deletion, an undo, a withdrawal: what a rebuild has to bring back as it was."""
    titled = [{"id": f"past/{n}", "lang": "en", "titles": [{"lang": "en", "text": f"Jar {n} ü 罐"}]} for n in range(6)]
    take_in(museum, titled)
    take_in(museum, [{**r, "titles": [{"lang": "en", "text": "Changed"}]} for r in titled[:3]])
    museum.run("undo", "3")  # the samples were the first change set
    museum.run("delete", "past/1", "met-436544", "--reason", "entered twice")
    museum.run("withdraw", "past/4", "--reason", "court order", "--yes")
    take_in(museum, [{**titled[5], "access": "none"}])


def test_the_sample_museum_comes_back():
    with Museum() as m:
        m.run("ingest", SAMPLES, timeout=900)
        past(m)
        before = contents(m.home)
        told = drill(m)
        assert not told["differences"], told["differences"][:20]
        assert told["objects"] == told["of"] >= 290, told
        assert told["answers"] > 3000 and all(told["kinds"][k] for k in ("page", "search", "document", "picture", "feed", "log")), told
        assert told["pyramids"] >= 40
        assert contents(m.home) == before, "the drill has touched the museum itself"


def test_what_the_vault_does_not_have_is_missed():
    with Museum() as m:
        take_in(m, [{"id": f"r{n}", "titles": [{"lang": "en", "text": f"Bowl {n}"}]} for n in range(3)])
        folder = next(p.parent for p in (m.home / "vault").rglob("0=ocfl_object_1.1") if p.parent.name.endswith("r1"))
        shutil.rmtree(folder)
        said = drill(m, code=1)
        assert "object r1: is in the catalogue, not in the vault" in said["differences"], said


def test_words_that_make_no_sense():
    with Museum() as m:
        for words in (("--objects", "x"), ("--vitrine",), ("--unknown",)):
            drill(m, *words, code=2)
        m.home = m.folder / "nowhere"
        drill(m, code=2)


if __name__ == "__main__":
    main(globals())
