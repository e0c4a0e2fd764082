#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sheets of docs/look: pictures.py BENCH samples/pictures FOLDER. What was asked on the left, the best answer with its
outline on the right, its score below, all as in a small collection. Needs python3-opencv."""
import pathlib
import sys

import cv2
import numpy as np

import measure

SIDE, MARKS = 250, 1500


def seen_by_phone(picture, rng):
    return measure.phone(picture, rng, np.full((60, 60), 150, np.uint8))


def negative_part(picture, rng):
    return measure.region(255 - picture if rng.integers(2) else picture, rng, None)


def hidden_part(picture, rng):
    out = measure.cut(picture, rng, 0.3, 0.4).copy()
    for _ in range(3):
        h, w = out.shape
        x, y = rng.integers(w * 2 // 3), rng.integers(h * 2 // 3)
        out[y:y + h // 3, x:x + w // 3] = rng.integers(256)
    return out


def ink(picture, rng):
    part = cv2.GaussianBlur(measure.cut(picture, rng, 0.4, 0.6), (0, 0), 1.5)
    return 255 - cv2.dilate(cv2.Canny(part, 20, 50), np.ones((2, 2)))


WAYS = (("photographed from the side", seen_by_phone), ("a part, turned, perhaps light for dark", negative_part),
        ("a part, a third painted over", hidden_part), ("drawn in ink", ink))


def put(picture, text):
    scale = SIDE / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cell = np.full((SIDE + 24, SIDE + 8, 3), 255, np.uint8)
    cell[:small.shape[0], 4:4 + small.shape[1]] = small
    cv2.putText(cell, text, (4, SIDE + 16), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 1, cv2.LINE_AA)
    return cell


def main():
    bench, folder = measure.Bench(sys.argv[1]), pathlib.Path(sys.argv[3])
    files = sorted(pathlib.Path(sys.argv[2]).glob("met-*.jpg")) + sorted(pathlib.Path(sys.argv[2]).glob("19*.jpg"))
    greys = [measure.fit(measure.grey_of(f), measure.INDEX_SIDE) for f in files]
    bench.say(f"marks {MARKS}")
    for grey in greys:
        bench.add(grey)
    bench.build()
    answered = measure.Answered(bench, len(files))
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(12)
    for number, (name, make) in enumerate(WAYS):
        cells = []
        for k in rng.permutation(len(files))[:3]:
            query = make(greys[k], rng)
            hits, _ = answered.query(measure.fit(query, measure.INDEX_SIDE))
            cells.append(put(cv2.cvtColor(query, cv2.COLOR_GRAY2BGR), name))
            if not hits:
                cells.append(put(np.full((SIDE, SIDE, 3), 230, np.uint8), "nothing"))
                continue
            best = hits[0]
            shown = cv2.imread(str(files[int(best[0])]))
            if best[1] > 0:
                corners = np.array(best[3:]).reshape(-1, 1, 2) * max(shown.shape[:2]) / 1023
                cv2.polylines(shown, [corners.astype(np.int32)], True, (40, 40, 255), max(shown.shape[:2]) // 120, cv2.LINE_AA)
            verdict = "right" if int(best[0]) == k else "wrong"
            sure = (", by its lines" if answered.by_lines else "") + ("" if best[1] >= answered.least() else ", not answered")
            cells.append(put(shown, f"{verdict}, {best[1]:.1f}{sure}"))
        cv2.imwrite(str(folder / f"{number + 1}.jpg"), np.hstack(cells), [1, 72])


if __name__ == "__main__":
    main()
