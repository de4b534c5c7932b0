"""A reader of llrpkit's emulator with two tags: `llrp_emulator.py PORT`; says "ready" when it serves."""

import asyncio
import signal
import sys

from llrpkit.emulator import EmulatedTag, LLRPEmulator

# The test run is not kept waiting by a peer that lost its client.
signal.alarm(90)


async def main(port):
    tags = [
        EmulatedTag(epc=bytes.fromhex(code), antennas=(antenna,))
        for code, antenna in [("2C14257BF460720000000190", 1), ("2C14257BF460720000000191", 2)]
    ]
    async with LLRPEmulator(port=port, tags=tags, reads_per_sec=50):
        print("ready", flush=True)
        await asyncio.Event().wait()


asyncio.run(main(int(sys.argv[1])))
