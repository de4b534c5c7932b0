#!/usr/bin/env python3
"""Compares two tables with this project and with its peers, one process each, and checks every result.

usage: measure.py [--rows N] [--runs N] [--only NAME,...] [--memory BYTES] [--data DIR] [--peers DIR] [--python EXE]

One command: it builds the command line and the bare reader, installs the pinned peers into target/bench-site,
makes the data in target/bench-data (with --peers' reconcile_data.py; beyond 5 million rows in parts of a million
with keys of their own), and runs each tool N times, in turns, so that a busy machine burdens all alike. The table
shows medians of CPU seconds, wall seconds and peak memory, then the ratios of ours to each.
"""
import argparse, glob, json, os, shlex, shutil, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TARGET = os.path.join(ROOT, "target")
PEERS = ["duckdb==2.0.1", "polars==1.33.1", "datacompy==1.1.0", "pyarrow==26.0.1", "pandas", "numpy"]
LARGEST_PART = 5_000_000

NOISY_SQL = """
import sys, duckdb
left, right, out = sys.argv[1:4]
digits = "'０１２３４５６７８９ \\u3000', '0123456789'"
form = {
    "customer_name": f"translate({{0}}, {digits})",
    "address": f"translate({{0}}, {digits})",
    "contract_capacity_kva": "CAST(replace(CAST({0} AS VARCHAR), 'kVA', '') AS DECIMAL(12,2))",
    "voltage_kv": "CAST(replace(CAST({0} AS VARCHAR), 'kV', '') AS DECIMAL(8,2))",
    "contract_date": "CAST(translate(CAST({0} AS VARCHAR), '年月/日', '---') AS DATE)",
}
names = ["customer_name", "address", "contract_capacity_kva", "voltage_kv", "tariff_code", "meter_no",
         "ct_ratio", "contract_date", "industry_code", "phase", "status"]
def side(path):
    cells = ", ".join(f"{form.get(n, '{0}').format(n)} AS c_{n}, {n}" for n in names)
    return f"(SELECT account_no, {cells} FROM read_parquet('{path}'))"
differs = " OR ".join(f"(l.c_{n} IS DISTINCT FROM r.c_{n})" for n in names)
cells = ", ".join(f"l.{n} AS l_{n}, r.{n} AS r_{n}, l.c_{n} AS a_{n}, r.c_{n} AS b_{n}" for n in names)
parts = ["SELECT rk AS account_no, 'missing_left' AS kind, NULL AS field, NULL AS left_value, NULL AS right_value FROM j WHERE lk IS NULL",
         "SELECT lk, 'missing_right', NULL, NULL, NULL FROM j WHERE rk IS NULL"]
parts += [f"SELECT lk, 'mismatch', '{n}', CAST(l_{n} AS VARCHAR), CAST(r_{n} AS VARCHAR) FROM j "
          f"WHERE lk IS NOT NULL AND rk IS NOT NULL AND (a_{n} IS DISTINCT FROM b_{n})" for n in names]
c = duckdb.connect()
c.execute("SET preserve_insertion_order=false")
c.execute(f"COPY (WITH j AS MATERIALIZED (SELECT l.account_no AS lk, r.account_no AS rk, {cells} "
          f"FROM {side(left)} l FULL OUTER JOIN {side(right)} r ON l.account_no = r.account_no "
          f"WHERE l.account_no IS NULL OR r.account_no IS NULL OR {differs}) " + " UNION ALL ".join(parts) + f") TO '{out}' (FORMAT parquet)")
"""


def measure(command):
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"failed: {shlex.join(command[:4])} ...")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024


def check(data, out, expects_duplicates):
    """Whether the cells, the missing keys and, where a tool has them, the duplicate keys are the truth."""
    import pyarrow.compute as pc, pyarrow.parquet as pq
    truth = json.load(open(f"{data}/truth.json"))
    found, cells = pq.read_table(out), pq.read_table(f"{data}/truth_cells.parquet")
    kinds = {x["values"]: x["counts"] for x in pc.value_counts(found["kind"].cast("string")).to_pylist()}
    wanted = {k: truth[k] for k in ("missing_left", "missing_right")} | {"mismatch": truth["mismatched_cells"]}
    if expects_duplicates:
        wanted["duplicate"] = truth["dup_left"] + truth["dup_right"]
    pairs = lambda t: sorted(zip(t["account_no"].to_pylist(), t["field"].to_pylist()))
    return kinds == wanted and pairs(found.filter(pc.equal(found["kind"].cast("string"), "mismatch"))) == pairs(cells)


def install(python):
    """The peers in a directory of their own."""
    site = os.path.join(TARGET, "bench-site")
    stamp = os.path.join(site, "packages.txt")
    wanted = "\n".join(PEERS)
    if not (os.path.exists(stamp) and open(stamp).read() == wanted):
        shutil.rmtree(site, ignore_errors=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--target", site, *PEERS], check=True)
        open(stamp, "w").write(wanted)
    os.environ["PYTHONPATH"] = site
    sys.path.insert(0, site)


def make_data(python, generator, rows, data):
    """left, right and left_noisy, with their truth; large ones from parts whose keys differ in their first digits."""
    if os.path.exists(f"{data}/truth.json"):
        return
    os.makedirs(data, exist_ok=True)
    if rows <= LARGEST_PART:
        subprocess.run([python, generator, str(rows), data, "1", "--noisy"], check=True, stdout=subprocess.DEVNULL)
        return
    import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
    part_rows = 1_000_000
    truth, cells, writers = {}, [], {}
    for part in range(rows // part_rows):
        with tempfile.TemporaryDirectory(dir=data) as place:
            subprocess.run([python, generator, str(part_rows), place, str(part + 1)], check=True, stdout=subprocess.DEVNULL)
            own = lambda t: t.set_column(0, "account_no", pc.binary_join_element_wise(pa.scalar(f"{part:03}"), t["account_no"], pa.scalar("")))
            for side in ("left", "right"):
                table = own(pq.read_table(f"{place}/{side}.parquet"))
                if side not in writers:
                    writers[side] = pq.ParquetWriter(f"{data}/{side}.parquet", table.schema, compression="zstd")
                writers[side].write_table(table, row_group_size=122_880)
            cells.append(own(pq.read_table(f"{place}/truth_cells.parquet")))
            for name, value in json.load(open(f"{place}/truth.json")).items():
                if isinstance(value, int):
                    truth[name] = truth.get(name, 0) + value
    for writer in writers.values():
        writer.close()
    pq.write_table(pa.concat_tables(cells), f"{data}/truth_cells.parquet")
    json.dump(truth, open(f"{data}/truth.json", "w"))


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--rows", type=int, default=5_000_000)
    a.add_argument("--runs", type=int, default=3)
    a.add_argument("--only")
    a.add_argument("--memory")
    a.add_argument("--data")
    a.add_argument("--peers", default=os.path.join(ROOT, "../shared/peers"))
    a.add_argument("--python", help="an interpreter that has the peers already; without it they are installed")
    a = a.parse_args()
    if a.python is None:
        a.python = sys.executable
        install(a.python)
    script, generator = (os.path.join(a.peers, f"reconcile_{name}.py") for name in ("peers", "data"))
    data = a.data or os.path.join(TARGET, "bench-data", str(a.rows))
    make_data(a.python, generator, a.rows, data)
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "archive", "-p", "archive-benches", "--bins"], cwd=ROOT, check=True)
    release = os.path.join(TARGET, "release")
    clean, right, noisy = (f"{data}/{n}.parquet" for n in ("left", "right", "left_noisy"))
    with tempfile.TemporaryDirectory() as scratch:
        out = f"{scratch}/out.parquet"

        def ours(left):
            command = [f"{release}/archive", "reconcile", "--left", left, "--right", right, "--key", "account_no", "--out", out]
            return command + ["--schema", f"{HERE}/noisy.toml"] + (["--memory", a.memory] if a.memory else [])

        tools = {"bare read": ([f"{release}/bare_read", clean, right], None), "ours": (ours(clean), True)}
        if os.path.exists(noisy):
            tools["ours (noisy)"] = (ours(noisy), True)
            sql = f"{scratch}/noisy.py"
            open(sql, "w").write(NOISY_SQL)
            tools["duckdb (noisy)"] = ([a.python, sql, noisy, right, out], False)
        if os.path.exists(script):
            for peer in ("duckdb", "polars_streaming", "datacompy_polars"):
                tools[peer] = ([a.python, script, peer, data, out], False)
        else:
            print(f"SKIPPED the peers: {script} is not there", file=sys.stderr)
        if a.only:
            tools = {k: v for k, v in tools.items() if k in a.only.split(",")}
        runs = {name: [] for name in tools}
        agrees = {}
        for _ in range(a.runs):
            for name, (command, duplicates) in tools.items():
                runs[name].append(measure(command))
                if duplicates is not None and name not in agrees:
                    agrees[name] = check(data, out, duplicates)
        medians = {name: [statistics.median(x) for x in zip(*measured)] for name, measured in runs.items()}
        print(f"{a.rows} rows a side, {a.runs} runs, medians\n")
        print("| tool | CPU s | wall s | peak MiB | agrees with truth | CPU, as a multiple of ours |\n|---|---|---|---|---|---|")
        for name, (cpu, wall, peak) in medians.items():
            own = medians.get("ours (noisy)" if "noisy" in name else "ours")
            ratio = f"{cpu / own[0]:.2f}" if own else "–"
            agreed = {True: "yes", False: "**no**", None: "–"}[agrees.get(name)]
            print(f"| {name} | {cpu:.2f} | {wall:.1f} | {peak:.0f} | {agreed} | {ratio} |")


main()
