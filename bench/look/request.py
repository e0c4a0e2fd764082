#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a photograph of 12 megapixels costs from upload to answer, by parts: request.py [--rounds N] [PHOTO.jpg ...]

Without photographs some are made of the sample pictures, as a telephone takes them (baseline, turned by EXIF, progressive); that needs
ImageMagick. The museum is the sample collection. Told: wall time of the whole request (50th, 95th percentile and longest of N rounds, 40),
its parts as the answer's Server-Timing has them, and processor time of the server and its cage children a request. `send` is what the
client sees and the server does not: the connection, the body, the queue, the answer's way. BUILD (environment) is the build folder.
"""
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
from museum import SAMPLES, Museum  # noqa: E402
from flood import children_of, cpu_s  # noqa: E402

PICTURES = sorted((SAMPLES / "pictures").glob("*.jpg"))
EXIF_TURNED = bytes.fromhex("ffe10022457869660000" "4d4d002a00000008" "0001" "0112000300000001" "00060000" "00000000")


def photograph(folder, number, ground, hung, *more):
    """A picture hanging somewhat askew before another one out of focus, with noise; 4032 x 3024, 4:2:0."""
    to = folder / f"photo-{number}.jpg"
    subprocess.run(["convert", "-size", "4032x3024", "xc:rgb(120,115,105)",
                    "(", ground, "-resize", "4032x3024^", "-gravity", "center", "-extent", "4032x3024", "-scale", "5%", "-resize", "4032x3024!", ")",
                    "-composite", "(", hung, "-resize", "2900x2300", "-background", "none", "-rotate", str(3 + 2 * number), ")", "-gravity", "center",
                    "-composite", "-attenuate", "0.15", "+noise", "Gaussian", "-quality", "92", "-sampling-factor", "4:2:0", *more, to], check=True)
    return to


def photographs(folder):
    plain = [photograph(folder, i, PICTURES[i], PICTURES[i + 4]) for i in range(3)]
    turned = folder / "turned.jpg"
    data = plain[0].read_bytes()
    turned.write_bytes(data[:2] + EXIF_TURNED + data[2:])
    return [*plain, turned, photograph(folder, 3, PICTURES[3], PICTURES[7], "-interlace", "JPEG")]


def all_cpu_s(pid):
    return cpu_s(pid) + sum(cpu_s(child) for child in children_of(pid))


def ask(m, body, query):
    begin = time.monotonic()
    c = http.client.HTTPConnection("127.0.0.1", m.port, timeout=60)
    c.request("POST", f"/api/look?{query}", body, {"Content-Type": "image/jpeg"})
    answer = c.getresponse()
    text = answer.read()
    took = (time.monotonic() - begin) * 1000
    c.close()
    assert answer.status == 200, text
    parts = {name: float(ms) for name, ms in re.findall(r"(\w+);dur=([\d.]+)", answer.getheader("Server-Timing", ""))}
    return {"whole": took, "send": took - parts["all"], "picture": parts["picture"], "ask": parts["ask"],
            "page": parts["all"] - parts["picture"] - parts["ask"]}, text


def percentiles(values):
    values = sorted(values)
    return f"p50 {values[len(values) // 2]:.1f}, p95 {values[int(len(values) * .95)]:.1f}, longest {values[-1]:.1f}"


def measure(m, photo, rounds):
    body = photo.read_bytes()
    ask(m, body, "")  # a child has been started, and its memory is warm
    before, all_parts = all_cpu_s(m.server.pid), []
    for _ in range(rounds):
        parts, text = ask(m, body, "")
        all_parts.append(parts)
    cpu = (all_cpu_s(m.server.pid) - before) / rounds * 1000
    print(f"{photo.name}: {len(body) / 1e6:.1f} MB, {cpu:.0f} ms of processor, {len(json.loads(text)['hits'])} found")
    for name in ("whole", "send", "picture", "ask", "page"):
        print(f"  {name:8} {percentiles([p[name] for p in all_parts])} ms")
    sys.stdout.flush()


def main(arguments):
    rounds = int(arguments[arguments.index("--rounds") + 1]) if "--rounds" in arguments else 40
    given = [pathlib.Path(a) for a in arguments if a.endswith((".jpg", ".jpeg"))]
    with Museum() as m, tempfile.TemporaryDirectory() as folder:
        m.run("ingest", SAMPLES, code=None, timeout=900)
        m.serve()
        m.wait(lambda: "\nvitrine_visual_behind 0\n" in m.get("/metrics")[2].decode(), "all is looked at and linked", 300)
        print(f"load {os.getloadavg()[0]:.1f}")
        for photo in given or photographs(pathlib.Path(folder)):
            measure(m, photo, rounds)
        print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
