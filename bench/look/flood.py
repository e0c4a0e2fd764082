#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A flood of uploads, all at once, while somebody goes on looking at tiles and pages: flood.py PHOTO.jpg [COUNT].

COUNT (10,000) connections from many addresses of 127/8 (a server takes a few hundred from each) send the whole photograph. Told: what
was answered, how long tiles and pages took before and meanwhile, memory of the server and of the cage children at their highest, what is
left of the uploads. Needs `ulimit -n` above COUNT / 4 + 100. BUILD (environment) is the build folder.
"""
import collections
import http.client
import multiprocessing
import os
import pathlib
import selectors
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
from museum import SAMPLES, Museum  # noqa: E402

SENDERS, FROM_ONE_ADDRESS, PIECE, WAIT_S = 4, 300, 128 << 10, 300
SMALL = sorted((SAMPLES / "pictures").glob("*.jpg"))[1]


def connect(number, port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIECE)
    s.setblocking(False)
    address = number // FROM_ONE_ADDRESS
    s.bind((f"127.0.{address // 250 + 1}.{address % 250 + 1}", 0))
    s.connect_ex(("127.0.0.1", port))
    return s


def outcome(answer, problem):
    if answer.startswith(b"HTTP/1.1 "):
        status = answer[9:12].decode()
        return f"{status} with Retry-After" if b"\r\nretry-after:" in answer.lower() else status
    return f"no answer: {problem}"


def send(first, count, port, body, start, results):
    """One process: its share of the uploads, all open at the same time."""
    head = f"POST /api/look HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    data, told = memoryview(head + body), collections.Counter()
    os.nice(19)  # in life they are other machines
    start.wait()
    waiting = selectors.DefaultSelector()
    for number in range(first, first + count):
        waiting.register(connect(number, port), selectors.EVENT_READ | selectors.EVENT_WRITE, {"sent": 0, "got": b""})
    until = time.monotonic() + WAIT_S
    while waiting.get_map() and time.monotonic() < until:
        for key, events in waiting.select(5):
            one, problem, done = key.data, "closed", False
            try:
                if events & selectors.EVENT_READ:
                    more = key.fileobj.recv(65536)
                    one["got"] += more
                    done = not more
                elif one["sent"] < len(data):
                    one["sent"] += key.fileobj.send(data[one["sent"]:one["sent"] + PIECE])
                if one["sent"] == len(data):
                    waiting.modify(key.fileobj, selectors.EVENT_READ, one)
            except OSError as e:
                problem, done = e.strerror, True
                if one["sent"] < len(data) and not one["got"]:  # refused while sending: the answer may lie there
                    try:
                        one["got"] = key.fileobj.recv(65536)
                    except OSError:
                        pass
            if done:
                told[outcome(one["got"], problem)] += 1
                waiting.unregister(key.fileobj)
                key.fileobj.close()
    told["still waiting"] += len(waiting.get_map())
    results.put(told)


def resident_mb(pid):
    try:
        return int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6
    except (OSError, IndexError):
        return 0


def children_of(pid):
    found = pathlib.Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in found for child in path.read_text(encoding="ascii").split()]


class Visitor(threading.Thread):
    """Looks at a tile and a page in turn, on one connection, and at the memory of the server."""

    def __init__(self, museum, paths):
        super().__init__(daemon=True)
        self.museum, self.paths, self.stop = museum, paths, False
        self.times, self.failed = collections.defaultdict(list), []
        self.server_mb = self.children_mb = self.again = 0
        self.uploads = collections.Counter()

    def run(self):
        pid = self.museum.server.pid
        while not self.stop:
            for path in self.paths:
                begin = time.monotonic()
                try:
                    c = http.client.HTTPConnection("127.0.0.1", self.museum.port, timeout=30, source_address=("127.0.0.200", 0))
                    c.request("GET", path)
                    answer = c.getresponse()
                    if answer.status != 200:
                        self.failed.append(f"{path[:30]}: {answer.status} after {time.monotonic() - begin:.1f} s")
                    c.close()
                except (OSError, http.client.HTTPException) as e:
                    self.failed.append(f"{path[:30]}: {e!r} after {time.monotonic() - begin:.1f} s")
                self.times[path].append(time.monotonic() - begin)
            self.upload()
            self.server_mb = max(self.server_mb, resident_mb(pid))
            self.children_mb = max(self.children_mb, sum(map(resident_mb, children_of(pid))))
            time.sleep(0.05)

    def upload(self):
        """A photograph as the page sends it, from one more address; it comes again as it is told to."""
        if time.monotonic() < self.again:
            return
        try:
            c = http.client.HTTPConnection("127.0.0.1", self.museum.port, timeout=30, source_address=("127.0.0.201", 0))
            c.request("POST", "/api/look", SMALL.read_bytes(), {"Content-Type": "image/jpeg"})
            answer = c.getresponse()
            self.uploads[answer.status] += 1
            self.again = time.monotonic() + int(answer.getheader("Retry-After", 1))
            c.close()
        except (OSError, http.client.HTTPException) as e:
            self.uploads[repr(e)] += 1

    def tell(self, when):
        self.stop = True
        self.join()
        for path, times in self.times.items():
            times.sort()
            print(f"{when}: {path[-36:]}: {len(times)} times, p50 {times[len(times) // 2] * 1000:.1f} ms, "
                  f"p95 {times[int(len(times) * .95)] * 1000:.1f} ms, longest {times[-1] * 1000:.0f} ms")
        print(f"{when}: failed {len(self.failed)} {self.failed}; server {self.server_mb:.0f} MB, its children {self.children_mb:.0f} MB")
        print(f"{when}: the visitor's own photograph of {SMALL.stat().st_size / 1e3:.0f} kB: {dict(self.uploads)}")


def overflows():
    """Connections that the kernel turned away because the queue before a server was full."""
    names, values = [line.split() for line in pathlib.Path("/proc/net/netstat").read_text(encoding="ascii").splitlines()[:2]]
    return dict(zip(names[1:], map(int, values[1:])))["ListenOverflows"]


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def main(photo, count=10000):
    body = pathlib.Path(photo).read_bytes()
    with Museum() as m:
        m.run("ingest", SAMPLES, code=None, timeout=900)
        m.serve()
        hits = lambda: m.get_json("/api/look?colours=1f4e79")["hits"]  # noqa: E731
        m.wait(hits, "there is an index", 180)
        image = hits()[0]["image"]
        paths = [f"/iiif/3/{image}/0,0,256,256/256,256/0/default.jpg", f"/iiif/3/{image}/0,0,512,512/512,512/0/default.jpg",
                 "/search?q=a", f"/object/{hits()[0]['id']}"]
        quiet = Visitor(m, paths)
        quiet.start()
        time.sleep(5)
        quiet.tell("before")
        start, results = multiprocessing.Event(), multiprocessing.Queue()
        share = int(count) // SENDERS
        senders = [multiprocessing.Process(target=send, args=(i * share, share, m.port, body, start, results)) for i in range(SENDERS)]
        for sender in senders:
            sender.start()
        visitor, begin, before_s = Visitor(m, paths), time.monotonic(), cpu_s(m.server.pid)
        dropped = overflows()
        visitor.start()
        start.set()
        told = sum((results.get() for _ in senders), collections.Counter())
        took = time.monotonic() - begin
        visitor.tell("meanwhile")
        print(f"{share * SENDERS} uploads of {len(body) / 1e6:.1f} MB in {took:.0f} s, {cpu_s(m.server.pid) - before_s:.1f} s of processor: {dict(told)}; "
              f"queue overflowed {overflows() - dropped} times")
        time.sleep(2)
        if m.server.poll() is not None:
            sys.exit(f"the server ended with {m.server.poll()}")
        fds = list(pathlib.Path(f"/proc/{m.server.pid}/fd").iterdir())
        left = [f for f in fds if "memfd:upload" in os.path.realpath(f)]
        middle = body[len(body) // 2:len(body) // 2 + 64]
        kept = [p for p in m.home.rglob("*") if p.is_file() and middle in p.read_bytes()]
        status = m.request("POST", "/api/look", {"Content-Type": "image/jpeg"}, body)[0]
        print(f"afterwards: server {resident_mb(m.server.pid):.0f} MB, {len(fds)} open files, uploads open {len(left)}, kept {kept}, an upload {status}")
        for sender in senders:
            sender.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
