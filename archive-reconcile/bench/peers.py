#!/usr/bin/env python3
"""Compares two tables with this project and with its peers, one process each, and checks every result.

usage: peers.py DATA --ours COMMAND [--read COMMAND] [--peers DIR] [--runs N] [--only NAME,...] [--python EXE]

DATA is a directory made by reconcile_data.py (with --noisy for the noisy measurements). COMMAND has
{left}, {right}, {out} and {schema} in it, {read} needs {left} and {right}. Each tool runs N times, in
turns, so that a busy machine burdens all alike; the table shows medians of CPU seconds, wall seconds
and peak memory. Needs the directory of peers (reconcile_peers.py) and an interpreter that has
duckdb, polars, datacompy and pyarrow.
"""
import argparse, json, os, shlex, statistics, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))

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


def main():
    a = argparse.ArgumentParser()
    a.add_argument("data")
    a.add_argument("--ours", required=True)
    a.add_argument("--read")
    a.add_argument("--peers", default=os.path.join(HERE, "../../../shared/peers"))
    a.add_argument("--runs", type=int, default=3)
    a.add_argument("--only")
    a.add_argument("--python", default=sys.executable)
    a = a.parse_args()
    script = os.path.join(a.peers, "reconcile_peers.py")
    if not os.path.exists(script):
        print(f"SKIPPED the peers: {script} is not there", file=sys.stderr)
    clean, right, noisy = (f"{a.data}/{n}.parquet" for n in ("left", "right", "left_noisy"))
    schema = os.path.join(HERE, "noisy.toml")
    with tempfile.TemporaryDirectory() as scratch:
        out = f"{scratch}/out.parquet"
        fill = lambda text, left: shlex.split(text.format(left=left, right=right, out=out, schema=schema))
        tools = {}
        if a.read:
            tools["bare read"] = (fill(a.read, clean), None)
        tools["ours"] = (fill(a.ours, clean), True)
        if os.path.exists(noisy):
            tools["ours (noisy)"] = (fill(a.ours, noisy), True)
            sql = f"{scratch}/noisy.py"
            open(sql, "w").write(NOISY_SQL)
            tools["duckdb (noisy)"] = ([a.python, sql, noisy, right, out], False)
        if os.path.exists(script):
            for peer in ("duckdb", "polars_streaming", "datacompy_polars"):
                tools[peer] = ([a.python, script, peer, a.data, out], False)
        if a.only:
            tools = {k: v for k, v in tools.items() if k in a.only.split(",")}
        runs = {name: [] for name in tools}
        agrees = {}
        for _ in range(a.runs):
            for name, (command, duplicates) in tools.items():
                runs[name].append(measure(command))
                if duplicates is not None and name not in agrees:
                    agrees[name] = check(a.data, out, duplicates)
        print("| tool | CPU s | wall s | peak MiB | agrees with truth |\n|---|---|---|---|---|")
        for name, measured in runs.items():
            cpu, wall, peak = (statistics.median(x) for x in zip(*measured))
            agreed = {True: "yes", False: "**no**", None: "–"}[agrees.get(name)]
            print(f"| {name} | {cpu:.2f} | {wall:.1f} | {peak:.0f} | {agreed} |")


main()
