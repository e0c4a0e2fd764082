#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures finding by looking; OpenCV's SIFT runs beside it. Needs python3-opencv.

  measure.py BENCH photos FOLDER COUNT     a folder of photographs (a sixth is left out: the absent pictures);
                                           pseudo pictures fill up to COUNT
  measure.py BENCH pattern FOLDER          gallery.tsv, queries.tsv, answers.tsv: patches cut from pictures
  measure.py BENCH motifs FOLDER           objects.tsv, queries.tsv, answers.tsv: the same ornament elsewhere
With --marks N each picture of the index has up to N marks (a small collection has 1500, a large one 425).
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

import ornaments

INDEX_SIDE, ORNAMENT_SIDE = 1200, 420
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

    def put(self, picture):
        file = work / ("p.pgm" if picture.ndim == 2 else "p.ppm")
        cv2.imwrite(str(file), picture)
        return file

    def add(self, picture):
        file = self.put(picture)
        self.say(f"add {file}")
        self.say(f"features {file}")  # answers when the picture has been read
        return self.hear()

    def build(self):
        self.say(f"build {work}")
        return self.hear()

    def query(self, picture, limit=100):
        self.say(f"query {self.put(picture)} {limit}")
        found, features, look_us, find_us = self.hear()
        hits = [self.hear() for _ in range(int(found))]
        return hits, (features, look_us / 1000, find_us / 1000)


def fit(picture, side):
    scale = side / max(picture.shape[:2])
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture


def grey_of(path):
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


def colour_of(path):
    return cv2.imread(str(path), cv2.IMREAD_COLOR)


def plain_grey(picture):
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


def each_sample(plane, picture):
    """A plane that is added to or multiplied with every colour of the picture."""
    return plane if picture.ndim == 2 else plane[..., None]


def rows(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="\t"))


def jpeg(picture, quality):
    flat = np.clip(picture, 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", flat, [1, int(quality)])[1], cv2.IMREAD_UNCHANGED)


def phone(picture, rng, clutter):
    """A photograph of the picture: up to 40 degrees from the side, on clutter, with glare, noise and blur."""
    h, w = picture.shape[:2]
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
    out = cv2.warpPerspective(picture, matrix, (side, side), dst=ground, borderMode=cv2.BORDER_TRANSPARENT,
                              flags=cv2.INTER_AREA).astype(np.float32)
    y, x = np.mgrid[0:side, 0:side]
    out = out * rng.uniform(0.7, 1.15)
    glare = 80 * np.exp(-(((x - rng.uniform(0, side)) / 150) ** 2 + ((y - rng.uniform(0, side)) / 110) ** 2))
    out += each_sample(glare, out)
    out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.5, 1.5))
    out += each_sample(rng.normal(0, rng.uniform(2, 7), out.shape[:2]), out)
    return jpeg(out, rng.integers(50, 85))


def cut(picture, rng, low, high):
    h, w = picture.shape[:2]
    cw, ch = int(w * rng.uniform(low, high)), int(h * rng.uniform(low, high))
    x, y = rng.integers(w - cw), rng.integers(h - ch)
    return picture[y:y + ch, x:x + cw]


def copy(picture, rng, _):
    out = cut(picture, rng, 0.6, 0.9)
    s = rng.uniform(0.5, 1.2)
    out = cv2.resize(out, None, fx=s, fy=s, interpolation=cv2.INTER_AREA)
    return jpeg(255 * (out / 255.0) ** rng.uniform(0.7, 1.4), rng.integers(25, 60))


def ornament(number):
    """A drawn ornament of rings of shapes, and where it covers what it is painted on."""
    rng = np.random.default_rng([99, number])
    grey, cover = (np.zeros((ORNAMENT_SIDE, ORNAMENT_SIDE), np.uint8) for _ in range(2))
    shades = rng.permutation(np.linspace(15, 240, 6)).astype(int)
    for ring in range(rng.integers(3, 6)):
        shapes, count = ornaments.unit(rng), int(rng.choice([1, 3, 4, 5, 6, 8]))
        away, size = (rng.uniform(0, 0.62), rng.uniform(0.18, 0.5)) if count > 1 else (0, rng.uniform(0.5, 0.95))
        for i in range(count):
            t = 2 * math.pi * i / count
            turn = np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]])
            for points, fill in shapes:
                at = (points @ turn.T * size + turn[:, 0] * away) * ORNAMENT_SIDE / 2 * 0.95 + ORNAMENT_SIDE / 2
                width = -1 if fill < 2 else int(rng.integers(2, 6))
                ornaments.draw(grey, at, int(shades[(ring + fill) % 6]), width)
                ornaments.draw(cover, at, 255, width)
    return grey, cover


def paint(picture, drawn, cover, rng, plain):
    """The ornament somewhere in the picture; unless plain at any turn, x0.45-1.3, in the negative or not, paler, bent."""
    h, w = picture.shape[:2]
    size, turn = 0.5 * min(h, w) / ORNAMENT_SIDE, 0.0
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * ORNAMENT_SIDE / 2
    if not plain:
        size, turn = min(size * rng.uniform(0.45, 1.3), 0.75 * min(h, w) / ORNAMENT_SIDE), rng.uniform(0, 2 * math.pi)
    at = corners @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) * size
    ink = drawn.astype(np.float32)
    if not plain:
        at *= 1 + rng.uniform(-0.06, 0.06, at.shape)
        ink = (255 - ink if rng.integers(2) else ink) * rng.uniform(0.5, 1) + rng.uniform(0, 60)
    low, span = at.min(0), at.max(0) - at.min(0)
    at += [rng.uniform(0, max(1, w - span[0])), rng.uniform(0, max(1, h - span[1]))] - low
    matrix = cv2.getPerspectiveTransform((corners + ORNAMENT_SIDE / 2).astype(np.float32), at.astype(np.float32))
    ink = cv2.warpPerspective(np.clip(ink, 0, 255).astype(np.uint8), matrix, (w, h), flags=cv2.INTER_AREA)
    share = cv2.warpPerspective(cover, matrix, (w, h), flags=cv2.INTER_AREA) / 255.0 * rng.uniform(0.85, 1)
    added = ink * share + rng.normal(0, 2, (h, w))
    out = picture * each_sample(1 - share, picture) + each_sample(added, picture)
    x, y = np.maximum(at.min(0).astype(int), 0)
    return jpeg(out, rng.integers(60, 90)), (x, y, int(span[0]), int(span[1]))


def plant(pictures, rng):
    """Ornaments in eight pictures each; for each the cut-out to ask with, its own picture and the seven others."""
    order, queries = rng.permutation(len(pictures)), []
    for number in range(min(60, len(pictures) // 8)):
        hosts = order[8 * number:8 * number + 8]
        drawn, cover = ornament(number)
        for k in hosts:
            pictures[k], box = paint(pictures[k], drawn, cover, rng, k == hosts[0])
            if k == hosts[0]:
                x, y, w, h = box
                queries.append((pictures[k][y:y + h, x:x + w], int(k), [int(other) for other in hosts[1:]]))
    return queries


def region(picture, rng, _):
    """A part of 6 to 20 % of the picture, turned any way, every second one in the negative. All of it is picture: a rim beside it
    has corners of its own, of which chance is made (absent parts with one reach 3.4, without one 1.8)."""
    h, w = picture.shape[:2]
    while True:
        share, angle, scale = rng.uniform(0.25, 0.45), rng.uniform(0, 2 * math.pi), rng.uniform(0.8, 1.3)
        wide, high = w * share, h * share
        c, s = abs(math.cos(angle)), abs(math.sin(angle))
        reach_x, reach_y = (wide * c + high * s) / 2 + 1, (wide * s + high * c) / 2 + 1
        if reach_x < w / 2 and reach_y < h / 2:
            break
    x, y = rng.uniform(reach_x, w - reach_x), rng.uniform(reach_y, h - reach_y)
    matrix = cv2.getRotationMatrix2D((x, y), math.degrees(angle), scale)
    matrix[:, 2] += [wide * scale / 2 - x, high * scale / 2 - y]
    out = cv2.warpAffine(picture, matrix, (max(16, int(wide * scale)), max(16, int(high * scale))))
    return 255 - out if rng.integers(2) else out


class Lines:
    """The same index asked by lines, as for drawings."""

    def __init__(self, bench):
        self.bench = bench

    def query(self, picture):
        self.bench.say(f"drawn {self.bench.put(picture)} 50")
        found, us = self.bench.hear()
        hits = [self.bench.hear() for _ in range(int(found))]
        return [[h[0], h[1], h[1], *h[2:]] for h in hits], us / 1000


def middle_of(pictures):
    """The score of features from which on an answer is likelier right than chance, as in src/visual/ask.c."""
    return max(1.6, 2.1 - 0.9 * max(0, math.log10(830 / pictures)))


class Answered:
    """As a visitor is answered: by features, and if those find nothing likelier than chance (src/visual/ask.c), by lines."""

    def __init__(self, bench, pictures):
        self.bench, self.lines, self.by_lines = bench, Lines(bench), False
        decades = math.log10(max(pictures, 10)) - 2
        self.middle = middle_of(pictures)
        self.lines_middle = 5.7 + 0.3 * decades

    def query(self, picture):
        sure = [h for h in self.bench.query(picture)[0] if h[1] >= self.middle]
        self.by_lines = not sure
        return (sure, 0) if sure else self.lines.query(picture)

    def least(self):
        """The score from which on the last answer is likelier right than chance."""
        return self.lines_middle if self.by_lines else self.middle


class OpenCv:
    """The plain way in OpenCV: SIFT, brute force, ratio test, similarity by RANSAC; ranked by what agrees."""

    def __init__(self):
        self.sift, self.matcher, self.pictures = cv2.SIFT_create(1000), cv2.BFMatcher(cv2.NORM_L2), []

    def add(self, picture):
        self.pictures.append(self.sift.detectAndCompute(plain_grey(picture), None))

    def query(self, picture):
        """Numbers of pictures, best first, with the four corners of the query in each (None: not placed)."""
        spots, values = self.sift.detectAndCompute(plain_grey(picture), None)
        hits = []
        for number, (others, other_values) in enumerate(self.pictures):
            if values is None or other_values is None or len(other_values) < 2:
                continue
            pairs = [m[0] for m in self.matcher.knnMatch(values, other_values, 2) if m[0].distance < 0.8 * m[1].distance]
            matrix, agree = None, None
            if len(pairs) >= 3:
                matrix, agree = cv2.estimateAffinePartial2D(
                    np.float32([spots[m.queryIdx].pt for m in pairs]),
                    np.float32([others[m.trainIdx].pt for m in pairs]), ransacReprojThreshold=8)
            h, w = picture.shape[:2]
            corners = None if matrix is None else cv2.transform(np.float32([[[0, 0], [w, 0], [w, h], [0, h]]]), matrix)[0]
            hits.append((int(agree.sum()) if agree is not None else 0, len(pairs), -number, corners))
        hits.sort(key=lambda hit: hit[:3], reverse=True)
        return [(-hit[2], hit[3]) for hit in hits[:100]]


def average_precision(right, wanted):
    return sum(sum(right[:i + 1]) / (i + 1) for i, yes in enumerate(right) if yes) / wanted


def baseline(pictures):
    greys = [plain_grey(picture) for picture in pictures]
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
    rng = np.random.default_rng(7)
    pictures = [fit(colour_of(f), INDEX_SIDE) for f in real]
    planted = plant(pictures, rng)
    took = [bench.add(picture) for picture in pictures]
    small = [fit(colour_of(f), 640) for f in real[:40]]
    times = []
    for picture in small:
        bench.say(f"features {bench.put(picture)}")
        times.append(bench.hear()[1] / 1000)
    print(f"features at 640 px: {np.median(times):.1f} ms CPU; OpenCV SIFT {baseline(small):.1f} ms; at {INDEX_SIDE} px "
          f"{np.median([t[1] for t in took]) / 1000:.1f} ms")
    if count > len(real):
        bench.say(f"pseudo {count - len(real)}")
    total, size = bench.build()
    print(f"{int(total)} pictures ({len(real)} real), {size / total:.0f} bytes each")
    clutter = [colour_of(f) for f in absent[:20]]
    for name, make, n in (("copy", copy, 100), ("phone", phone, 150), ("region", region, 150)):
        first = ten = 0
        scores, wrong, times = [], [], []
        for _ in range(n):
            k = int(rng.integers(len(real)))
            hits, took = bench.query(fit(make(pictures[k], rng, clutter[rng.integers(len(clutter))]), INDEX_SIDE))
            first += bool(hits) and hits[0][0] == k
            ten += any(h[0] == k for h in hits[:10])
            scores.append(max([h[1] for h in hits if h[0] == k], default=0))
            wrong.append(max([h[1] for h in hits if h[0] != k], default=0))
            times.append(took)
        times = np.array(times)
        print(f"{name}: P@1 {first / n:.3f} R@10 {ten / n:.3f}, lost {np.sum(np.array(scores) < middle_of(total))} of {n}; score of the right one, 1st 2nd 5th percentile "
              f"{np.percentile(scores, [1, 2, 5]).round(2)}, best wrong 90th 99th {np.percentile(wrong, [90, 99]).round(2)}; "
              f"CPU ms features {np.median(times[:, 1]):.0f}, index median {np.median(times[:, 2]):.0f} "
              f"p99 {np.percentile(times[:, 2], 99):.0f}")
    first, ten, precision, times = [], [], [], []
    for picture, own, others in planted:
        hits, took = bench.query(picture)
        right = [h[0] in others for h in hits if h[0] != own]
        first.append(right[:1] == [True])
        ten.append(sum(right[:10]) / len(others))
        precision.append(average_precision(right, len(others)))
        times.append(took[2])
    print(f"ornament planted in 8 pictures, 7 to find: P@1 {np.mean(first):.3f} R@10 {np.mean(ten):.3f} mAP {np.mean(precision):.3f}; "
          f"index median {np.median(times):.0f} p99 {np.percentile(times, 99):.0f}")
    best = []
    for f in absent:
        for make in (phone, region):
            hits, _ = bench.query(fit(make(colour_of(f), rng, clutter[0]), INDEX_SIDE))
            best.append(max((h[1] for h in hits), default=0))
    print(f"absent: {np.sum(np.array(best) >= middle_of(total))} of {len(best)} answered; best score 90th 95th 99th 100th percentile {np.percentile(best, [90, 95, 99, 100]).round(2)}")


def overlap(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    both = max(0, w) * max(0, h)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def pattern(bench, folder):
    folder, plain = pathlib.Path(folder), OpenCv()
    gallery = [r for r in rows(folder / "gallery.tsv") if r[0] != "item"]
    sizes = []
    for item in gallery:
        picture = colour_of(folder.parent / item[1])
        sizes.append(picture.shape[:2])
        bench.add(fit(picture, INDEX_SIDE))
        plain.add(fit(picture, INDEX_SIDE))
    bench.build()
    answers = {r[0]: r for r in rows(folder / "answers.tsv")}
    answered = Answered(bench, len(gallery))
    for name, method in (("ours", bench), ("by lines", Lines(bench)), ("as answered", answered), ("OpenCV", plain)):
        ask_pattern(name, method, folder, gallery, sizes, answers)


def placed(hit, shape, name):
    """Corners of a hit in pixels of the whole picture; None if it has no place."""
    side = max(shape)
    if name == "OpenCV":
        return None if hit[1] is None else hit[1] * side / min(side, INDEX_SIDE)
    return np.array(hit[3:]).reshape(4, 2) * side / 1023 if hit[1] > 0 else None


def ask_pattern(name, method, folder, gallery, sizes, answers):
    levels, boxes, absent = {}, [], []
    for query in rows(folder / "queries.tsv")[1:]:
        hits = method.query(fit(colour_of(folder / query[3]), 640))
        hits = hits[0] if name != "OpenCV" else hits
        answer = answers[query[0]]
        if answer[1] == "-":
            absent.append(max((h[1] for h in hits), default=0) if name != "OpenCV" else 0)
            continue
        k = int(hits[0][0]) if hits else -1
        right = k >= 0 and gallery[k][0] == answer[1]
        levels.setdefault("line drawing" if "line-drawing" in query[6] else "level " + query[2], []).append(right)
        boxes.append(0)
        corners = placed(hits[0], sizes[k], name) if right else None
        if corners is not None:
            h, w = sizes[k]
            left, top, bw, bh = map(float, answer[3:7])
            box = (max(0, corners[:, 0].min()), max(0, corners[:, 1].min()), min(w, corners[:, 0].max()), min(h, corners[:, 1].max()))
            boxes[-1] = max(0, overlap(box, (left, top, left + bw, top + bh)))
    print(f"{name}: " + ", ".join(f"{level} P@1 {np.mean(hits):.3f} of {len(hits)}" for level, hits in sorted(levels.items())))
    found = [b for b in boxes if b > 0]
    print(f"{name}: all P@1 {np.mean(sum(levels.values(), [])):.3f}; box IoU {np.mean(boxes):.3f} (misses count 0), "
          f"{np.mean(found):.3f} of the placed; absent: best score {max(absent):.2f}")


def motifs(bench, folder):
    folder, plain = pathlib.Path(folder), OpenCv()
    items = [r[0] for r in rows(folder / "objects.tsv")[1:]]
    for item in items:
        picture = colour_of(folder / "img" / f"{item}.jpg")
        bench.add(picture)
        plain.add(picture)
    bench.build()
    wanted = {}
    for r in rows(folder / "answers.tsv"):
        wanted.setdefault(r[0], set()).add(r[1])
    for name, method in (("ours", bench), ("OpenCV", plain)):
        precisions, first = [], []
        for query in rows(folder / "queries.tsv")[1:]:
            hits = method.query(colour_of(folder / query[2]))
            right = [items[int(h[0])] in wanted[query[0]] for h in (hits[0] if name == "ours" else hits)]
            precisions.append(average_precision(right, len(wanted[query[0]])))
            first.append(right[:1] == [True])
        print(f"{name}: {len(precisions)} queries, {len(items)} objects: mAP {np.mean(precisions):.3f}, P@1 {np.mean(first):.3f}")


def marks_wished():
    return int(sys.argv[sys.argv.index("--marks") + 1]) if "--marks" in sys.argv else 425


def main():
    bench = Bench(sys.argv[1])
    bench.say(f"marks {marks_wished()}")
    if sys.argv[2] == "photos":
        photos(bench, sys.argv[3], int(sys.argv[4]))
    else:
        {"pattern": pattern, "motifs": motifs}[sys.argv[2]](bench, sys.argv[3])


if __name__ == "__main__":
    main()
