#!/usr/bin/env python3
"""Candidates for rows with a wrong key: this project beside recordlinkage, on the same rows, in one run.

usage: linkage.py [--rows N] [--runs N] [--python EXE]

N rows stand on one side only on each side. Half of them are one customer under a wrong key (a digit off, or two
transposed), a tenth of those with a name that is written differently; the others are strangers. recordlinkage gets
the same blocks that it can express (same name, same address, neighbouring keys in the order of keys) and learns its
weights by its expectation maximisation. Shown are pairs found, how many of them are right, and CPU seconds.
"""
import argparse, csv, os, random, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

SURNAMES, GIVEN = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗", "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平"
ROADS = ["中山路", "人民路", "解放大道", "建设路", "长江东路", "黄河北街", "文化路", "新华街"]

PEER = """
import sys, pandas as pd, recordlinkage as rl
left, right, out = sys.argv[1:4]
l, r = (pd.read_csv(p, dtype=str).set_index("account_no", drop=False) for p in (left, right))
index = rl.Index()
index.block("customer_name"); index.block("service_address"); index.sortedneighbourhood("account_no", window=5)
pairs = index.index(l, r)
compare = rl.Compare()
compare.string("account_no", "account_no", method="damerau_levenshtein", threshold=0.75, label="key")
compare.string("customer_name", "customer_name", method="damerau_levenshtein", threshold=0.6, label="name")
compare.exact("service_address", "service_address", label="address")
compare.exact("contract_capacity_kva", "contract_capacity_kva", label="capacity")
features = compare.compute(pairs, l, r)
found = rl.ECMClassifier(binarize=0.5).fit_predict(features)
pd.DataFrame(list(found), columns=["left_key", "right_key"]).to_csv(out, index=False)
"""


def make(rows, place):
    r = random.Random(1)
    head = ["account_no", "customer_name", "service_address", "contract_capacity_kva"]
    truth, left, right = set(), [], []
    for i in range(rows):
        key = f"{(i * 7368787 + 1234567) % 10**10:010}"
        name = r.choice(SURNAMES) + r.choice(GIVEN) + r.choice(GIVEN + " ")
        row = [key, name.strip(), f"{r.choice(ROADS)}{r.randint(1, 999)}号{r.randint(1, 60)}幢{r.randint(101, 3300)}室", str(r.choice([10, 50, 100, 400]))]
        left.append(row)
        other = list(row)
        if i % 2 == 0:
            digits, at = list(key), r.randint(1, 8)
            if i % 4 == 0 or digits[at] == digits[at + 1]:
                digits[at] = str((int(digits[at]) + r.randint(1, 9)) % 10)
            else:
                digits[at], digits[at + 1] = digits[at + 1], digits[at]
            other[0] = "".join(digits)
            if r.random() < 0.1:
                other[1] = other[1][:-1] + r.choice(GIVEN)
            truth.add((key, other[0]))
        else:
            other = [f"{((i + rows) * 7368787 + 1234567) % 10**10:010}", r.choice(SURNAMES) + r.choice(GIVEN), f"{r.choice(ROADS)}{r.randint(1, 999)}号{r.randint(1, 60)}幢{r.randint(101, 3300)}室", "10"]
        right.append(other)
    for name, table in (("left", left), ("right", right)):
        r.shuffle(table)
        with open(f"{place}/{name}.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *table])
    return truth


def run(command):
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"failed: {command[:3]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--rows", type=int, default=20_000)
    a.add_argument("--python", default=sys.executable, help="an interpreter that has recordlinkage==0.16")
    a = a.parse_args()
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "archive"], cwd=ROOT, check=True)
    print("| tool | pairs | right | recall | precision | CPU s | peak MiB |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        truth = make(a.rows, place)
        left, right, out = (f"{place}/{n}.csv" for n in ("left", "right", "out"))
        script = f"{place}/peer.py"
        open(script, "w").write(PEER)
        ours = [f"{ROOT}/target/release/archive", "reconcile", "--left", left, "--right", right, "--key", "account_no"]
        tools = {
            "ours": ours + ["--out", f"{place}/d.csv", "--candidates", out, "--lossless"],
            "recordlinkage": [a.python, script, left, right, out],
        }
        for name, command in tools.items():
            cpu, peak = run(command)
            with open(out, encoding="utf-8-sig", newline="") as file:
                found = {(row["left_key"], row["right_key"]) for row in csv.DictReader(file)}
            right_ones = len(found & truth)
            print(f"| {name} | {len(found)} | {right_ones} | {right_ones / len(truth):.3f} | {right_ones / max(len(found), 1):.3f} | {cpu:.2f} | {peak:.0f} |")


main()
