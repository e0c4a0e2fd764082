#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A neural model of the museum's own, from outside: a tiny one in the real ONNX Runtime (its library out of the npm
package onnxruntime-node, or where ONNXRUNTIME says), behind bars; and the museum without it, or with a broken one."""
import functools
import os
import pathlib
import signal
import struct
import subprocess
import sys
import zlib

import tiny_model
from museum import BUILD, ROOT, Museum, Skip, main

HERE = pathlib.Path(__file__).resolve().parent


@functools.cache
def runtime():
    """The path of the library, fetched once by lock file."""
    if os.environ.get("ONNXRUNTIME"):
        return os.environ["ONNXRUNTIME"]
    work = BUILD / "tests" / "onnxruntime"
    library = work / "libonnxruntime.so.1"
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(os.uname().machine, "none")
    work.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, ROOT / "tools" / "npm-take", HERE / "model", work / "npm",
                           f"onnxruntime-node/bin/napi-v6/linux/{machine}/libonnxruntime.so.1={library}"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skip("ONNX Runtime cannot be had here: " + done.stderr.strip().splitlines()[-1])
    return library


def png(path, pixel, side=320):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + bytes(c for x in range(side) for c in pixel(x, y)) for y in range(side))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def red_left(x, y):
    return (200, 30, 30) if x < 160 else (30, 30, 200)


def blue_left(x, y):
    return red_left(319 - x, y)


def striped(x, y):
    """Red left, but to the eye of edges another thing: stripes that leave the mean colours nearly alone."""
    r, g, b = red_left(x, y)
    return (r + 50, g + 50, b + 50) if y // 4 % 2 else (r - 20, g - 20, b - 20)


def grey(x, y):
    return (90 + (x + y) // 6,) * 3


def museum(model=None):
    m = Museum()
    pictures = m.folder / "pictures"
    pictures.mkdir()
    for name, pixel in (("a", red_left), ("b", blue_left), ("c", striped), ("d", grey)):
        png(pictures / f"{name}.png", pixel)
    m.run("ingest", pictures)
    if model is not None:
        (m.home / "likeness.onnx").write_bytes(model)
        with open(m.home / "museum.conf", "a", encoding="utf-8") as conf:
            conf.write(f"model_library = {runtime()}\nmodel_file = likeness.onnx\nmodel_mean = 0.5,0.5,0.5\nmodel_deviation = 0.5,0.5,0.5\n")
    return m


def likeness(answer):
    return {hit["id"]: hit["score"] for hit in answer["hits"]}


def served(m, query="image=a:1"):
    return likeness(m.get_json(f"/api/look?kind=like&perhaps=1&{query}"))


def test_the_model_counts_for_likeness():
    with museum() as without, museum(tiny_model.model()) as m:
        plain = likeness(without.json("look", "--image", "a:1", "--kind", "like"))
        asked = likeness(m.json("look", "--image", "a:1", "--kind", "like"))
        assert asked["a"] > 0.99 and asked["c"] > 0.8 and asked.get("b", 0) < asked["c"], asked
        assert asked != plain and (m.home / "visual" / "vectors").stat().st_size == 32 + 4 * (24 + 48)
        assert not (without.home / "visual" / "vectors").exists()
        by_file = likeness(m.json("look", m.folder / "pictures" / "c.png", "--kind", "like"))
        assert by_file["c"] > 0.95 and by_file["a"] > 0.8, by_file
        with m.serving():
            assert served(m) == served(m)
            status, _, body = m.request("POST", "/api/look?kind=like", {"Content-Type": "image/png"},
                                        (m.folder / "pictures" / "a.png").read_bytes())
            assert status == 200 and b'"a"' in body


def test_new_pictures_are_shown_to_it_while_serving():
    with museum(tiny_model.model()) as m:
        with m.serving():
            vectors = m.home / "visual" / "vectors"
            m.wait(lambda: vectors.exists() and vectors.stat().st_size == 32 + 4 * 72, "all pictures were looked at", 60)
            png(m.folder / "pictures" / "e.png", lambda x, y: (30, 200, 30))
            m.run("ingest", m.folder / "pictures")
            m.wait(lambda: vectors.stat().st_size == 32 + 5 * 72, "the new one was looked at", 60)
            m.run("withdraw", "e", "--reason", "the law", "--yes")
            m.wait(lambda: vectors.stat().st_size == 32 + 4 * 72, "what is withdrawn leaves the vectors, too", 60)


def has_ended(pid):
    """Ended and not yet collected by its parent, or gone."""
    stat = pathlib.Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] in "ZX"


def models(m):
    """Processes of the server that run the model."""
    children = pathlib.Path(f"/proc/{m.server.pid}/task").glob("*/children")
    pids = {int(p) for c in children for p in c.read_text().split()}
    return [p for p in pids if b"vitrine-model" in pathlib.Path(f"/proc/{p}/cmdline").read_bytes() and not has_ended(p)]


def test_a_model_that_is_killed_is_started_again():
    with museum(tiny_model.model()) as m:
        with m.serving():
            body = (m.folder / "pictures" / "a.png").read_bytes()
            kind = {"Content-Type": "image/png"}
            for _ in range(3):
                assert m.request("POST", "/api/look?kind=like", kind, body)[0] == 200
                # A thread that ends while they are listed hands its children to another: look again.
                m.wait(lambda: len(models(m)) == 1, "one model is there")
                [model] = models(m)
                os.kill(model, signal.SIGKILL)
                m.wait(lambda: has_ended(model), "the kill has arrived")  # else the next question is put to the dying one


def test_what_is_no_model_is_told_and_the_museum_goes_on():
    hostile = {
        "nonsense": (b"nonsense", "cannot be read"),
        "empty": (b"", "empty"),
        "two inputs": (tiny_model.model(inputs=((1, 3, 16, 16), (1, 3, 16, 16))), "2 inputs"),
        "too small": (tiny_model.model(inputs=((1, 3, 4, 4),), output=(1, 3, 1, 1)), "gives 3 numbers"),
        "too large": (tiny_model.model(inputs=((1, 3, 0, 0),), output=(1, 3, 0, 0)), "gives 9408 numbers"),
        "no picture": (tiny_model.model(inputs=((1, 5, 16, 16),), output=(1, 5, 4, 4)), "neither"),
    }
    with museum(b"") as m:
        for name, (model, complaint) in hostile.items():
            (m.home / "likeness.onnx").write_bytes(model)
            done = m.run("look", "--image", "a:1", "--kind", "like", code=1)
            assert complaint in done.stderr, (name, done.stderr)
        with m.serving():
            m.wait(lambda: m.get("/api/look?kind=like&image=a:1")[0] == 200 and "a" in served(m), "likeness without the model", 60)
        told = (m.folder / "serve.log").read_text()
        assert "the model cannot be used" in told and told.count("the model cannot be used") == 1, told


def test_no_library_is_told():
    with museum() as m:
        with open(m.home / "museum.conf", "a", encoding="utf-8") as conf:
            conf.write("model_library = /nowhere/libonnxruntime.so\nmodel_file = likeness.onnx\n")
        assert "likeness.onnx" in m.run("look", "--image", "a:1", "--kind", "like", code=1).stderr
        (m.home / "likeness.onnx").write_bytes(tiny_model.model())
        assert "/nowhere" in m.run("look", "--image", "a:1", "--kind", "like", code=1).stderr
        with m.serving():
            m.wait(lambda: m.get("/api/look?kind=like&image=a:1")[0] == 200 and "a" in served(m), "likeness without the model", 60)


if __name__ == "__main__":
    main(globals())
