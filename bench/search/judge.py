#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes judged questions from the judged records by rule, without a look at any answer: judge.py VOCABULARY.csv > writes fresh/.

Chance is seeded, so that the same records give the same questions. Needs uconv (ICU) for pinyin and traditional characters. What
is right is decided on the records as they are delivered: by equal makers, titles that contain the words, ranges of years, sizes, and
the words of a concept and of those narrower in any language."""
import csv
import json
import os
import random
import re
import subprocess
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDS = [json.loads(line) for line in open(os.path.join(HERE, "judged", "records.jsonl"), encoding="utf-8")]
USED = {line.split("\t")[3] for line in open(os.path.join(HERE, "judged", "queries.tsv"), encoding="utf-8")}
chance = random.Random(20261127)
questions = []


def fold(text):
    marked = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"\w+", "".join(c for c in marked if not unicodedata.combining(c))))


def converted(text, rule):
    return subprocess.run(["uconv", "-x", rule], input=text, capture_output=True, text=True, check=True).stdout.strip()


def titles(record):
    return [t["text"] for t in record["titles"]]


def add(kind, lang, text, right, rule):
    right = sorted({r["id"] for r in right})
    if right and text not in USED:
        USED.add(text)
        questions.append((kind, lang, text, right, rule))


def made_by(name):
    return [r for r in RECORDS if any(fold(name) in fold(m) for m in r.get("makers", []))]


NAMES = """ru Тёрнер=Joseph Mallord William Turner|ja ターナー=Joseph Mallord William Turner|zh 透纳=Joseph Mallord William Turner
ko 터너=Joseph Mallord William Turner|ru Дюрер=Albrecht Dürer|zh 丢勒=Albrecht Dürer|ja デューラー=Albrecht Dürer|el Ντύρερ=Albrecht Dürer
ru Гойя=Goya|zh 戈雅=Goya|ja ゴヤ=Goya|ru Ван Гог=Vincent van Gogh|zh 梵高=Vincent van Gogh|ja ゴッホ=Vincent van Gogh|ko 고흐=Vincent van Gogh
ja 喜多川歌麿=Kitagawa Utamaro|ja 歌麿=Kitagawa Utamaro|ru Утамаро=Kitagawa Utamaro|ja 葛飾北斎=Katsushika Hokusai|ru Хокусай=Katsushika Hokusai
ja ゴーギャン=Paul Gauguin|ru Гоген=Paul Gauguin|zh 高更=Paul Gauguin|zh 沈周=Shen Zhou|zh Shen Chou=Shen Zhou|zh 华嵒=Hua Yan
ru Россетти=Dante Gabriel Rossetti|ja ロセッティ=Dante Gabriel Rossetti|ru Гейнсборо=Thomas Gainsborough|ru Брейгель=Pieter Bruegel
ja ブリューゲル=Pieter Bruegel|zh 勃鲁盖尔=Pieter Bruegel|ru Хогарт=William Hogarth|ja ホガース=William Hogarth|ru Сарджент=John Singer Sargent
zh 萨金特=John Singer Sargent|ja フランク・ロイド・ライト=Frank Lloyd Wright|ru Фрэнк Ллойд Райт=Frank Lloyd Wright|zh 弗兰克·劳埃德·赖特=Frank Lloyd Wright
ru Берн-Джонс=Burne-Jones"""


def names():
    for pair in NAMES.replace("\n", "|").split("|"):
        (lang, text), name = pair.split("=")[0].split(" ", 1), pair.split("=")[1]
        add("name in another script", lang, text, made_by(name), "maker = " + name)
    long = sorted({m for r in RECORDS for m in r.get("makers", []) if re.fullmatch(r"(\w+ ){2}\w+", m) and not m.startswith(("unknown", "Sir"))})
    for at, name in enumerate(chance.sample(long, 10)):
        first, second, last = name.split()
        text = "%s. %s. %s" % (first[0], second[0], last) if at % 2 else "%s, %s.%s." % (last, first[0], second[0])
        add("initials", "en", text, made_by(name), "maker = " + name)


def with_edit(word, how):
    at = chance.randrange(1, len(word) - 1)
    if how == 0:
        return word[:at] + word[at + 1:]
    if how == 1:
        return word[:at] + word[at] * 2 + word[at + 1:]
    if how == 2:
        return word[:at] + word[at + 1] + word[at] + word[at + 2:]
    return word[:at] + chance.choice("aeiourstn") + word[at + 1:]


def typos():
    english = [r for r in RECORDS if r["lang"] == "en"]
    for at, r in enumerate(chance.sample(english, 40)):
        words = [w for w in fold(r["titles"][0]["text"]).split() if w.isalpha() and len(w) > 3][:3]
        at_word = next((i for i, w in enumerate(words) if len(w) > 5), None)
        if at_word is None or len(words) < 2:
            continue
        right = [x for x in RECORDS if all(w in fold(" ".join(titles(x))).split() for w in words)]
        wrong = words[:at_word] + [with_edit(words[at_word], at % 4)] + words[at_word + 1:]
        if wrong != words:
            add("typing error in a title", "en", " ".join(wrong), right, "title has: " + " ".join(words))
    surnames = sorted({fold(m).split()[-1] for r in RECORDS for m in r.get("makers", []) if not re.search(r"unknown|[(,]", m)})
    for at, name in enumerate(chance.sample([s for s in surnames if len(s) > 6 and s.isalpha()], 12)):
        right = [r for r in RECORDS if any(name in fold(m).split() for m in r.get("makers", []))]
        add("typing error in a surname", "en", with_edit(name, at % 4), right, "maker has: " + name)


def numbers():
    plain = [r for r in RECORDS if re.fullmatch(r"\d+(\.\d+)+", r.get("accession", ""))]
    for at, r in enumerate(chance.sample(plain, 16)):
        number = r["accession"]
        text = [number.replace(".", "/"), number.replace(".", " "), number.replace(".", "–"), "inv. no. " + number,
                "#" + number, number.replace(".", ""), number.replace(".", "_"), number.replace(".", " . ")][at % 8]
        add("accession number", "-", text, [x for x in RECORDS if x.get("accession") == number], "accession = " + number)
    tate = [r for r in RECORDS if re.fullmatch(r"[A-Z]0\d+", r.get("accession", ""))]
    for at, r in enumerate(chance.sample(tate, 6)):
        number = r["accession"]
        text = [number.lower(), number[0] + " " + number[1:], number[0] + "-" + number[1:]][at % 3]
        add("accession number", "-", text, [x for x in RECORDS if x.get("accession") == number], "accession = " + number)


def dated(earliest, latest):
    return [r for r in RECORDS if "date_earliest" in r and r["date_earliest"] <= latest and r["date_latest"] >= earliest]


PERIODS = {"唐": "Tang dynasty|唐代|唐朝|Dynastie Tang", "北宋": "Northern Song|北宋", "南宋": "Southern Song dynasty|南宋时期", "西汉": "Western Han|西漢|前漢",
           "战国": "Warring States|戰國|Zhanguo", "西周": "Western Zhou|西周时期", "商": "Shang dynasty|商代|殷", "新石器时代": "Neolithic|新石器時代|neolithisch",
           "元": "Yuan dynasty|元代|元朝", "隋": "Sui dynasty|隋代", "北魏": "Northern Wei", "秦": "Qin dynasty|秦代", "五代": "Five Dynasties", "春秋": "Spring and Autumn period"}


def dates():
    for year in chance.sample(range(1650, 2000), 6):
        add("year", "-", str(year), dated(year, year), "dates overlap")
    for decade in chance.sample(range(1700, 1990, 10), 6):
        text = chance.choice(["%ds", "the %ds", "Années %d", "%d年代"]) % decade
        add("decade", "-", text, dated(decade, decade + 9), "dates overlap")
    for text, a, b in (("19. Jahrhundert", 1801, 1900), ("XVIIIe siècle", 1701, 1800), ("late 18th century", 1767, 1800), ("17世紀", 1601, 1700),
                       ("early 20th century", 1901, 1933), ("1733-36", 1733, 1736), ("ca. 1820", 1815, 1825), ("between 1860 and 1870", 1860, 1870),
                       ("before 1600", -3000, 1600), ("1920年", 1920, 1920)):
        add("date in words", "-", text, dated(a, b), "dates overlap %d..%d" % (a, b))
    for period, texts in PERIODS.items():
        for text in texts.split("|"):
            add("period", "-", text, [r for r in RECORDS if r.get("date_text") == period], "date = " + period)


def sizes():
    metric = [r for r in RECORDS if re.search(r"\d+ x \d+ mm", r.get("dimensions", ""))]
    for at, r in enumerate(chance.sample(metric, 9)):
        a, b = map(int, re.search(r"(\d+) x (\d+)", r["dimensions"]).groups())
        text = ["%g x %g cm" % (a / 10, b / 10), "%d × %d mm" % (a, b), "%g cm" % (a / 10)][at % 3]
        wanted = [a, b] if at % 3 < 2 else [a]
        right = [x for x in RECORDS if " mm" in x.get("dimensions", "") and all(str(w) in re.findall(r"\d+", x["dimensions"]) for w in wanted)]
        add("size", "-", text, right, "dimensions have %s mm" % wanted)
    inches = [r for r in RECORDS if re.fullmatch(r"[\d.]+ x [\d.]+ in", r.get("dimensions", ""))]
    for at, r in enumerate(chance.sample(inches, 5)):
        a, b = map(float, re.findall(r"[\d.]+", r["dimensions"]))
        text = ["%g x %g inches" % (a, b), "%g\" x %g\"" % (a, b), "%.1f cm" % (a * 2.54)][at % 3]
        right = [x for x in RECORDS if x.get("dimensions", "").endswith(" in") and
                 a in map(float, re.findall(r"[\d.]+", x["dimensions"])) and (at % 3 == 2 or b in map(float, re.findall(r"[\d.]+", x["dimensions"])))]
        add("size", "-", text, right, "dimensions = " + r["dimensions"])


def concepts(path):
    labels, broader = {}, {}
    for row in csv.DictReader(open(path, encoding="utf-8")):
        labels.setdefault(row["concept"], []).append((row["lang"], row["label"]))
        if row["broader"]:
            broader.setdefault(row["broader"], set()).add(row["concept"])

    def named(concept):
        words = [label for c in {concept} | broader.get(concept, set()) for _, label in labels[c]]
        found = []
        for r in RECORDS:
            text = " ".join([r.get("medium", ""), r.get("classification", ""), *titles(r)])
            plain = " %s " % fold(text)
            if any(w in text if ord(w[0]) > 0x2E80 else " %s " % fold(w) in plain or " %ss " % fold(w) in plain for w in words):
                found.append(r)
        return found

    for concept in sorted(broader) + chance.sample(sorted(set(labels) - set(broader)), 8):
        for lang, label in chance.sample(labels[concept], min(3, len(labels[concept]))):
            add("broad term" if concept in broader else "concept", lang, label, named(concept), "concept " + concept)
    for surname, lang, label, concept in (("Turner", "zh", "水彩", "watercolour"), ("Gainsborough", "fr", "peinture", "painting"), ("Gill", "de", "Holz", "wood"),
                                          ("Hogarth", "ja", "版画", "print"), ("Legros", "zh", "蚀刻", "etching"), ("Gilbert", "ko", "청동", "bronze"),
                                          ("Daniell", "zh", "版画", "print"), ("Thomas", "fr", "sculpture", "sculpture")):
        add("mixed languages", lang, surname + " " + label, [r for r in made_by(surname) if r in named(concept)], "maker %s, concept %s" % (surname, concept))


def chinese_and_japanese():
    for lang, count in (("zh-Hans", 16), ("ja", 16)):
        pairs = sorted({(m.group(0)[i:i + 2]) for r in RECORDS if r["lang"] == lang for m in re.finditer(r"[\u4e00-\u9fff]{2,}", r["titles"][0]["text"])
                        for i in range(len(m.group(0)) - 1)})
        for pair in chance.sample(pairs, count):
            add("two characters", lang, pair, [r for r in RECORDS if any(pair in t for t in titles(r))], "title contains " + pair)
    chinese = [r for r in RECORDS if r["lang"] == "zh-Hans"]
    for at, r in enumerate(chance.sample(chinese, 24)):
        run = max(re.findall(r"[\u4e00-\u9fff]+", r["titles"][0]["text"]), key=len)
        part = run[:4] if at % 2 else run[-3:]
        right = [x for x in chinese if any(part in t for t in titles(x))]
        if at < 8:
            add("pinyin of a part", "zh-Latn", converted(part, "Han-Latin") if at < 4 else converted(part, "Han-Latin;Latin-ASCII"), right, "title contains " + part)
        elif at < 16:
            add("part in traditional characters", "zh-Hant", converted(part, "Hans-Hant"), right, "title contains " + part)
        else:
            english = {"青铜": "bronze", "陶瓷": "ceramics", "绘画": "painting", "书法": "calligraphy", "玉器": "jade", "漆器": "lacquer", "金银": "gold"}
            word = english.get(r.get("classification"))
            if word:
                add("mixed languages", "zh", word + " " + part[:2], [x for x in right if x.get("classification") == r["classification"]],
                    "title contains %s, type = %s" % (part[:2], r["classification"]))


names()
typos()
numbers()
dates()
sizes()
concepts(sys.argv[1])
chinese_and_japanese()
with open(os.path.join(HERE, "fresh", "queries.tsv"), "w", encoding="utf-8") as out:
    print("query\ttype\tlang\ttext\trelevant\trule", file=out)
    for at, (kind, lang, text, right, rule) in enumerate(questions):
        print("f%03d" % (at + 1), kind, lang, text, len(right), rule, sep="\t", file=out)
with open(os.path.join(HERE, "fresh", "answers.tsv"), "w", encoding="utf-8") as out:
    print("query\titem\tgrade", file=out)
    for at, question in enumerate(questions):
        for item in question[3]:
            print("f%03d" % (at + 1), item, 1, sep="\t", file=out)
