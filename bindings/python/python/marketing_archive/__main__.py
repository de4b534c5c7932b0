"""``python -m marketing_archive setup`` fetches engine and models; ``demo`` runs the main job on sample papers."""

from __future__ import annotations

import argparse
import os
import sys
import time

from . import Archive, ArchiveError, InvalidInput, setup, write_samples


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m marketing_archive")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("setup", help="fetch the inference engine and the models, once")
    demo = verbs.add_parser("demo", help="file three sample papers, end to end")
    demo.add_argument("--out", default="archive-demo", help="where scans, catalogue and report go")
    arguments = parser.parse_args()
    try:
        where = setup()
        if arguments.verb == "setup":
            print(f"engine and models are in {where}")
        else:
            run_demo(arguments.out)
    except InvalidInput as error:
        print(f"marketing_archive: {error}", file=sys.stderr)
        return 3
    except ArchiveError as error:
        print(f"marketing_archive: {error}", file=sys.stderr)
        return 4
    return 0


def run_demo(out: str) -> None:
    # Each run is a request of its own: a second run files the papers anew, into the same box.
    request = write_samples(os.path.join(out, "scans"), key=f"demo-{time.time_ns() // 1_000_000}")
    with Archive.create(os.path.join(out, "archive")) as archive:
        outcome = archive.file(**request)
        for finding in outcome["findings"]:
            print(f"ALERT {finding['label']}: paper {finding['paper']}, system {finding['record']}")
        page = archive.report([outcome], os.path.join(out, "report"))
        boxes = archive.inventory()["boxes"]
    present = sum(box["sighting"] == "present" for box in boxes)
    print(f"archive number {outcome['reference_code']}, box {outcome['box_number']}, slot {outcome['slot']}")
    print(f"{present} of {len(boxes)} boxes seen by the tag reader")
    print(f"report, with the scan beside each finding: {page}")


if __name__ == "__main__":
    sys.exit(main())
