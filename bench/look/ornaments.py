#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws made-up ornaments: ornaments.py FOLDER COUNT SEED. Each file NNNNN.pgm is one all-over pattern.

They stand in for pattern pictures when a vocabulary is trained and as distractors in bench/look; no motif of a
test set is among them. Needs python3-opencv.
"""
import math
import os
import sys

import cv2
import numpy as np

SIDE = 640


def closed(points):
    return np.round(np.array(points) * 16).astype(np.int32).reshape(-1, 1, 2)


def draw(picture, points, colour, width):
    if width < 0:
        cv2.fillPoly(picture, [closed(points)], colour, cv2.LINE_AA, 4)
    else:
        cv2.polylines(picture, [closed(points)], True, colour, max(1, width), cv2.LINE_AA, 4)


def unit(rng):
    """One motif as a list of shapes in [-1, 1]: polar curves, petals, polygons and spirals at random."""
    shapes = []
    for _ in range(rng.integers(2, 6)):
        kind, lobes, size = rng.integers(5), rng.integers(2, 9), rng.uniform(0.2, 1)
        t = np.linspace(0, 2 * math.pi, 120, endpoint=False)
        if kind == 0:
            r = size * (0.7 + 0.3 * np.cos(lobes * t + rng.uniform(0, 6)))
        elif kind == 1:
            r = size * np.abs(np.cos(lobes * t / 2)) ** rng.uniform(0.3, 2)
        elif kind == 2:
            t = np.linspace(0, 2 * math.pi, lobes + 1)[:-1] + rng.uniform(0, 3)
            r = np.full(len(t), size)
        elif kind == 3:
            s = np.linspace(0, rng.uniform(2, 5) * math.pi, 90)
            inner, outer = 0.08 * s, 0.08 * s + rng.uniform(0.04, 0.12)
            r, t = np.r_[inner, outer[::-1]] * size, np.r_[s, s[::-1]]
        else:
            r = size * (1 + 0.4 * np.sign(np.sin(lobes * t))) * 0.6
        shapes.append((np.c_[r * np.cos(t), r * np.sin(t)] + rng.uniform(-0.2, 0.2, 2), rng.integers(3)))
    return shapes


def pattern(rng):
    colours = rng.permutation(np.linspace(20, 235, 5)).astype(int).tolist()
    picture = np.full((SIDE, SIDE), colours[0], np.uint8)
    step, turn = rng.uniform(50, 200), rng.uniform(0, math.pi)
    shapes, skew, line = unit(rng), rng.choice([0, 0.5]), rng.choice([-1, -1, 1, 2, 4])
    along = np.array([math.cos(turn), math.sin(turn)]) * step
    across = np.array([-math.sin(turn), math.cos(turn)]) * step * rng.uniform(0.7, 1.3)
    reach = int(SIDE / step) + 3
    for j in range(-reach, reach):
        for i in range(-reach, reach):
            middle = SIDE / 2 + along * (i + skew * (j % 2)) + across * j
            if not (-step < middle[0] < SIDE + step and -step < middle[1] < SIDE + step):
                continue
            for points, fill in shapes:
                x, y = points[:, :1] * along * 0.55, points[:, 1:] * across * 0.55
                draw(picture, middle + x + y, colours[1 + fill], line)
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.5)).astype(np.float32)
    picture += cv2.resize(rng.normal(0, 10, (8, 8)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture + rng.normal(0, rng.uniform(1, 6), picture.shape), 0, 255).astype(np.uint8)


def main():
    folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.makedirs(folder, exist_ok=True)
    for number in range(count):
        cv2.imwrite(f"{folder}/{number:05d}.pgm", pattern(np.random.default_rng([seed, number])))


if __name__ == "__main__":
    main()
