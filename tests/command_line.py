#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line as a person or a script meets it: help, exit codes, init, configuration, nonsense."""
import json
import subprocess
import tempfile

from museum import VITRINE, Museum, main

VERBS = ["init", "ingest", "serve", "search", "verify", "rebuild", "doctor"]


def vitrine(*words, code):
    done = subprocess.run([VITRINE, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def test_help_fits_a_screen():
    for words in [["help"], *[[verb, "--help"] for verb in VERBS], *[["help", verb] for verb in VERBS]]:
        lines = vitrine(*words, code=0).stdout.splitlines()
        assert 2 < len(lines) <= 24, f"{words}: {len(lines)} lines"
        assert max(map(len, lines)) <= 110, f"{words}: a line of {max(map(len, lines))} characters"
        assert not words[0] == "help" or len(words) == 1 or words[1] in lines[0]


def test_wrong_words_exit_with_2():
    for words in [["nonsense"], ["init", "--nope"], ["serve", "--listen"], ["search", "--limit", "many"], ["search", "--limit", "0"],
                  ["verify", "too", "many"], ["ingest"], ["verify", "--threads", "0"], ["init", "--yes", "--access", "everybody"]]:
        done = vitrine(*words, code=2)
        assert done.stderr.startswith("vitrine: ") and "see: vitrine" in done.stderr, done.stderr
        assert not done.stdout


def test_no_museum_says_what_to_do():
    with tempfile.TemporaryDirectory() as folder:
        for verb in [["serve"], ["search", "x"], ["verify"], ["rebuild"], ["ingest", "x"]]:
            assert "init" in vitrine("-C", folder, *verb, code=1).stderr
            assert "init" in vitrine("-C", folder + "/none", *verb, code=1).stderr


def test_init_twice_harms_nothing():
    with Museum() as m:
        before = (m.home / "museum.conf").read_bytes()
        assert "already" in m.run("init", "--yes", "--name", "Another", code=1).stderr
        assert (m.home / "museum.conf").read_bytes() == before


def test_configuration_mistakes_are_named():
    with Museum() as m:
        conf = m.home / "museum.conf"
        conf.write_text(conf.read_text() + "\nacess = full\n")
        line = conf.read_text().splitlines().index("acess = full") + 1
        assert f"line {line}: acess: there is no such key" in m.run("verify", code=1).stderr


def test_empty_museum_works():
    with Museum() as m:
        assert m.json("verify")["objects"] == 0
        assert m.run("doctor", code=0)
        findings = m.json("doctor")
        assert all(f["finding"] != "bad" for f in findings), findings
        assert m.json("ingest", m.folder, code=None) is not None
        with m.serving():
            assert m.get("/")[0] == 200
            answer = m.get_json("/api/search?q=")
            assert answer["total"] == 0 and answer["hits"] == [] and answer["next"] is None
            assert m.get("/object/nothing")[0] == 404
        assert json.loads(m.run("search", "x", "--json").stdout)["total"] == 0


def test_the_museum_brings_its_own_words():
    with Museum() as m:
        delivery = m.folder / "delivery"
        delivery.mkdir()
        (delivery / "one.jsonl").write_text('{"id": "one", "titles": [{"lang": "en", "text": "Wide bowl of splendourware"}]}')
        m.run("ingest", delivery)
        assert m.json("search", "glanzzeug")["total"] == 0
        (m.home / "vocabularies").mkdir()
        (m.home / "vocabularies" / "own.csv").write_text(
            "concept,broader,lang,kind,label\nx1,,en,pref,splendourware\nx1,,de,pref,glanzzeug\n")
        m.run("ingest", delivery)  # whoever writes the index notices and makes it anew
        assert m.json("search", "glanzzeug")["total"] == 1
        (m.home / "vocabularies" / "bad.csv").write_text("\xff\xfe rubbish")
        assert "vocabularies/bad.csv" in m.run("search", "x", code=1).stderr


def test_rebuild_wants_to_be_alone():
    with Museum() as m, m.serving():
        assert "at work" in m.run("rebuild", code=1).stderr


if __name__ == "__main__":
    main(globals())
