#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a set of motifs: motifs.py FOLDER COUNT SEED, then measure.py BENCH motifs FOLDER.

Each motif is on four objects (vessel, dish, cloth, tile), each time in two other colours, at another size and turn, by
another hand (line weight, softness, wobble), and once flat as the query. Needs python3-opencv.
"""
import math
import pathlib
import sys

import cv2
import numpy as np

SIDE = 480


def tile_of_arcs(rng):
    n = int(rng.integers(3, 6))
    way = rng.integers(0, 2, (n, n))

    def value(u, v):
        x, y = u * n, v * n
        i, j = np.floor(x).astype(int) % n, np.floor(y).astype(int) % n
        x, y = np.where(way[j, i], x % 1, 1 - x % 1), y % 1
        return np.minimum(abs(np.hypot(x, y) - 0.5), abs(np.hypot(1 - x, 1 - y) - 0.5)) * 4 - 0.6
    return value


def circles(rng):
    rings = [(rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.12, 0.45)) for _ in range(rng.integers(2, 5))]

    def value(u, v):
        out = np.full(u.shape, 9.0)
        for cx, cy, r in rings:
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    out = np.minimum(out, abs(np.hypot(u % 1 - cx - dx, v % 1 - cy - dy) - r))
        return out * 14 - 0.5
    return value


def waves(rng):
    terms = [(*rng.integers(0, 4, 2), rng.normal()) for _ in range(5)]
    bands = rng.uniform(1.5, 3)

    def value(u, v):
        s = sum(a * (np.cos(2 * math.pi * k * u) * np.cos(2 * math.pi * m * v) + np.cos(2 * math.pi * m * u) * np.cos(2 * math.pi * k * v))
                for k, m, a in terms)
        return np.sin(bands * s)
    return value


def vine(rng):
    sway, leaves, length = rng.uniform(0.08, 0.2), int(rng.integers(3, 7)), rng.uniform(0.09, 0.17)
    turns, wide = rng.uniform(0.5, 1.2, leaves), rng.uniform(0.25, 0.5)

    def value(u, v):
        u, v = u % 1, v % 1
        out = abs(v - 0.5 - sway * np.sin(2 * math.pi * u)) * 16 - 0.4
        for k in range(leaves):
            cu, side = (k + 0.5) / leaves, 1 if k % 2 else -1
            cv = 0.5 + sway * math.sin(2 * math.pi * cu) + side * length * 0.9
            x, y = (u - cu + 0.5) % 1 - 0.5, v - cv
            c, s = math.cos(side * turns[k]), math.sin(side * turns[k])
            out = np.minimum(out, 3 * (np.hypot((c * x + s * y) / length, (c * y - s * x) / (length * wide)) - 1))
        return out
    return value


def fretwork(rng):
    half = rng.integers(0, 2, (5, 5))
    quarter = np.maximum(half, half.T)
    cells = np.block([[quarter, np.rot90(quarter, 3)], [np.rot90(quarter), np.rot90(quarter, 2)]])

    def value(u, v):
        n = len(cells)
        big = cv2.GaussianBlur(np.kron(np.tile(cells, (3, 3)), np.ones((12, 12))).astype(np.float32), (0, 0), 2)
        x, y = ((u % 1) * 12 * n + 12 * n).astype(np.float32), ((v % 1) * 12 * n + 12 * n).astype(np.float32)
        return 3 - 6 * cv2.remap(big, x, y, cv2.INTER_LINEAR)
    return value


def blossoms(rng):
    petals, inner, deep, ring = rng.integers(3, 9, 2), rng.uniform(0.08, 0.2), rng.uniform(0.2, 0.5), rng.uniform(0.3, 0.42)

    def value(u, v):
        out = np.full(u.shape, 9.0)
        for (cx, cy), n, size in (((0.5, 0.5), petals[0], 1), ((0, 0), petals[1], 0.6)):
            x, y = (u - cx + 0.5) % 1 - 0.5, (v - cy + 0.5) % 1 - 0.5
            r, t = np.hypot(x, y) / size, np.arctan2(y, x)
            edge = ring * (1 - deep + deep * abs(np.cos(n * t / 2)))
            out = np.minimum(out, abs(r - edge) * 14 - 0.7)
            out = np.minimum(out, abs(r - inner) * 14 - 0.6)
        return out
    return value


FAMILIES = (tile_of_arcs, circles, waves, vine, fretwork, blossoms)


def surface(kind, rng):
    """Coordinates of the ornament at each pixel, and where the object is."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE / 2) - 1
    if kind == "vessel":
        width = 0.55 + 0.35 * np.cos((y + 0.25) * 2.1)
        inside = abs(x) < width
        return np.arcsin(np.clip(x / width, -1, 1)) * 0.75, y, inside
    if kind == "dish":
        r = np.hypot(x, y)
        bend = np.where(r > 0, np.arcsin(np.clip(r / 0.95, 0, 1)) / np.maximum(r, 1e-6), 1)
        return x * bend * 0.85, y * bend * 0.85, r < 0.93
    if kind == "cloth":
        a, b, p = rng.uniform(0.02, 0.05), rng.uniform(2, 5), rng.uniform(0, 6)
        return x + a * np.sin(b * y + p), y + rng.uniform(-0.2, 0.2) * x + a * np.cos(b * x), (abs(x) < 0.93) & (abs(y) < 0.93)
    return x, y, np.ones_like(x, bool)


def picture(value, kind, size, rng):
    x, y, inside = surface(kind, rng)
    turn = rng.uniform(-0.35, 0.35)
    u, v = (math.cos(turn) * x - math.sin(turn) * y) * size, (math.sin(turn) * x + math.cos(turn) * y) * size
    wobble = [cv2.resize(rng.normal(0, 1, (9, 9)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) * 0.012 for _ in range(2)]
    ink = 1 / (1 + np.exp(rng.uniform(3, 8) * (value(u + wobble[0], v + wobble[1]) + rng.uniform(-0.25, 0.25))))
    colours = rng.uniform(0, 1, (2, 3))
    while abs(colours[0].mean() - colours[1].mean()) < 0.3:
        colours = rng.uniform(0, 1, (2, 3))
    out = ink[..., None] * colours[0] + (1 - ink[..., None]) * colours[1]
    light = 0.75 + 0.25 * np.cos((x - rng.uniform(-1, 1)) * 0.9)
    out = np.where(inside[..., None], out * light[..., None], rng.uniform(0.2, 0.8))
    out = 255 * out + rng.normal(0, rng.uniform(1, 4), out.shape)
    return cv2.GaussianBlur(np.clip(out, 0, 255).astype(np.uint8), (0, 0), rng.uniform(0.4, 0.9))


def main():
    folder, count, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for name in ("img", "q"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    objects, queries, answers = ["item\tmotif\tfamily\tshape"], ["query\ttype\tfile"], []
    for number in range(count):
        family = FAMILIES[number % len(FAMILIES)]
        value = family(np.random.default_rng([seed, number]))
        rng = np.random.default_rng([seed, number, 1])
        size = rng.uniform(1.0, 1.8)
        for kind in ("vessel", "dish", "cloth", "tile"):
            item = f"o{len(objects):05d}"
            cv2.imwrite(str(folder / "img" / f"{item}.jpg"), picture(value, kind, size * rng.uniform(0.75, 1.35), rng), [1, 88])
            objects.append(f"{item}\tm{number:03d}\t{family.__name__}\t{kind}")
            answers.append(f"k{number:03d}\t{item}\t1")
        cv2.imwrite(str(folder / "q" / f"k{number:03d}.jpg"), picture(value, "flat", size, rng), [1, 88])
        queries.append(f"k{number:03d}\t{family.__name__}\tq/k{number:03d}.jpg")
    for name, lines in (("objects", objects), ("queries", queries), ("answers", answers)):
        (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
