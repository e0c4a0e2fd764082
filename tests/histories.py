#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random histories: whatever order ingests, edits, undos, deletions, withdrawals and imports come in, the vault is an OCFL storage
root without an error or a warning, every byte is as noted, and a rebuild gives the same log.

HISTORIES (environment) says how many, 4 without it; SEED makes a run again as it was; KEEP names a folder for the vaults.
"""
import json
import os
import pathlib
import random
import shutil
import time

from kill_ingest import png
from museum import Museum, main

HISTORIES = int(os.environ.get("HISTORIES", "4"))
SEED = int(os.environ.get("SEED", str(time.time_ns() % 1000000)))
KEEP = os.environ.get("KEEP")
NAMES = ["a", "A", "1978.12/3", "../up", "青花", "é", "e\u0301", "with space", "=1+1", "x" * 200, "con", "%2F", "a:b", "-f"]


class History:
    def __init__(self, museum, chance):
        self.m, self.chance = museum, chance
        self.there, self.gone = set(), set()  # withdrawn ids never come back
        self.said = []

    def some(self, names, most=4):
        names = sorted(names)
        return self.chance.sample(names, min(len(names), self.chance.randint(1, most))) if names else []

    def ingest(self):
        """New ones, other words for old ones, pictures that come, go or change."""
        names = self.some(set(NAMES) - self.gone, 6)
        folder = self.m.folder / "delivery"
        folder.mkdir()
        with open(folder / "records.jsonl", "w", encoding="utf-8") as out:
            for n, name in enumerate(names):
                record = {"id": name, "titles": [{"lang": "en", "text": f"Title {self.chance.randint(0, 5)}"}]}
                if self.chance.random() < 0.4:
                    picture = f"{n}{self.chance.choice(['', ' ü', '#%'])}.png"
                    (folder / picture).write_bytes(png(30 + self.chance.randint(0, 3), 20, [n, 0, 0]))
                    record["image"] = picture
                print(json.dumps(record), file=out)
        self.m.run("ingest", folder)
        shutil.rmtree(folder)
        self.there |= set(names)

    def change_sets(self):
        lines = self.m.run("changes", "--limit", "1000").stdout.splitlines()
        return [int(line.split()[0]) for line in lines if line.split() and line.split()[0].isdigit()]

    def undo(self):
        sets = self.change_sets()
        if sets:
            self.m.run("undo", self.chance.choice(sets), code=None)  # conflicts end with 1

    def delete(self):
        names = self.some(self.there - self.gone, 3)
        if names:
            self.m.run("delete", "--reason", "random", "--", *names, code=None)

    def withdraw(self):
        for name in self.some(self.there - self.gone, 1):
            self.m.run("withdraw", "--reason", "by law", "--yes", "--", name)
            self.gone.add(name)

    def import_again(self):
        """Out, into a museum that has nothing, and on from there."""
        form = self.chance.choice(["--ocfl", "--ocfl", "--bagit", "--files"])
        out = self.m.folder / "out"
        self.m.run("export", form, out)
        if form == "--ocfl":
            key = (self.m.home / "ledger.key").read_bytes()
            shutil.rmtree(self.m.home)
            self.m.run("init", "--yes")
            (self.m.home / "ledger.key").write_bytes(key)
            (self.m.home / "ledger.key").chmod(0o600)
            self.m.run("import", out)
            self.m.run("rebuild")
        else:  # these hold the newest versions: all is here already
            self.m.run("import", out, code=None)
        shutil.rmtree(out)

    def step(self):
        what = self.chance.choices([self.ingest, self.undo, self.delete, self.withdraw, self.import_again], [6, 3, 2, 1, 1])[0]
        self.said.append(what.__name__)
        what()


def check_whole(m):
    done = m.run("verify", "--structure", m.home / "vault")
    assert "0 errors, 0 warnings" in done.stdout and not done.stderr, done.stdout + done.stderr
    m.run("verify")


def live(number, seed):
    chance = random.Random(seed * 1000 + number)
    with Museum() as m:
        history = History(m, chance)
        try:
            history.ingest()
            for _ in range(chance.randint(5, 14)):
                history.step()
            check_whole(m)
            head = (m.home / "checkpoint").read_text()
            m.run("rebuild")
            assert (m.home / "checkpoint").read_text() == head
        except AssertionError as why:
            raise AssertionError(f"history {number} of seed {seed} ({', '.join(history.said)}): {why}") from why
        if KEEP:
            shutil.copytree(m.home / "vault", pathlib.Path(KEEP) / str(number))
        return len(history.said)


def test_no_history_leaves_a_warning():
    steps = sum(live(number, SEED) for number in range(HISTORIES))
    print(f"# {HISTORIES} histories of seed {SEED}, {steps} steps after the first ingest")


if __name__ == "__main__":
    main(globals())
