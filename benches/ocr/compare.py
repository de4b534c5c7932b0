#!/usr/bin/env python3
"""Reads the same pages with this crate and with what one would use otherwise, in one run.

usage: compare.py CORPUS [--shared ../shared] [--threads 2] [--limit N] [--peers rapidocr,oar,tesseract]

Peers: RapidOCR with its default models; the crate oar-ocr with the same models as RapidOCR; Tesseract
with Debian's chi_sim. Each gives lines of text, from which the labels and patterns of
SHARED/peers/rapidocr_fields.py take the fields. What a peer needs is installed first: Python packages into
target/ocr-peers, Tesseract by apt-get where this user may; one that cannot be installed is left out, and
the table says so. The crate runs twice, before and after the peers, since machines get busy.

Prints, for each, pages a second, processor seconds a page, the most memory, and the scores of
SHARED/corpus/score.py.
"""
import argparse
import csv
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
WORK = os.path.join(ROOT, "target/ocr-peers")
PACKAGES = ["rapidocr==3.10.0", "onnxruntime==1.32.0", "onnx==1.23.2", "pillow", "numpy"]


def run(command, **options):
    """Runs a command; gives its output, wall and processor seconds, and its most memory in MiB."""
    read_end, write_end = os.pipe()
    begun = time.monotonic()
    child = subprocess.Popen(command, stdout=write_end, **options)
    os.close(write_end)
    with os.fdopen(read_end, encoding="utf-8") as out:
        text = out.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}")
    return text, time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def install():
    """The Python of the peers, made where it is not there yet."""
    python = os.path.join(WORK, "venv/bin/python")
    stamp = os.path.join(WORK, "packages.txt")
    if not os.path.exists(stamp) or open(stamp, encoding="utf-8").read() != "\n".join(PACKAGES):
        os.makedirs(WORK, exist_ok=True)
        subprocess.check_call([sys.executable, "-m", "venv", os.path.join(WORK, "venv")])
        subprocess.check_call([python, "-m", "pip", "install", "--quiet", *PACKAGES])
        with open(stamp, "w", encoding="utf-8") as out:
            out.write("\n".join(PACKAGES))
    return python


def models():
    """The directory of engine and models."""
    text = subprocess.check_output(
        ["cargo", "run", "--quiet", "--package", "archive", "--", "setup", "--json"], cwd=ROOT, text=True
    )
    return json.loads(text.splitlines()[-1]).popitem()[1]


def build(arguments, **options):
    subprocess.check_call(["cargo", "build", "--quiet", "--release", *arguments], **options)


class Comparison:
    def __init__(self, options):
        self.options, self.rows = options, []
        corpus = options.corpus
        with open(os.path.join(corpus, "truth.jsonl"), encoding="utf-8") as file:
            self.truth = [json.loads(line) for line in file][: options.limit]
        # A corpus of its own, so that every program reads the same pages.
        self.corpus = os.path.join(WORK, "corpus")
        shutil.rmtree(self.corpus, ignore_errors=True)
        os.makedirs(self.corpus)
        names = {t["image"] for t in self.truth}
        for name in names:
            os.symlink(os.path.abspath(os.path.join(corpus, name)), os.path.join(self.corpus, name))
        for name in ("truth.jsonl", "planted.jsonl"):
            with open(os.path.join(corpus, name), encoding="utf-8") as lines, open(
                os.path.join(self.corpus, name), "w", encoding="utf-8"
            ) as out:
                out.writelines(line for line in lines if json.loads(line)["image"] in names)
        with open(os.path.join(corpus, "records.csv"), encoding="utf-8") as file:
            records = list(csv.DictReader(file))
        with open(os.path.join(self.corpus, "records.csv"), "w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, records[0].keys())
            writer.writeheader()
            writer.writerows(r for r in records if r["image"] in names)
        self.records = {r["image"]: r for r in records}
        spec = importlib.util.spec_from_file_location(
            "fields", os.path.join(options.shared, "peers/rapidocr_fields.py")
        )
        self.fields = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.fields)

    def images(self):
        return [os.path.join(self.corpus, t["image"]) for t in self.truth]

    def score(self, prefix, kind):
        script = os.path.join(self.options.shared, "corpus/score.py")
        return subprocess.check_output(
            [sys.executable, script, self.corpus, f"--{kind}", f"{prefix}.{kind}.jsonl"], text=True
        )

    def add(self, name, wall, processor, memory, prefix):
        read, verify = self.score(prefix, "read"), self.score(prefix, "verify")
        grades = dict(re.findall(r"^(\w+): read exactly ([\d.]+)", read, re.M))
        alarms = dict(re.findall(r"^(\w+): AUC.*?99% detection ([\d.]+)", verify, re.M))
        pages = len(self.truth)
        self.rows.append(
            [name, f"{pages / wall:.2f}", f"{processor / pages:.2f}", f"{memory:.0f}"]
            + [grades.get(g, "-") for g in ("clean", "office", "poor")]
            + [re.search(r"^read ([\d.]+)", read, re.M).group(1)]
            + [alarms.get(g, "-") for g in ("all", "poor")]
        )
        print(name, "done", file=sys.stderr)

    def own(self, name, directory):
        prefix = os.path.join(WORK, "own")
        program = os.path.join(ROOT, "target/release/examples/read_corpus")
        command = [program, directory, self.corpus, prefix, str(self.options.threads)]
        text, wall, processor, memory = run(command)
        print(text.splitlines()[0], file=sys.stderr)
        self.add(name, wall, processor, memory, prefix)

    def lines(self, name, pages, wall, processor, memory):
        """Scores a peer that gave the lines of each page as (text, box)."""
        fold = lambda v: unicodedata.normalize("NFKC", v).replace(" ", "")
        prefix = os.path.join(WORK, name)
        with open(prefix + ".read.jsonl", "w", encoding="utf-8") as read, open(
            prefix + ".verify.jsonl", "w", encoding="utf-8"
        ) as verify:
            for page in self.truth:
                found = self.fields.extract([(fold(t), tuple(b)) for t, b in pages.get(page["image"], [])])
                print(json.dumps({"image": page["image"], "fields": found}, ensure_ascii=False), file=read)
                for field in page["fields"]:
                    claim = self.records[page["image"]].get(field) or ""
                    same = field in found and fold(found[field]["value"]).upper() == fold(claim).upper()
                    verdict = "match" if same else "mismatch" if field in found else "unreadable"
                    line = {"image": page["image"], "field": field, "suspicion": int(not same), "verdict": verdict}
                    print(json.dumps(line), file=verify)
        self.add(name, wall, processor, memory, prefix)

    def rapidocr(self, python, directory):
        prefix = os.path.join(WORK, "rapidocr")
        script = os.path.join(self.options.shared, "peers/rapidocr_fields.py")
        command = [python, script, self.corpus, prefix, "--threads", str(self.options.threads)]
        _, wall, processor, memory = run(command)
        self.add("rapidocr", wall, processor, memory, prefix)

    def oar(self, python, directory):
        recogniser = os.path.join(directory, "PP-OCRv6_rec_small.onnx")
        characters = os.path.join(WORK, "characters.txt")
        extract = (
            "import onnx,sys;m=onnx.load(sys.argv[1]);"
            "open(sys.argv[2],'w').write([x.value for x in m.metadata_props if x.key=='character'][0])"
        )
        subprocess.check_call([python, "-c", extract, recogniser, characters])
        target = os.path.join(WORK, "oar")
        build([], cwd=os.path.join(ROOT, "benches/ocr/oar"), env=os.environ | {"CARGO_TARGET_DIR": target})
        library = sorted(n for n in os.listdir(directory) if n.startswith("libonnxruntime.so"))[-1]
        detector = os.path.join(directory, "PP-OCRv6_det_small.onnx")
        command = [os.path.join(target, "release/oar-lines"), detector, recogniser, characters]
        environment = os.environ | {"ORT_DYLIB_PATH": os.path.join(directory, library)}
        text, *cost = run([*command, str(self.options.threads), *self.images()], env=environment)
        pages = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        self.lines("oar-ocr", {os.path.basename(p["image"]): p["lines"] for p in pages}, *cost)

    def tesseract(self, python, directory):
        if not shutil.which("tesseract"):
            packages = ["tesseract-ocr", "tesseract-ocr-chi-sim"]
            subprocess.check_call(["apt-get", "update", "-qq"])
            subprocess.check_call(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages])
        # One page a process is what it does fastest.
        environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
        read = lambda image: run(["tesseract", image, "-", "-l", "chi_sim", "tsv"], env=environment, stderr=subprocess.DEVNULL)
        begun = time.monotonic()
        with ThreadPoolExecutor(self.options.threads) as pool:
            results = list(pool.map(read, self.images()))
        wall = time.monotonic() - begun
        pages = {t["image"]: tesseract_lines(r[0]) for t, r in zip(self.truth, results)}
        self.lines("tesseract", pages, wall, sum(r[2] for r in results), max(r[3] for r in results))

    def print(self):
        header = ["", "pages/s", "CPU s/page", "MiB", "clean", "office", "poor", "read", "alarms, all", "alarms, poor"]
        for row in [header, ["---"] * len(header), *self.rows]:
            print("| " + " | ".join(row) + " |")


def tesseract_lines(tsv):
    lines = {}
    for row in csv.DictReader(tsv.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "5" and row["text"].strip():
            x, y, w, h = (int(row[k]) for k in ("left", "top", "width", "height"))
            key = tuple(row[k] for k in ("block_num", "par_num", "line_num"))
            text, box = lines.get(key, ("", (x, y, x, y)))
            box = (min(box[0], x), min(box[1], y), max(box[2], x + w), max(box[3], y + h))
            lines[key] = (text + row["text"], box)
    return list(lines.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus")
    parser.add_argument("--shared", default=os.path.join(ROOT, "../shared"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--peers", default="rapidocr,oar,tesseract")
    options = parser.parse_args()
    os.makedirs(WORK, exist_ok=True)
    comparison = Comparison(options)
    python, directory = install(), models()
    build(["--package", "archive-ocr", "--example", "read_corpus"], cwd=ROOT)
    comparison.own("archive-ocr", directory)
    for peer in options.peers.split(","):
        try:
            getattr(comparison, peer)(python, directory)
        except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
            print(f"SKIPPED {peer}: {error}", file=sys.stderr)
            comparison.rows.append([f"{peer}: not run"] + ["-"] * 9)
    comparison.own("archive-ocr, again", directory)
    comparison.print()


if __name__ == "__main__":
    main()
