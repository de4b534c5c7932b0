#!/usr/bin/env python3
"""Draws demo.svg, the picture in the README, from a real run of the demo.

usage: demo_picture.py ARCHIVE

ARCHIVE is the program, such as target/release/archive; its models are there (`archive setup`). Needs Pillow, which
`cargo xtask test` puts into target/python-site. The scan's crops, their marked regions and every value are those of the
run; the lines are those that `archive demo` prints, shortened where … stands.
"""
import base64
import html
import io
import json
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image

WIDTH, HEIGHT = 960, 540
SHOWN = ("contract_capacity_kva", "ct_ratio")
CROP_WIDTH, CROP_HEIGHT = 400, 84

STYLE = """
.ground { fill: #f6f7f9 } .card { fill: #fff; stroke: #d5dae1 } .ink { fill: #1d2430 } .soft { fill: #5a6472 }
.bad { fill: #b3261e; font-weight: 700 } .good { fill: #1b6e3c; font-weight: 700 } .mark { fill: none; stroke: #c2185b; stroke-width: 3 }
text { font: 13px 'Noto Sans Mono CJK SC', 'WenQuanYi Micro Hei Mono', 'PingFang SC', 'Microsoft YaHei', monospace; white-space: pre }
.value { font-size: 19px } .small { font-size: 12px }
@media (prefers-color-scheme: dark) {
.ground { fill: #14181e } .card { fill: #1d232b; stroke: #3a424e } .ink { fill: #e6e9ee } .soft { fill: #a3acb9 }
.bad { fill: #ff8a80 } .good { fill: #6fd198 } .mark { stroke: #d81b60 } }
"""


def run(archive, *arguments):
    with tempfile.TemporaryDirectory() as scratch:
        command = [archive, "demo", "--out", f"{scratch}/demo", *arguments]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        scans = {path.name: path.read_bytes() for path in pathlib.Path(scratch, "demo/scans").glob("*.jpg")}
    return printed.replace(scratch + "/", ""), scans


def text(x, y, words, style="ink"):
    return f'<text class="{style}" x="{x}" y="{y}">{html.escape(words)}</text>'


def shortened(line, most):
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def transcript(printed):
    """The lines that say most, in their order."""
    wanted = ["archive number", "box ", "slot ", "why there", "shelf", "document", "paper ", "ALERT"]
    shown, counted = [], {}
    for line in printed.splitlines():
        word = next((w for w in wanted if line.strip().startswith(w)), None)
        if word is None:
            continue
        counted[word] = counted.get(word, 0) + 1
        if counted[word] <= {"document": 3, "paper ": 4, "ALERT": 4}.get(word, 1):
            shown.append(line[2:])
    return shown


def crop(scan, region):
    """A strip of the scan around a region, as a data URI, and where the region is in it."""
    left, top, right, bottom = region
    image = Image.open(io.BytesIO(scan)).convert("L")
    x = min(max(0, (left + right - CROP_WIDTH) // 2), image.width - CROP_WIDTH)
    y = min(max(0, (top + bottom - CROP_HEIGHT) // 2), image.height - CROP_HEIGHT)
    strip = io.BytesIO()
    image.crop((x, y, x + CROP_WIDTH, y + CROP_HEIGHT)).save(strip, "JPEG", quality=60, optimize=True)
    data = base64.b64encode(strip.getvalue()).decode()
    return f"data:image/jpeg;base64,{data}", (left - x, top - y, right - left, bottom - top)


def picture(archive):
    printed, _ = run(archive)
    outcome, scans = run(archive, "--json")
    outcome = json.loads(outcome)
    documents = {document["name"]: document for document in outcome["documents"]}
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
        "<title>archive demo: three scans are read, filed and checked against the marketing system on the image</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="10"/>',
        f'<rect class="card" x="12" y="12" width="500" height="{HEIGHT - 24}" rx="8"/>',
        text(28, 42, "$ archive demo", "soft"),
    ]
    y = 70
    for line in transcript(printed):
        style = "bad" if "MISSING" in line or line.startswith("ALERT") else "ink"
        out.append(text(28, y, shortened(line, 60 - sum(ord(c) > 0x2E80 for c in line)), style))
        y += 25
    out.append(text(28, HEIGHT - 30, printed.strip().splitlines()[-3], "soft small"))
    y = 12
    for finding in [f for f in outcome["findings"] if f["field"] in SHOWN]:
        reading = documents[finding["document"]]["fields"][finding["field"]]
        data, (x, top, width, height) = crop(scans[finding["document"]], reading["region"])
        out += [
            f'<rect class="card" x="524" y="{y}" width="424" height="252" rx="8"/>',
            text(536, y + 28, f'{finding["label"]}  {finding["severity"]}', "bad"),
            f'<image x="536" y="{y + 42}" width="{CROP_WIDTH}" height="{CROP_HEIGHT}" href="{data}"/>',
            f'<rect class="mark" x="{536 + x}" y="{y + 42 + top}" width="{width}" height="{height}" rx="4"/>',
            text(536, y + 158, "paper   纸质", "soft"),
            text(640, y + 158, finding["paper"], "good value"),
            text(536, y + 186, "system  系统", "soft"),
            text(640, y + 186, finding["record"], "bad value"),
            text(536, y + 214, f'{finding["document"]}; {finding["evidence"]:.1f} nats against the record', "ink small"),
            text(536, y + 236, finding["reason"], "ink small"),
        ]
        y += 264
    return "\n".join([*out, "</svg>", ""])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = pathlib.Path(__file__).with_name("demo.svg")
    target.write_text(picture(sys.argv[1]), encoding="utf-8")
    print(f"{target}: {target.stat().st_size} bytes")
