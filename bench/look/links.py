#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a link question costs and finds, by the number of features asked: links.py BENCH MOTIFS PHOTOS COUNT [FEATURES...] [--marks N]

MOTIFS: a folder with objects.tsv (item, motif, ...) and img/ITEM.jpg; PHOTOS: a folder of pictures that share nothing; pseudo pictures
fill up to COUNT. Every picture of MOTIFS and up to 104 of PHOTOS are asked, whole, as src/chain asks them: a link is likely to
0.8 and has 5 spots. Prints for each number of features: processor ms a picture, links right (same motif), wrong, and with pseudo pictures: chance.
"""
import math
import pathlib
import sys

from measure import INDEX_SIDE, Bench, fit, grey_of, marks_wished, middle_of, rows, work

SCORE_MIN, POINTS_MIN, ASKED_MAX = 0.8, 5, 104


def likely(score, pictures):
    return 1 / (1 + math.exp(-2.2 * (score - middle_of(pictures))))


def main(program, motifs, photos, count, widths):
    bench = Bench(program)
    bench.say(f"marks {marks_wished()}")
    table = rows(motifs / "objects.tsv")[1:]
    motif = {i: row[1] for i, row in enumerate(table)}
    pictures = [fit(grey_of(motifs / "img" / (row[0] + ".jpg")), INDEX_SIDE) for row in table]
    for path in sorted(photos.iterdir()):
        grey = grey_of(path)
        if grey is not None and min(grey.shape) >= 100:
            pictures.append(fit(grey, INDEX_SIDE))
    for grey in pictures:
        bench.add(grey)
    if count > len(pictures):
        bench.say(f"pseudo {count - len(pictures)}")
    print("index:", bench.build(), "real:", len(pictures), flush=True)
    asked = pictures[:len(table) + ASKED_MAX]
    for width in widths:
        pairs, cost, looked = {}, [], []
        for here, grey in enumerate(asked):
            bench.say(f"link {bench.put(grey)} {here} {width}")
            found, _, look_us, find_us = bench.hear()
            hits = [bench.hear() for _ in range(int(found))]
            cost.append(find_us / 1000)
            looked.append(look_us / 1000)
            for there, score, points in hits:
                if points >= POINTS_MIN and likely(score, count) >= SCORE_MIN:
                    pairs[tuple(sorted((here, int(there))))] = score
        right = sum(a in motif and motif.get(b) == motif[a] for a, b in pairs)
        chance = sum(b >= len(pictures) for a, b in pairs)
        cost.sort()
        print(f"{width} features: {sum(cost) / len(cost):.1f} ms index (median {cost[len(cost) // 2]:.1f}), "
              f"{sum(looked) / len(looked):.1f} ms features; links right {right}, wrong {len(pairs) - right - chance}, with pseudo pictures {chance}",
              flush=True)
    for path in work.iterdir():
        path.unlink()
    work.rmdir()


if __name__ == "__main__":
    words = sys.argv[:sys.argv.index("--marks")] if "--marks" in sys.argv else sys.argv
    main(words[1], pathlib.Path(words[2]), pathlib.Path(words[3]), int(words[4]), [int(word) for word in words[5:]] or [1000, 400, 250, 150])
