# SPDX-License-Identifier: Apache-2.0
"""Other engines over the same records and questions: ranked 20, count, and four facets.

  peers.py ENGINE RECORDS.tsv QUERIES.txt FOLDER

prints: seconds to build, bytes, p50 ms, p99 ms, the same in processor time, mean hits, memory kB. ENGINE: fts5,
postgres, groonga (which tells no processor time: its wall times stand there again).
RECORDS.tsv comes from `bench_search dump`. None of them folds simplified and traditional characters, reads pinyin, knows
concepts or corrects typing errors here; only the time is compared."""
import csv, json, os, re, resource, sqlite3, subprocess, sys, time

engine, records, queries = sys.argv[1:4]
folder = os.path.abspath(sys.argv[4])
csv.field_size_limit(1 << 30)
questions = [line.rstrip("\n") for line in open(queries, encoding="utf-8") if line.strip()][:400]
FACETS = ("classification", "collection", "maker", "century")


def rows():
    with open(records, encoding="utf-8", errors="replace") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


def words(question):
    return re.findall(r"\w+", question) or ["x"]


def report(built, size, times, cpus, hits, memory):
    middle, last = len(times) // 2, len(times) * 99 // 100
    times, cpus = sorted(times), sorted(cpus)
    print("%.1f\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t%.0f\t%d" % (built, size, times[middle] * 1e3, times[last] * 1e3, cpus[middle] * 1e3,
          cpus[last] * 1e3, hits / len(times), memory))


def folder_size(path):
    return sum(os.stat(os.path.join(top, name)).st_blocks * 512 for top, _, names in os.walk(path) for name in names)


def fts5():
    path = os.path.join(folder, "fts5.db")
    if os.path.exists(path):
        os.remove(path)
    db = sqlite3.connect(path)
    begin = time.time()
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE d (n INTEGER PRIMARY KEY, id, classification, collection, maker, century)")
    db.execute("CREATE VIRTUAL TABLE t USING fts5(title, body, content='', tokenize=\"porter unicode61 remove_diacritics 2\")")
    for n, r in enumerate(rows(), 1):
        db.execute("INSERT INTO d VALUES (?,?,?,?,?,?)", (n, r[0], *r[3:7]))
        db.execute("INSERT INTO t (rowid, title, body) VALUES (?,?,?)", (n, r[1], r[2]))
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    built, times, cpus, hits = time.time() - begin, [], [], 0
    for q in questions:
        match = " ".join('"%s"' % w for w in words(q))
        begin, cpu = time.time(), time.process_time()
        db.execute("SELECT rowid, bm25(t, 10, 1) FROM t WHERE t MATCH ? ORDER BY 2 LIMIT 20", (match,)).fetchall()
        db.execute("CREATE TEMP TABLE h AS SELECT rowid AS n FROM t WHERE t MATCH ?", (match,))
        hits += db.execute("SELECT count(*) FROM h").fetchone()[0]
        for f in FACETS:
            db.execute("SELECT %s, count(*) FROM h JOIN d USING (n) GROUP BY 1 ORDER BY 2 DESC LIMIT 100" % f).fetchall()
        times.append(time.time() - begin)
        cpus.append(time.process_time() - cpu)
        db.execute("DROP TABLE h")
    report(built, os.stat(path).st_size, times, cpus, hits, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def groonga():
    path = os.path.join(folder, "groonga")
    subprocess.run(["rm", "-rf", path], check=True)
    os.mkdir(path)
    commands = ["table_create Docs TABLE_HASH_KEY ShortText", "table_create Values TABLE_PAT_KEY ShortText",
                "column_create Docs title COLUMN_SCALAR Text", "column_create Docs body COLUMN_SCALAR Text"]
    commands += ["column_create Docs %s COLUMN_SCALAR Values" % f for f in FACETS]
    commands += ["table_create Terms TABLE_PAT_KEY ShortText --default_tokenizer TokenBigram --normalizer NormalizerNFKC150",
                 "column_create Terms i COLUMN_INDEX|WITH_POSITION|WITH_SECTION Docs title,body", "load --table Docs"]
    begin = time.time()
    load = subprocess.Popen(["groonga", "-n", path + "/db"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    load.stdin.write("\n".join(commands) + "\n[\n")
    for n, r in enumerate(rows()):
        load.stdin.write(("" if n == 0 else ",\n") + json.dumps(dict(zip(("_key", "title", "body") + FACETS, r))))
    load.stdin.write("\n]\n")
    load.stdin.close()
    load.wait()
    built = time.time() - begin
    asks = []
    for q in questions:
        text = " ".join(words(q)).replace('"', " ")
        asks.append('select Docs --match_columns "title*10||body" --query "%s" --limit 20 --output_columns _key,_score '
                    "--sort_keys -_score --drilldown %s --drilldown_sort_keys -_nsubrecs --drilldown_limit 100" % (text, ",".join(FACETS)))
    done = subprocess.run(["groonga", path + "/db"], input="\n".join(asks) + "\n", capture_output=True, text=True)
    times, hits = [], 0
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        times.append(answer[0][2])
        hits += answer[1][0][0][0] if answer[0][0] == 0 else 0
    report(built, folder_size(path), times, times, hits, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def postgres():
    tools = sorted(os.listdir("/usr/lib/postgresql"))[-1]
    bin_ = "/usr/lib/postgresql/%s/bin/" % tools
    path = os.path.join(folder, "pg")
    run = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run(run + [bin_ + "pg_ctl", "-D", path, "-m", "immediate", "stop"], capture_output=True)
    subprocess.run(["rm", "-rf", path], check=True)
    os.mkdir(path)
    if run:
        subprocess.run(["chown", "postgres", path], check=True)
    subprocess.run(run + [bin_ + "initdb", "-D", path, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"], check=True, capture_output=True, cwd="/")
    subprocess.run(run + [bin_ + "pg_ctl", "-D", path, "-w", "-l", path + "/log", "-o", "-c listen_addresses= -c unix_socket_directories=" + path +
                   " -c shared_buffers=256MB -c fsync=off -c synchronous_commit=off", "start"], check=True, cwd="/", stdout=subprocess.DEVNULL)
    psql = run + ["psql", "-h", path, "-U", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=0"]
    begin = time.time()
    load = subprocess.Popen(psql, stdin=subprocess.PIPE, text=True, cwd="/")
    load.stdin.write("CREATE TABLE d (id text, title text, body text, classification text, collection text, maker text, century text);\nCOPY d FROM STDIN;\n")
    for r in rows():
        load.stdin.write("\t".join(r) + "\n")
    load.stdin.write("\\.\nALTER TABLE d ADD v tsvector;\nUPDATE d SET v = setweight(to_tsvector('english', title), 'A') || to_tsvector('english', body);\n"
                     "CREATE INDEX i ON d USING gin (v);\nVACUUM FULL ANALYZE d;\n")
    load.stdin.close()
    load.wait()
    built = time.time() - begin
    # One session, so that its process can be asked what it used; no parallel workers, which would be others.
    session = subprocess.Popen(psql, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")

    def ask(text):
        session.stdin.write(text + "\n\\echo .\n")
        session.stdin.flush()
        lines = []
        while (line := session.stdout.readline().rstrip("\n")) != ".":
            assert line or session.poll() is None
            lines.append(line)
        return lines

    ask("SET max_parallel_workers_per_gather = 0;")
    stat = "/proc/%d/schedstat" % int(ask("SELECT pg_backend_pid();")[0])
    used = lambda: int(open(stat).read().split()[0]) / 1e9
    times, cpus, hits = [], [], 0
    for q in questions:
        text = " ".join(words(q)).replace("'", "''")
        union = " UNION ALL ".join("(SELECT %s, count(*) FROM h GROUP BY 1 ORDER BY 2 DESC LIMIT 100)" % f for f in FACETS)
        begin, cpu = time.time(), used()
        lines = ask("WITH q AS (SELECT plainto_tsquery('english', '%s') AS q), h AS MATERIALIZED (SELECT d.* FROM d, q WHERE v @@ q) "
                    "(SELECT id, ts_rank(v, q)::bigint FROM h, q ORDER BY ts_rank(v, q) DESC LIMIT 20) UNION ALL (SELECT 'hits', count(*) FROM h) UNION ALL %s;" % (text, union))
        times.append(time.time() - begin)
        cpus.append(used() - cpu)
        hits += sum(int(line[5:]) for line in lines if line.startswith("hits|"))
    session.stdin.close()
    session.wait()
    size = subprocess.run(psql + ["-c", "SELECT pg_total_relation_size('d')"], capture_output=True, text=True, cwd="/").stdout
    memory = 0
    subprocess.run(run + [bin_ + "pg_ctl", "-D", path, "-m", "fast", "stop"], capture_output=True, cwd="/")
    report(built, int(size), times, cpus, hits, memory)


{"fts5": fts5, "groonga": groonga, "postgres": postgres}[engine]()
