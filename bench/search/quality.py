#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judged questions: quality.py BENCH_SEARCH JUDGED-FOLDER [QUESTIONS-FOLDER] [--aim] [--least] [--missed]

Makes an index of the judged records, asks every judged question and prints success@10 (is a right answer among the first
ten?), nDCG@10 and, for questions that must find nothing, whether they did, by kind of question. With --aim the exit code
says whether success is at least 0.95 overall and 0.9 in every kind; with --least
whether it is at least 0.9 overall; with --missed it names what was not found. The questions those of JUDGED-FOLDER or
of another one, about the same records."""
import collections, math, os, subprocess, sys, tempfile

bench, folder, asked = sys.argv[1], sys.argv[2], [a for a in sys.argv[2:] if not a.startswith("--")][-1]


def rows(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            cells = line.rstrip("\r\n").split("\t")
            if line.strip() and not line.startswith("#") and cells[0] != "query":
                yield cells


def ask():
    with tempfile.TemporaryDirectory() as home:
        catalog, index = os.path.join(home, "catalog.db"), os.path.join(home, "index")
        records = os.path.join(folder, "records.jsonl")
        count = sum(1 for _ in open(records, encoding="utf-8"))
        subprocess.run([bench, "fill", catalog, records, str(count)], check=True)
        subprocess.run([bench, "index", index, catalog], check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run([bench, "judge", index, os.path.join(asked, "queries.tsv")], check=True,
                              capture_output=True, text=True)
    return {c[0]: [x for x in c[1:] if x] for c in (line.split("\t") for line in done.stdout.splitlines())}


right = collections.defaultdict(set)
for cells in rows(os.path.join(asked, "answers.tsv")):
    right[cells[0]] |= {c for c in cells[1:2] if c != "-"}
lines = list(rows(os.path.join(asked, "queries.tsv")))
kinds, texts = {c[0]: c[1] for c in lines}, {c[0]: c[3] for c in lines}
got, table = ask(), collections.OrderedDict()
for query, kind in kinds.items():
    answers, wanted = got.get(query, []), right[query]
    success = float(any(a in wanted for a in answers[:10])) if wanted else float(not answers)
    gain = sum(1 / math.log2(i + 2) for i, a in enumerate(answers[:10]) if a in wanted)
    ideal = sum(1 / math.log2(i + 2) for i in range(min(10, len(wanted))))
    if not success and "--missed" in sys.argv:
        print("missed: %s, \"%s\"" % (kind, texts[query]))
    for name in ("all", kind):
        table.setdefault(name, []).append((success, gain / ideal if wanted else success))
print("%-20s %4s %11s %8s" % ("kind", "n", "success@10", "nDCG@10"))
good = True
for kind, values in table.items():
    success, ndcg = (sum(v[i] for v in values) / len(values) for i in (0, 1))
    good &= success >= (0.95 if kind == "all" else 0.9)
    print("%-20s %4d %11.3f %8.3f" % (kind, len(values), success, ndcg))
if "--least" in sys.argv:
    sys.exit(0 if sum(v[0] for v in table["all"]) >= 0.9 * len(table["all"]) else 1)
sys.exit(0 if good or "--aim" not in sys.argv else 1)
