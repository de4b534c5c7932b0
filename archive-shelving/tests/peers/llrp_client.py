"""Reads tags with sllurp's library and prints their codes: `llrp_client.py PORT SECONDS`."""

import os
import signal
import sys
import time

from sllurp.llrp import LLRPReaderClient, LLRPReaderConfig

# sllurp waits without a limit in some places: end the process rather than the whole test run.
signal.alarm(int(sys.argv[2]) + 30)
codes = set()


def on_report(_reader, tags):
    for tag in tags:
        code = tag.get("EPC-96") or tag.get("EPC") or tag.get("EPCData", {}).get("EPC")
        codes.add(code.decode().upper() if isinstance(code, bytes) else str(code).upper())


config = LLRPReaderConfig({"antennas": [0], "report_every_n_tags": 1, "start_inventory": True})
reader = LLRPReaderClient("127.0.0.1", int(sys.argv[1]), config)
reader.add_tag_report_callback(on_report)
reader.connect()
deadline = time.monotonic() + float(sys.argv[2])
# Two tags stand in the aisle.
while time.monotonic() < deadline and len(codes) < 2:
    time.sleep(0.1)
print("\n".join(sorted(codes)), flush=True)
# Not `reader.disconnect()`: it now and then joins its own thread for ever (sllurp 3.0.5).
os._exit(0)
