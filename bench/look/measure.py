#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures finding by looking; OpenCV's SIFT runs beside it. Needs python3-opencv.

  measure.py BENCH photos FOLDER COUNT     a folder of photographs (a sixth is left out: the absent pictures);
                                           pseudo pictures fill up to COUNT
  measure.py BENCH pattern FOLDER          gallery.tsv, queries.tsv, answers.tsv: patches cut from pictures
  measure.py BENCH motifs FOLDER           objects.tsv, queries.tsv, answers.tsv: the same ornament elsewhere
BENCH is build/look_bench. Times are CPU times. docs/look.md says which sets gave its figures.
"""
import csv
import math
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import cv2
import numpy as np

INDEX_SIDE, QUERY_FEATURES = 1200, 1000
cv2.setNumThreads(1)
work = pathlib.Path(tempfile.mkdtemp(prefix="look-"))


class Bench:
    def __init__(self, program):
        self.it = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, line):
        self.it.stdin.write(line + "\n")
        self.it.stdin.flush()

    def hear(self):
        return [float(n) for n in self.it.stdout.readline().split()]

    def put(self, grey):
        cv2.imwrite(str(work / "p.pgm"), grey)
        return work / "p.pgm"

    def add(self, grey):
        self.say(f"add {self.put(grey)}")
        self.say(f"features {work / 'p.pgm'}")  # answers when the picture has been read
        return self.hear()

    def build(self):
        self.say("build")
        return self.hear()

    def query(self, grey, limit=100):
        self.say(f"query {self.put(grey)} {limit}")
        found, features, look_us, find_us = self.hear()
        hits = [self.hear() for _ in range(int(found))]
        return hits, (features, look_us / 1000, find_us / 1000)


def fit(grey, side):
    scale = side / max(grey.shape)
    return cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey


def grey_of(path):
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


def rows(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="\t"))


def jpeg(grey, quality):
    return cv2.imdecode(cv2.imencode(".jpg", np.clip(grey, 0, 255).astype(np.uint8), [1, int(quality)])[1], 0)


def phone(grey, rng, clutter):
    """A photograph of the picture: up to 40 degrees from the side, on clutter, with glare, noise and blur."""
    h, w = grey.shape
    side = 900
    s = side * rng.uniform(0.55, 0.85) / max(h, w)
    yaw, pitch, roll = (math.radians(rng.uniform(-d, d)) for d in (40, 25, 25))
    corners = np.array([[-w, -h, 0], [w, -h, 0], [w, h, 0], [-w, h, 0]]) * s / 2
    turn = (np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
            @ np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
            @ np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]]))
    seen = corners @ turn.T
    flat = seen[:, :2] * 1100 / (1100 + seen[:, 2:]) + side / 2
    matrix = cv2.getPerspectiveTransform(np.float32([[0, 0], [w, 0], [w, h], [0, h]]), flat.astype(np.float32))
    ground = cv2.GaussianBlur(cv2.resize(clutter, (side, side)), (0, 0), 3)
    out = cv2.warpPerspective(grey, matrix, (side, side), dst=ground, borderMode=cv2.BORDER_TRANSPARENT,
                              flags=cv2.INTER_AREA).astype(np.float32)
    y, x = np.mgrid[0:side, 0:side]
    out = out * rng.uniform(0.7, 1.15)
    out += 80 * np.exp(-(((x - rng.uniform(0, side)) / 150) ** 2 + ((y - rng.uniform(0, side)) / 110) ** 2))
    out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.5, 1.5)) + rng.normal(0, rng.uniform(2, 7), out.shape)
    return jpeg(out, rng.integers(50, 85))


def cut(grey, rng, low, high):
    h, w = grey.shape
    cw, ch = int(w * rng.uniform(low, high)), int(h * rng.uniform(low, high))
    x, y = rng.integers(w - cw), rng.integers(h - ch)
    return grey[y:y + ch, x:x + cw]


def copy(grey, rng, _):
    out = cut(grey, rng, 0.6, 0.9)
    s = rng.uniform(0.5, 1.2)
    out = cv2.resize(out, None, fx=s, fy=s, interpolation=cv2.INTER_AREA)
    return jpeg(255 * (out / 255.0) ** rng.uniform(0.7, 1.4), rng.integers(25, 60))


def region(grey, rng, _):
    """6 to 20 % of the picture, turned any way, every second one in the negative."""
    out = cut(grey, rng, 0.25, 0.45)
    out = 255 - out if rng.integers(2) else out
    h, w = out.shape
    side = int(math.hypot(w, h))
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), rng.uniform(0, 360), rng.uniform(0.8, 1.3))
    matrix[:, 2] += [side / 2 - w / 2, side / 2 - h / 2]
    return cv2.warpAffine(out, matrix, (side, side), borderValue=128)


def baseline(greys):
    sift = cv2.SIFT_create(500, contrastThreshold=0.02)
    sift.detectAndCompute(greys[0], None)
    start = time.process_time()
    for grey in greys:
        sift.detectAndCompute(grey, None)
    return (time.process_time() - start) / len(greys) * 1000


def photos(bench, folder, count):
    files = sorted(p for p in pathlib.Path(folder).iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    random.Random(3).shuffle(files)
    absent, real = files[:len(files) // 6], files[len(files) // 6:]
    took = [bench.add(fit(grey_of(f), INDEX_SIDE)) for f in real]
    small = [fit(grey_of(f), 640) for f in real[:40]]
    times = []
    for grey in small:
        bench.say(f"features {bench.put(grey)}")
        times.append(bench.hear()[1] / 1000)
    print(f"features at 640 px: {np.median(times):.1f} ms CPU; OpenCV SIFT {baseline(small):.1f} ms; at {INDEX_SIDE} px "
          f"{np.median([t[1] for t in took]) / 1000:.1f} ms")
    if count > len(real):
        bench.say(f"pseudo {count - len(real)}")
    pictures, size = bench.build()
    print(f"{int(pictures)} pictures ({len(real)} real), {size / pictures:.0f} bytes each")
    rng = np.random.default_rng(7)
    clutter = [grey_of(f) for f in absent[:20]]
    for name, make, n in (("copy", copy, 100), ("phone", phone, 150), ("region", region, 100)):
        first = ten = 0
        scores, wrong, times = [], [], []
        for _ in range(n):
            k = int(rng.integers(len(real)))
            hits, took = bench.query(fit(make(grey_of(real[k]), rng, clutter[rng.integers(len(clutter))]), INDEX_SIDE))
            first += bool(hits) and hits[0][0] == k
            ten += any(h[0] == k for h in hits[:10])
            scores.append(max([h[1] for h in hits if h[0] == k], default=0))
            wrong.append(max([h[1] for h in hits if h[0] != k], default=0))
            times.append(took)
        times = np.array(times)
        print(f"{name}: P@1 {first / n:.3f} R@10 {ten / n:.3f}; score of the right one, 1st 2nd 5th percentile "
              f"{np.percentile(scores, [1, 2, 5]).round(2)}, best wrong 90th 99th {np.percentile(wrong, [90, 99]).round(2)}; "
              f"CPU ms features {np.median(times[:, 1]):.0f}, index median {np.median(times[:, 2]):.0f} "
              f"p99 {np.percentile(times[:, 2], 99):.0f}")
    best = []
    for f in absent:
        for make in (phone, region):
            hits, _ = bench.query(fit(make(grey_of(f), rng, clutter[0]), INDEX_SIDE))
            best.append(max((h[1] for h in hits), default=0))
    print(f"absent: {len(best)} queries, best score 90th 95th 99th percentile {np.percentile(best, [90, 95, 99]).round(2)}")


def overlap(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    both = max(0, w) * max(0, h)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def pattern(bench, folder):
    folder = pathlib.Path(folder)
    gallery = [r for r in rows(folder / "gallery.tsv") if r[0] != "item"]
    sizes = []
    for item in gallery:
        grey = grey_of(folder.parent / item[1])
        sizes.append(grey.shape)
        bench.add(fit(grey, INDEX_SIDE))
    bench.build()
    answers = {r[0]: r for r in rows(folder / "answers.tsv")}
    levels, boxes, absent = {}, [], []
    for query in rows(folder / "queries.tsv")[1:]:
        hits, _ = bench.query(fit(grey_of(folder / query[3]), 640))
        answer = answers[query[0]]
        if answer[1] == "-":
            absent.append(max((h[1] for h in hits), default=0))
            continue
        k = int(hits[0][0]) if hits else -1
        right = k >= 0 and gallery[k][0] == answer[1]
        levels.setdefault("line drawing" if "line-drawing" in query[6] else "level " + query[2], []).append(right)
        boxes.append(0)
        if right and hits[0][1] > 0:
            h, w = sizes[k]
            xy = np.array(hits[0][3:]).reshape(4, 2) * max(h, w) / 1023
            left, top, bw, bh = map(float, answer[3:7])
            box = (max(0, xy[:, 0].min()), max(0, xy[:, 1].min()), min(w, xy[:, 0].max()), min(h, xy[:, 1].max()))
            boxes[-1] = overlap(box, (left, top, left + bw, top + bh))
    for name, hits in sorted(levels.items()):
        print(f"{name}: P@1 {np.mean(hits):.3f} of {len(hits)}")
    found = [b for b in boxes if b > 0]
    print(f"all: P@1 {np.mean(sum(levels.values(), [])):.3f}; box IoU {np.mean(boxes):.3f} (misses count 0), "
          f"{np.mean(found):.3f} of the placed; absent: best score {max(absent):.2f}")


def motifs(bench, folder):
    folder = pathlib.Path(folder)
    items = [r[0] for r in rows(folder / "objects.tsv")[1:]]
    for item in items:
        bench.add(grey_of(folder / "img" / f"{item}.jpg"))
    bench.build()
    wanted = {}
    for r in rows(folder / "answers.tsv"):
        wanted.setdefault(r[0], set()).add(r[1])
    precisions, first = [], []
    for query in rows(folder / "queries.tsv")[1:]:
        hits, _ = bench.query(grey_of(folder / query[2]))
        right = [items[int(h[0])] in wanted[query[0]] for h in hits]
        sums = [sum(right[:i + 1]) / (i + 1) for i, yes in enumerate(right) if yes]
        precisions.append(sum(sums) / len(wanted[query[0]]))
        first.append(right[0] if right else False)
    print(f"{len(precisions)} queries, {len(items)} objects: mAP {np.mean(precisions):.3f}, P@1 {np.mean(first):.3f}")


def main():
    bench = Bench(sys.argv[1])
    if sys.argv[2] == "photos":
        photos(bench, sys.argv[3], int(sys.argv[4]))
    else:
        {"pattern": pattern, "motifs": motifs}[sys.argv[2]](bench, sys.argv[3])


if __name__ == "__main__":
    main()
