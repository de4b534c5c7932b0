"""A shelf controller of family A on pymodbus's server: `modbus_controller.py PORT`.

The server holds coils and registers; a pymodbus client beside it plays the PLC programme.
"""

import asyncio
import sys

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import StartAsyncTcpServer

OPEN, RUNNING = 2205, 2206
TARGET, TEMPERATURE, HUMIDITY, OPEN_AISLE = 10, 11, 12, 13


async def programme(port):
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    while not await client.connect():
        await asyncio.sleep(0.05)
    await client.write_register(TEMPERATURE, 203)
    await client.write_register(HUMIDITY, 480)
    print("ready", flush=True)
    was_set = False
    # Without a pause: a scan that is slower than the driver's pulse would miss it.
    while True:
        is_set = (await client.read_coils(OPEN, count=1)).bits[0]
        if is_set and not was_set:
            await client.write_coil(RUNNING, True)
            await client.write_register(OPEN_AISLE, 0)
            await asyncio.sleep(0.3)
            target = (await client.read_holding_registers(TARGET, count=1)).registers[0]
            await client.write_register(OPEN_AISLE, target)
            await client.write_coil(RUNNING, False)
        was_set = is_set


async def main(port):
    device = ModbusDeviceContext(
        co=ModbusSequentialDataBlock(1, [False] * 3000),
        hr=ModbusSequentialDataBlock(1, [0] * 100),
    )
    server = StartAsyncTcpServer(ModbusServerContext(devices=device), address=("127.0.0.1", port))
    await asyncio.gather(server, programme(port))


asyncio.run(main(int(sys.argv[1])))
