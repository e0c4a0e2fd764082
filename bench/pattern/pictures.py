#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sheets of docs/pattern: pictures.py VITRINE HOME FOLDER. HOME holds a museum that has taken in samples/ (vitrine init,
vitrine ingest samples). Each row: the part, its tile four times, in few colours, in curves, its sticker; a grey field where
the kit says there is none. Needs python3-opencv and the vips command (for the curves)."""
import json
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np

SIDE, GAP, TEXT = 190, 6, 18
# Parts as shares of the picture: left, top, width, height.
PARTS = {
    "hits": (("met-436533:1", (0.02, 0.02, 0.96, 0.96)), ("met-436532:1", (0.1, 0.05, 0.8, 0.7)), ("met-39799:1", (0, 0, 1, 1))),
    "misses": (("pdv-zigzag-chevron-pattern-190:1", (0, 0, 1, 1)), ("met-54303:1", (0.25, 0.02, 0.7, 0.96)),
               ("met-45323:1", (0.05, 0.05, 0.9, 0.55))),
}


def size_of(home_run, image):
    """Of the picture in pixels: a kit of all of it says so."""
    with tempfile.TemporaryDirectory() as folder:
        facts = json.loads(subprocess.run([*home_run, "--json", "--out", folder, image], check=True, capture_output=True, text=True).stdout)
        return facts["region"][2:] if isinstance(facts["region"], list) else [int(v) for v in facts["region"].split(",")[2:]]


def fit(picture):
    if picture is None:
        return np.full((SIDE, SIDE, 3), 205, np.uint8)
    if picture.shape[2] == 4:  # on the two greys that stand for nothing
        y, x = np.mgrid[:picture.shape[0], :picture.shape[1]]
        step = max(picture.shape[:2]) // 24 + 1
        ground = np.where((x // step + y // step) % 2, 255, 225)[..., None]
        alpha = picture[..., 3:] / 255
        picture = (picture[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)
    scale = SIDE / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)[:SIDE, :SIDE]
    cell = np.full((SIDE, SIDE, 3), 255, np.uint8)
    cell[:small.shape[0], :small.shape[1]] = small
    return cell


def read(path):
    if not path.exists():
        return None
    if path.suffix == ".svg":
        png = path.with_suffix(".svg.png")
        subprocess.run(["vips", "thumbnail", path, png, "600"], check=True)
        path = png
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)


def row(folder):
    tile = read(folder / "tile.png")
    four = None if tile is None else np.tile(tile[..., :3], (2, 2, 1))
    pictures = [read(folder / "part.jpg"), four, *(read(folder / name) for name in ("flat.png", "trace.svg", "sticker.png"))]
    facts = json.loads((folder / "kit.json").read_text())
    repeat = facts.get("repeat") or {}
    said = ["the part", f"tile, sure {repeat.get('sure', 0)}" if tile is not None else "no repeat",
            f"{len(facts['palette'])} colours", "in curves", "sticker" if pictures[4] is not None else "nothing stands out"]
    cells = []
    for picture, text in zip(pictures, said):
        cell = np.full((SIDE + TEXT, SIDE + GAP, 3), 255, np.uint8)
        cell[:SIDE, :SIDE] = fit(picture)
        cv2.putText(cell, text, (2, SIDE + 13), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 1, cv2.LINE_AA)
        cells.append(cell)
    return np.hstack(cells)


def main():
    run, out = [sys.argv[1], "-C", sys.argv[2], "kit"], pathlib.Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    for name, parts in PARTS.items():
        rows = []
        for image, (x, y, w, h) in parts:
            with tempfile.TemporaryDirectory() as folder:
                wide, high = size_of(run, image)
                region = ",".join(str(int(v)) for v in (x * wide, y * high, w * wide, h * high))
                subprocess.run([*run, image, "--region", region, "--out", folder], check=True, stdout=subprocess.DEVNULL)
                rows.append(row(pathlib.Path(folder)))
        cv2.imwrite(str(out / f"{name}.jpg"), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 72])


if __name__ == "__main__":
    main()
