#!/usr/bin/env python3
"""Measures what the bindings cost beside Rust and beside plain Python, as ratios in one run.

usage: measure.py [--rows N] [--pages N] [--runs N] [--only NAME,...] [--data DIR] [--peers DIR] [--python EXE]

One command: it builds the command line, the C library and the wheel for use, installs what is measured into
target/bench-bindings, and runs the candidates in turns, so that a busy machine burdens all alike. The figures are
medians; of a rule's calls, the fastest rounds. NAME is c, columns, tables or pages.
"""
import argparse, json, os, resource, shutil, statistics, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TARGET = os.path.join(ROOT, "target")
PLACE = os.path.join(TARGET, "bench-bindings")
PACKAGES = ["maturin==1.16.0", "numpy==2.4.6", "onnxruntime==1.32.0", "polars==2.1.0", "pyarrow==26.0.1"]
NUMBER = "Z109-KH·2024-D30-BGS-0007"

COLUMNS = r'''
import re, statistics, sys, time
import marketing_archive as ma, polars as pl
rows, runs = int(sys.argv[1]), int(sys.argv[2])
rule = ma.Rule.shipped("DA-T-22-件")
names = rule.fields
numbers = [f"Z109-KH·{2000 + i % 100}-D30-BGS-{i % 9999 + 1:04}" for i in range(rows)]
numbers[::1000] = ["no number"] * len(numbers[::1000])
column = pl.Series("number", numbers)
pattern = re.compile(r"([0-9A-Z]{4})-(HT|KH|WS)·(20[0-9]{2})-(D10|D30|Y)-([0-9A-Z]{2,8})-([0-9]{4})")

def loop_parse():
    # What an analyst writes: a list a field, None where a text is no number.
    parts = [[] for _ in range(6)]
    for number in numbers:
        match = pattern.fullmatch(number)
        for part, value in zip(parts, match.groups() if match else (None,) * 6):
            part.append(value)
    return parts

def parse():
    return pl.DataFrame(rule.parse_column(column))

table = parse().select(names).drop_nulls()
values = [table[name].to_list() for name in names]
checks = [re.compile(p) for p in (r"[0-9A-Z]{4}", r"HT|KH|WS", r"20[0-9]{2}", r"D10|D30|Y", r"[0-9A-Z]{2,8}", r"[0-9]{4}")]

def loop_format():
    out = []
    for parts in zip(*values):
        fits = all(check.fullmatch(part) for check, part in zip(checks, parts))
        out.append("{}-{}·{}-{}-{}-{}".format(*parts) if fits else None)
    return out

def format():
    return pl.Series(rule.format_table(table))

assert parse()[names[0]].null_count() == len(numbers[::1000])
assert [row for row in zip(*loop_parse()) if row[0]] == list(zip(*values))
assert format().to_list() == loop_format() == [n for n in numbers if n != "no number"]
for name, ours, theirs in (("parse", parse, loop_parse), ("format", format, loop_format)):
    times = {ours: [], theirs: []}
    for _ in range(runs):
        for work in times:
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            times[work].append((time.perf_counter() - wall, time.process_time() - cpu))
    (wall, cpu), (their_wall, their_cpu) = ([statistics.median(t) for t in zip(*times[w])] for w in (ours, theirs))
    print(f"{name}, {rows:,} rows: {wall * 1e9 / rows:.0f} ns a row, loop {their_wall * 1e9 / rows:.0f}: "
          f"{their_wall / wall:.0f} times as fast ({their_cpu / cpu:.0f} by CPU)", flush=True)
'''

TABLES = '''
import sys, time
import marketing_archive as ma, polars as pl
left, right = (pl.read_parquet(path) for path in sys.argv[1:3])
cpu = time.process_time()
found = ma.reconcile(left, right, key="account_no")
print(time.process_time() - cpu, found.mismatches)
'''

PAGES = '''
import sys
import marketing_archive as ma
reader = ma.Reader(threads=1)
print(sum(len(reader.read(path).fields) for path in sys.argv[1:]))
'''


def build(command, **more):
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr, **more)


def install(python):
    """The peers and the wheel, in directories of their own."""
    site, wheel = os.path.join(PLACE, "site"), os.path.join(PLACE, "wheel")
    stamp = os.path.join(site, "packages.txt")
    if not (os.path.exists(stamp) and open(stamp).read() == "\n".join(PACKAGES)):
        shutil.rmtree(site, ignore_errors=True)
        build([python, "-m", "pip", "install", "--quiet", "--target", site, *PACKAGES])
        open(stamp, "w").write("\n".join(PACKAGES))
    built = os.path.join(PLACE, "wheels")
    shutil.rmtree(built, ignore_errors=True)
    shutil.rmtree(wheel, ignore_errors=True)
    environment = {**os.environ, "PYTHONPATH": site}
    build([os.path.join(site, "bin", "maturin"), "build", "--release", "--manifest-path",
           "bindings/python/Cargo.toml", "--out", built], env=environment)
    (name,) = os.listdir(built)
    build([python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", wheel, os.path.join(built, name)])
    os.environ["PYTHONPATH"] = os.pathsep.join([wheel, site])


def run(command):
    """CPU seconds of a command, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def in_turns(runs, **candidates):
    """The median of what each candidate gives."""
    given = {name: [] for name in candidates}
    for _ in range(runs):
        for name, candidate in candidates.items():
            given[name].append(candidate())
    return {name: statistics.median(values) for name, values in given.items()}


def measure_c(a, python):
    rule = os.path.join(ROOT, "archive-numbering", "rules", "da-t-22-2015.rule")
    prefix, program = os.path.join(PLACE, "c"), os.path.join(PLACE, "rule_parse")
    build(["cargo", "xtask", "install-c", prefix])
    build(["cc", "-O2", "-std=c11", "-D_POSIX_C_SOURCE=199309L", "-o", program, os.path.join(HERE, "rule_parse.c"),
           f"-I{prefix}/include", f"-L{prefix}/lib", f"-Wl,-rpath,{prefix}/lib", "-lmarketing_archive"])
    found = in_turns(2 * a.runs + 1,
                     c=lambda: float(run([program, rule, NUMBER])[1]),
                     rust=lambda: float(run([f"{TARGET}/release/rule_parse"])[1]))
    print(f"parse from C: {found['c']:.0f} ns, Rust {found['rust']:.0f} ns: {found['c'] / found['rust']:.2f} times")


def measure_tables(a, python):
    data = a.data or os.path.join(TARGET, "bench-data", str(a.rows))
    if not os.path.exists(f"{data}/truth.json"):
        os.makedirs(data, exist_ok=True)
        build([python, os.path.join(a.peers, "reconcile_data.py"), str(a.rows), data, "1"])
    left, right = (f"{data}/{name}.parquet" for name in ("left", "right"))
    cells = json.load(open(f"{data}/truth.json"))["mismatched_cells"]
    with tempfile.TemporaryDirectory() as scratch:
        command = [f"{TARGET}/release/archive", "reconcile", "--left", left, "--right", right,
                   "--key", "account_no", "--out", f"{scratch}/out.parquet"]
        whole = []

        def polars():
            cpu, told = run([python, "-c", TABLES, left, right])
            seconds, found = told.split()
            assert int(found) == cells
            whole.append(cpu)
            return float(seconds)

        found = in_turns(a.runs, command=lambda: run(command)[0], polars=polars)
    print(f"tables from polars: {found['polars']:.2f} CPU s, the command {found['command']:.2f}: "
          f"{found['polars'] / found['command']:.2f} times; with Python's start and reading "
          f"{statistics.median(whole) / found['command']:.2f}")


def measure_pages(a, python):
    samples = [os.path.join(ROOT, "samples", f"{name}.jpg") for name in ("contract", "application", "work-order")]
    with tempfile.TemporaryDirectory() as scratch:
        paths = []
        for page in range(a.pages):
            # Each page is a file of its own: the same name twice is one page to the command.
            paths.append(shutil.copy(samples[page % 3], f"{scratch}/{page:03}.jpg"))
        command = [f"{TARGET}/release/archive", "read", "--json", "--threads", "1", *paths]
        found = in_turns(a.runs, command=lambda: run(command)[0], python=lambda: run([python, "-c", PAGES, *paths])[0])
    print(f"pages: {found['python'] / a.pages:.3f} CPU s each, the command {found['command'] / a.pages:.3f}: "
          f"{found['python'] / found['command']:.2f} times, starts included")


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("--rows", type=int, default=1_000_000)
    a.add_argument("--pages", type=int, default=30)
    a.add_argument("--runs", type=int, default=5)
    a.add_argument("--only", default="c,columns,tables,pages")
    a.add_argument("--data", help="left.parquet, right.parquet and truth.json; made where absent")
    a.add_argument("--peers", default=os.path.join(ROOT, "../shared/peers"), help="where reconcile_data.py is")
    a.add_argument("--python", default=sys.executable)
    a = a.parse_args()
    os.makedirs(PLACE, exist_ok=True)
    build(["cargo", "build", "--release", "-p", "archive", "-p", "archive-benches", "--bins"])
    install(a.python)
    for name in a.only.split(","):
        if name == "columns":
            subprocess.run([a.python, "-c", COLUMNS, str(a.rows), str(a.runs)], check=True)
        else:
            globals()[f"measure_{name}"](a, a.python)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
