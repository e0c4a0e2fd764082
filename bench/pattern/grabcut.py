#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sticker beside OpenCV's GrabCut, on the same made-up things in the same run: grabcut.py BENCH COUNT SEED.

GrabCut gets what the sticker gets: all but the rim may be the thing (5 % of a side), 5 rounds, one thread; once at full size
and once at 256 pixels with the mask made larger again. Intersection over union with the true outline, processor time a
picture. Needs python3-opencv."""
import pathlib
import subprocess
import sys
import tempfile
import time

import cv2
import numpy as np

RIM, ROUNDS, SMALL = 0.05, 5, 256
KINDS = ("studio", "shadow", "pieces")


def grab(picture, side):
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA) if side < width else picture
    rim = round(side * RIM)
    mask = np.zeros(small.shape[:2], np.uint8)
    cv2.grabCut(small, mask, (rim, rim, side - 2 * rim, side - 2 * rim), np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS,
                cv2.GC_INIT_WITH_RECT)
    thing = ((mask & 1) * 255).astype(np.uint8)
    return cv2.resize(thing, (width, height), interpolation=cv2.INTER_LINEAR) >= 128


def overlap(found, truth):
    return np.count_nonzero(found & truth) / max(np.count_nonzero(found | truth), 1)


def show(kind, way, scores, seconds):
    print(f"{kind}  {way:15} IoU mean {np.mean(scores):.3f}, median {np.median(scores):.3f}, "
          f"worst tenth below {np.quantile(scores, 0.1):.3f}; {1000 * seconds / len(scores):.1f} ms CPU", flush=True)


def main():
    bench, count, seed = sys.argv[1:4]
    cv2.setNumThreads(1)
    print(subprocess.run([bench, "cutout", count, seed], check=True, capture_output=True, text=True).stdout, end="")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([bench, "things", count, seed, folder], check=True)
        for kind in KINDS:
            files = sorted(pathlib.Path(folder).glob(f"{kind}-*.ppm"))
            truths = [cv2.imread(str(f.with_suffix(".pgm")), cv2.IMREAD_UNCHANGED) > 0 for f in files]
            for side in (512, SMALL):
                scores, start = [], time.process_time()
                for f, truth in zip(files, truths):
                    scores.append(overlap(grab(cv2.imread(str(f)), side), truth))
                show(kind, f"GrabCut {side}", scores, time.process_time() - start)


if __name__ == "__main__":
    main()
