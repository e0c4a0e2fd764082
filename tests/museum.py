# SPDX-License-Identifier: Apache-2.0
"""A museum for tests: a temporary home, the program's verbs, a server on a free port, requests to it.

    with Museum() as m:
        m.run("ingest", SAMPLES)
        with m.serving():
            status, headers, body = m.get("/search?q=vase")

Tests are functions named test_*; `main(globals())` runs them in order and speaks TAP. A test that cannot run on this
machine raises Skip("why"). BUILD (environment) is the build folder, by default build/.
"""
import atexit
import contextlib
import http.client
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
VITRINE = BUILD / "vitrine"
SAMPLES = ROOT / "samples"


class Skip(Exception):
    pass


class Museum:
    def __init__(self, access="full", keep=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vitrine-test-"))
        self.home = self.folder / "home"
        self.keep = keep
        self.port = None
        self.server = None
        self.started = []
        atexit.register(self.close)
        self.run("init", "--yes", "--name", "Test museum", "--access", access)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Called at the latest when the tests end, however they end: no server and no folder is left behind."""
        atexit.unregister(self.close)
        try:
            self.stop()
        finally:
            for process in self.started:
                process.kill()
                process.wait()
            if not self.keep:
                shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words, code=0, timeout=300, **more):
        """Runs a verb, expects the exit code (None: any), returns the finished process with text output."""
        done = subprocess.run([VITRINE, "-C", self.home, *map(str, words)], stdin=subprocess.DEVNULL, timeout=timeout,
                              capture_output=True, text=True, check=False, **more)
        if code is not None:
            assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words, **more):
        return json.loads(self.run(*words, "--json", **more).stdout)

    def command(self, *words):
        """The words of a verb's command line, for callers who start it themselves."""
        return [VITRINE, "-C", self.home, *map(str, words)]

    def start(self, *words):
        """Starts a verb in the background."""
        process = subprocess.Popen([VITRINE, "-C", self.home, *map(str, words)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.started.append(process)
        return process

    def serve(self, *words, files=None):
        """With at most `files` descriptors, if given. On a port that the server itself takes: one found beforehand could be another's by then, who would answer in its place."""
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        self.stop()
        self.log = open(self.folder / "serve.log", "a+", encoding="utf-8")
        said = self.log.seek(0, os.SEEK_END)
        self.server = subprocess.Popen([VITRINE, "-C", self.home, "serve", "--listen", "127.0.0.1:0", *words],
                                       stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                       preexec_fn=limit if files else None)
        self.wait(lambda: self.find_port(said), "the server says where it listens")
        self.wait(lambda: self.get("/healthz")[0] == 200, "the server answers")

    def find_port(self, said):
        self.log.seek(said)
        told = self.log.read()
        assert self.server.poll() is None, f"the server ended: {told}"
        found = re.search(r"^Open  http://127\.0\.0\.1:(\d+)/", told, re.MULTILINE)
        self.port = int(found[1]) if found else None
        return found

    def stop(self, how=signal.SIGTERM):
        """Ends the server, in any case; one that does not end by itself fails the test."""
        server, self.server = self.server, None
        if server:
            server.send_signal(how)
            try:
                server.wait(timeout=30)
            finally:
                server.kill()
                server.wait()
                self.log.close()

    @contextlib.contextmanager
    def serving(self):
        self.serve()
        try:
            yield self
        finally:
            self.stop()

    @staticmethod
    def wait(good, what, seconds=30):
        """Waits until good() is true; refused connections count as not yet."""
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if good():
                    return
            assert time.monotonic() < end, f"waited {seconds} s in vain: {what}"
            time.sleep(0.05)

    def wait_indexed(self):
        """Until the served index knows the whole ledger."""
        self.wait(lambda: "\nvitrine_index_behind 0\n" in self.get("/metrics")[2].decode(), "the index has caught up")

    def request(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.request("GET", path, {k.replace("_", "-"): v for k, v in headers.items()})

    def get_json(self, path):
        status, _, body = self.get(path)
        assert status == 200, f"{path}: {status} {body[:200]}"
        return json.loads(body)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


def main(names):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was begun is ended, as by Ctrl-C
    tests = [(n, f) for n, f in names.items() if n.startswith("test_") and callable(f)]
    only = sys.argv[1:]
    tests = [(n, f) for n, f in tests if not only or n in only]
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} {name}", flush=True)
        except Skip as why:
            print(f"ok {number} {name} # SKIP {why}", flush=True)
        except Exception:  # a failed test, whatever it was
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} {name}", flush=True)
    sys.exit(1 if failed else 0)
