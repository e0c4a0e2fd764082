#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a photograph of 12 megapixels costs from upload to answer, by parts:

  request.py [--rounds N] [PHOTO.jpg ...]               asks the sample collection; without photographs some are made of its pictures
  request.py --museum HOME FOLDER                       asks a museum that exists, with all photographs of a folder
  request.py --photograph PICTURES COUNT KIND FOLDER    makes such a folder: COUNT pictures of PICTURES (drawn by chance, always the same)
                                                        photographed; KIND is `shown` or `absent` (from the museum)
  ... --build FOLDER [--build FOLDER]                   of which build the servers are (otherwise BUILD or build/); of several, in turns

Photographs are as a telephone takes them: of the sample pictures three plain ones, one turned by EXIF, one progressive; of a folder plain ones. That needs
OpenCV. Told: wall time of the whole request (50th, 95th percentile and longest; of each photograph of the sample collection N rounds, 40; of a
folder one each), its parts as the answer's Server-Timing has them, and processor time of the server and its cage children a request.
`send` is what the client sees and the server does not: the connection, the body, the queue, the answer's way. Of a folder also how
often the right work was first, and how often what is absent was answered.
"""
import collections
import http.client
import json
import os
import pathlib
import random
import re
import sys
import tempfile
import time

import cv2
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
import museum  # noqa: E402
from museum import SAMPLES, Museum  # noqa: E402
from flood import children_of  # noqa: E402

EXIF_TURNED = bytes.fromhex("ffe10022457869660000" "4d4d002a00000008" "0001" "0112000300000001" "00060000" "00000000")
PARTS = ("whole", "send", "picture", "ask", "page")


class Standing(Museum):
    """A museum that exists, as it is."""

    def __init__(self, home, build):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vitrine-request-"))
        self.home, self.keep, self.port, self.server, self.started = home, False, None, None, []
        self.build = build

    def serve(self):
        museum.VITRINE = self.build / "vitrine"
        super().serve()
        self.wait(lambda: "\nvitrine_visual_behind 0\n" in self.get("/metrics")[2].decode(), "all is looked at and linked", 7200)


def photograph(to, number, ground, hung, *more):
    """A picture hanging somewhat askew before another one out of focus, with noise; 4032 x 3024, 4:2:0."""
    w, h = 4032, 3024
    back, front = cv2.imread(str(ground)), cv2.imread(str(hung))
    scale = max(w / back.shape[1], h / back.shape[0])
    part = back[:max(1, int(h / scale)), :max(1, int(w / scale))]
    out = cv2.resize(cv2.resize(part, (w // 20, h // 20), interpolation=cv2.INTER_AREA), (w, h), interpolation=cv2.INTER_LINEAR)
    scale = min(2900 / front.shape[1], 2300 / front.shape[0])
    front = cv2.resize(front, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    matrix = cv2.getRotationMatrix2D((front.shape[1] / 2, front.shape[0] / 2), -(3 + 2 * number), 1)
    matrix[:, 2] += [(w - front.shape[1]) / 2, (h - front.shape[0]) / 2]
    cv2.warpAffine(front, matrix, (w, h), dst=out, borderMode=cv2.BORDER_TRANSPARENT)
    noise = np.empty(out.shape, np.int16)
    cv2.setRNGSeed(number + 10)
    cv2.randn(noise, 0, 14)
    cv2.imwrite(str(to), np.clip(out + noise, 0, 255).astype(np.uint8),
                [cv2.IMWRITE_JPEG_QUALITY, 92, *more])  # 4:2:0 is OpenCV's habit
    return to


def photographs(folder):
    pictures = sorted((SAMPLES / "pictures").glob("*.jpg"))
    plain = [photograph(folder / f"photo-{i}.jpg", i, pictures[i], pictures[i + 4]) for i in range(3)]
    turned = folder / "turned.jpg"
    data = plain[0].read_bytes()
    turned.write_bytes(data[:2] + EXIF_TURNED + data[2:])
    return [*plain, turned, photograph(folder / "progressive.jpg", 3, pictures[3], pictures[7], cv2.IMWRITE_JPEG_PROGRESSIVE, 1)]


def make_folder(pictures, count, kind, folder):
    files = sorted(pathlib.Path(pictures).iterdir())
    chosen = random.Random(5).sample(files, int(count) + 1)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for number, (ground, hung) in enumerate(zip(chosen, chosen[1:])):
        photograph(folder / f"{kind}-{hung.stem}.jpg", number % 7 - 3, ground, hung)


def cpu_ms(pid):
    """Of all threads that there are; schedstat counts nanoseconds, stat only hundredths of a second."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text(encoding="ascii").split()[0]) / 1e6
        except OSError:
            pass  # it has ended
    return total


def all_cpu_ms(pid):
    return cpu_ms(pid) + sum(map(cpu_ms, children_of(pid)))


def ask(m, body):
    """Times by part in ms, and the answer."""
    before, begin = all_cpu_ms(m.server.pid), time.monotonic()
    c = http.client.HTTPConnection("127.0.0.1", m.port, timeout=60)
    c.request("POST", "/api/look", body, {"Content-Type": "image/jpeg"})
    answer = c.getresponse()
    text = answer.read()
    took = (time.monotonic() - begin) * 1000
    c.close()
    assert answer.status == 200, text
    parts = {name: float(ms) for name, ms in re.findall(r"(\w+);dur=([\d.]+)", answer.getheader("Server-Timing", ""))}
    return {"whole": took, "send": took - parts["all"], "picture": parts["picture"], "ask": parts["ask"],
            "page": parts["all"] - parts["picture"] - parts["ask"],
            "cpu": all_cpu_ms(m.server.pid) - before}, json.loads(text)


def percentiles(values):
    values = sorted(values)
    return f"p50 {values[len(values) // 2]:.1f}, p95 {values[int(len(values) * .95)]:.1f}, longest {values[-1]:.1f}"


def tell(title, asked):
    print(f"{title}: {sum(parts['cpu'] for parts in asked) / len(asked):.1f} ms of processor, {percentiles([parts['cpu'] for parts in asked])}")
    for name in PARTS:
        print(f"  {name:8} {percentiles([parts[name] for parts in asked])} ms")
    sys.stdout.flush()


def measure(servers, photo, rounds):
    body = photo.read_bytes()
    asked = collections.defaultdict(list)
    for turn in range(rounds + 1):
        for m in servers:
            parts, answer = ask(m, body)
            if turn > 0:  # by then a child has been started, and its memory is warm
                asked[m].append(parts)
    for m in servers:
        tell(f"{m.build.parent.name}/{m.build.name}, {photo.name}, {len(body) / 1e6:.1f} MB, {len(answer['hits'])} found", asked[m])


def measure_folder(servers, photos):
    for m in servers:
        ask(m, photos[0].read_bytes())
    asked, answers = (collections.defaultdict(list) for _ in range(2))
    for photo in photos:
        body = photo.read_bytes()
        kind, _, name = photo.stem.partition("-")
        for m in servers:
            parts, answer = ask(m, body)
            asked[m, kind].append(parts)
            answers[m, kind].append((name, [hit["title"] for hit in answer["hits"]], [hit["score"] for hit in answer["hits"]]))
    for m, kind in sorted(asked, key=lambda key: key[1], reverse=True):
        told, count = answers[m, kind], len(answers[m, kind])
        tell(f"{m.build.parent.name}/{m.build.name}, {count} {kind}", asked[m, kind])
        if kind == "absent":
            print(f"  answered all the same: {sum(bool(titles) for _, titles, _ in told)} of {count}")
        else:
            print(f"  the right work first: {sum(titles[:1] == [name] for name, titles, _ in told)} of {count}, "
                  f"found: {sum(name in titles for name, titles, _ in told)}; nothing: {sum(not titles for _, titles, _ in told)}")
        if m is not servers[0]:
            print(f"  answers that are not those of the first build: {sum(a != b for a, b in zip(told, answers[servers[0], kind]))}")


def take(arguments, name):
    """All values of an option; they are taken out."""
    values = []
    while name in arguments:
        at = arguments.index(name)
        values.append(arguments[at + 1])
        del arguments[at:at + 2]
    return values


def main(arguments):
    if arguments[:1] == ["--photograph"]:
        make_folder(*arguments[1:])
        return
    builds = [pathlib.Path(build) for build in take(arguments, "--build")] or [museum.BUILD]
    rounds = int((take(arguments, "--rounds") or [40])[-1])
    homes = take(arguments, "--museum")
    photos = [pathlib.Path(a) for a in arguments]
    with tempfile.TemporaryDirectory() as folder, Museum() as made:
        if not homes:
            made.run("ingest", SAMPLES, code=None, timeout=900)
        if len(photos) == 1 and photos[0].is_dir():
            photos = sorted(photos[0].glob("*.jpg"))
        servers = [Standing(pathlib.Path((homes or [made.home])[0]), build) for build in builds]
        try:
            for m in servers:
                m.serve()
            print(f"load {os.getloadavg()[0]:.1f}")
            if homes:
                measure_folder(servers, photos)
            else:
                for photo in photos or photographs(pathlib.Path(folder)):
                    measure(servers, photo, rounds)
            print(f"load {os.getloadavg()[0]:.1f}")
        finally:
            for m in servers:
                m.home = None  # it stays
                m.close()


if __name__ == "__main__":
    main(sys.argv[1:])
