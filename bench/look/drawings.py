#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures finding by lines: drawings.py BENCH PICTURES OTHERS [EVERY FIRST].

PICTURES: a folder of works. Each is asked for in six manners (contours, ink, washes, by a wobbling hand, woven, carved), as a
whole or a part of 30 to 70 % of its side. OTHERS: a folder of photographs that stand beside them. Of the works only each
EVERYth is asked for, from FIRST on: 4 0 to choose by, 2 1 to judge by. Needs python3-opencv.
"""
import collections
import math
import pathlib
import sys

import cv2
import numpy as np

import measure


def strokes(edges, rng, width, wobble, breaks, shape):
    """Contours drawn again as lines."""
    contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    h, w = shape
    out = np.full((h, w), 255, np.uint8)
    dx, dy = [cv2.resize(rng.normal(0, 1, (12, 12)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC) * wobble * max(h, w) for _ in range(2)]
    for c in contours:
        p = c[:, 0]
        if len(p) < 14:
            continue
        q = p + np.c_[dx[p[:, 1], p[:, 0]], dy[p[:, 1], p[:, 0]]]
        k = 5
        q = np.c_[[np.convolve(np.r_[q[:k, i][::-1], q[:, i], q[-k:, i][::-1]], np.ones(2 * k + 1) / (2 * k + 1), 'valid') for i in (0, 1)]].T
        at = 0
        while at < len(q) - 4:
            n = int(rng.integers(20, 120))
            if rng.uniform() > breaks:
                cv2.polylines(out, [np.round(q[at:at + n] * 16).astype(np.int32).reshape(-1, 1, 2)], False, int(rng.integers(0, 90)), max(1, int(round(width * rng.uniform(0.7, 1.3)))), cv2.LINE_AA, 4)
            at += n
    return out


def canny(g, rng):
    b = cv2.GaussianBlur(g, (0, 0), rng.uniform(1.2, 3))
    hi = np.percentile(np.hypot(cv2.Sobel(b, cv2.CV_32F, 1, 0), cv2.Sobel(b, cv2.CV_32F, 0, 1)), 90)
    return cv2.Canny(b, hi * 0.5, hi)


def contours(g, rng):
    e = canny(g, rng)
    k = int(rng.integers(1, 4))
    return 255 - cv2.dilate(e, np.ones((k, k)))


def ink(g, rng):
    b = cv2.GaussianBlur(g, (0, 0), rng.uniform(0.5, 1.2)) if rng.integers(2) else g
    block = int(rng.choice([5, 7, 9, 11, 15]))
    return cv2.adaptiveThreshold(b, 255, cv2.ADAPTIVE_THRESH_MEAN_C if rng.integers(2) else cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, block, rng.uniform(2, 6))


def washes(g, rng):
    f = g.astype(np.float32) / 255
    s = rng.uniform(1.2, 3)
    p = rng.uniform(10, 25)
    d = (1 + p) * cv2.GaussianBlur(f, (0, 0), s) - p * cv2.GaussianBlur(f, (0, 0), s * 1.6)
    e = rng.uniform(0.4, 0.7)
    out = np.where(d >= e, 1, 1 + np.tanh(rng.uniform(4, 12) * (d - e)))
    return np.clip(out * 255, 0, 255).astype(np.uint8)


def hand(g, rng):
    s = 700 / max(g.shape)
    g = cv2.resize(g, None, fx=s, fy=s, interpolation=cv2.INTER_AREA if s < 1 else cv2.INTER_CUBIC)
    b = cv2.bilateralFilter(g, 9, 50, 7)
    b = cv2.GaussianBlur(b, (0, 0), rng.uniform(1.5, 3.5))
    hi = np.percentile(np.hypot(cv2.Sobel(b, cv2.CV_32F, 1, 0), cv2.Sobel(b, cv2.CV_32F, 0, 1)), rng.uniform(88, 94))
    out = strokes(cv2.Canny(b, hi * 0.4, hi), rng, rng.uniform(2, 5), rng.uniform(0.003, 0.01), rng.uniform(0.05, 0.3), b.shape)
    y, x = np.mgrid[0:out.shape[0], 0:out.shape[1]]
    paper = rng.uniform(0.75, 1) * (1 - 0.15 * (x / out.shape[1]) * rng.uniform(-1, 1))
    out = out * paper + rng.normal(0, 4, out.shape)
    return np.clip(out, 0, 255).astype(np.uint8)


def woven(g, rng):
    n = int(rng.integers(60, 110))
    s = n / max(g.shape)
    small = cv2.resize(g, None, fx=s, fy=s, interpolation=cv2.INTER_AREA)
    k = int(rng.integers(3, 6))
    cuts = np.percentile(small, np.linspace(0, 100, k + 1)[1:-1])
    shade = rng.permutation(np.linspace(30, 230, k)) if rng.integers(2) else np.linspace(30, 230, k)
    if rng.integers(2):
        shade = shade[::-1]
    q = shade[np.digitize(small, cuts)]
    c = 9
    big = np.kron(q, np.ones((c, c)))
    y, x = np.mgrid[0:c, 0:c]
    cross = ((abs(x - y) <= 1) | (abs(x + y - c + 1) <= 1)).astype(float)
    t = np.tile(cross, small.shape)
    ground = rng.uniform(100, 230)
    out = big * t + (1 - t) * (ground * 0.45 + 0.55 * big) + rng.normal(0, 6, big.shape)
    return np.clip(cv2.GaussianBlur(out, (0, 0), 0.8), 0, 255).astype(np.uint8)


def carved(g, rng):
    s = 700 / max(g.shape)
    g = cv2.resize(g, None, fx=s, fy=s, interpolation=cv2.INTER_AREA if s < 1 else cv2.INTER_CUBIC)
    b = cv2.GaussianBlur(cv2.bilateralFilter(g, 9, 40, 7), (0, 0), rng.uniform(1.2, 2.5)).astype(np.float32)
    if rng.integers(2):
        b = 255 - b
    k = rng.integers(3, 6)
    b = b * 0.4 + 0.6 * cv2.GaussianBlur(np.floor(b / 256 * k) * (256 / k), (0, 0), 1.5)
    gx, gy = cv2.Sobel(b, cv2.CV_32F, 1, 0), cv2.Sobel(b, cv2.CV_32F, 0, 1)
    a = rng.uniform(0, 2 * math.pi)
    steep = rng.uniform(0.02, 0.05)
    n = np.sqrt(1 + steep * steep * (gx * gx + gy * gy))
    light = (0.75 - steep * 0.65 * (gx * math.cos(a) + gy * math.sin(a))) / n
    grain = cv2.GaussianBlur(rng.normal(0, 1, b.shape).astype(np.float32), (0, 0), 2) * 0.06
    out = (light + grain) * rng.uniform(140, 220) + rng.normal(0, 4, b.shape)
    return np.clip(out, 0, 255).astype(np.uint8)


MANNERS = {f.__name__: f for f in (contours, ink, washes, hand, woven, carved)}


def part(grey, rng, low, high):
    h, w = grey.shape
    f = rng.uniform(low, high)
    cw, ch = int(w * f), min(h, int(h * f * (rng.uniform(0.85, 1.18) if f < 0.8 else 1)))
    x, y = int(rng.integers(w - cw + 1)), int(rng.integers(h - ch + 1))
    return grey[y:y + ch, x:x + cw], (x, y, x + cw, y + ch)


def queries(grey, number):
    for m, (name, make) in enumerate(MANNERS.items()):
        for again in range(2):
            rng = np.random.default_rng([5, number, m, again])
            whole = again == 0 and m % 2 == number % 2
            piece, box = part(grey, rng, 0.9, 1.0) if whole else part(grey, rng, 0.3, 0.7)
            yield name, whole, measure.fit(make(piece, rng), 640), box


def box_of(corners, shape):
    at = np.array(corners).reshape(4, 2) * max(shape) / 1023
    return (*np.maximum(at.min(0), 0), *np.minimum(at.max(0), shape[::-1]))


def main():
    bench = measure.Bench(sys.argv[1])
    works, others = ([measure.fit(measure.grey_of(f), 1600) for f in sorted(pathlib.Path(folder).iterdir())
                      if f.suffix.lower() in (".jpg", ".jpeg", ".png")] for folder in sys.argv[2:4])
    every, first = (int(n) for n in sys.argv[4:6]) if len(sys.argv) > 4 else (1, 0)
    for grey in works + others:
        bench.say(f"form {bench.put(measure.fit(grey, measure.INDEX_SIDE))}")
        bench.hear()
    pictures, _ = bench.build()
    rows, took, boxes = collections.defaultdict(list), [], []
    for number in range(first, len(works), every):
        for name, whole, grey, box in queries(works[number], number):
            bench.say(f"drawn {bench.put(grey)} 50")
            count, us = bench.hear()
            hits = [bench.hear() for _ in range(int(count))]
            right = bool(hits) and hits[0][0] == number
            own = max([h[1] for h in hits if h[0] == number], default=0)
            rows[name].append((right, any(h[0] == number for h in hits[:10]), own, max([h[1] for h in hits if h[0] != number], default=0)))
            took.append(us / 1000)
            if right:
                boxes.append(measure.overlap(box_of(hits[0][2:], works[number].shape), box))
    for name, row in rows.items():
        print(f"{name}: P@1 {np.mean([r[0] for r in row]):.3f} of {len(row)}")
    row = np.array(sum(rows.values(), []), float)
    chance = np.percentile(row[:, 3], [50, 90, 99])
    sure = (row[:, 0] == 1) & (row[:, 2] > chance[2])
    print(f"all: {int(pictures)} pictures, P@1 {row[:, 0].mean():.3f} R@10 {row[:, 1].mean():.3f}; best wrong score 50 90 99 % {chance.round(2)}; "
          f"right above that of 99 %: {sure.mean():.3f}; IoU of the right {np.mean(boxes):.3f}; CPU ms {np.median(took):.0f}")


if __name__ == "__main__":
    main()
