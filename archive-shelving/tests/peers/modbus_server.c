/* A shelf controller of family A on libmodbus: `modbus_server tcp PORT | modbus_server rtu PATH`.
 *
 * Opens whatever aisle it is told to at once, and says "ready" when it serves. */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPEN = 2205, TARGET = 10, TEMPERATURE = 11, HUMIDITY = 12, OPEN_AISLE = 13 };

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    int rtu = strcmp(argv[1], "rtu") == 0, listener = -1;
    modbus_t *line = rtu ? modbus_new_rtu(argv[2], 19200, 'N', 8, 1) : modbus_new_tcp("127.0.0.1", atoi(argv[2]));
    modbus_mapping_t *memory = modbus_mapping_new(3000, 0, 100, 0);
    if (!line || !memory) return 2;
    modbus_set_slave(line, 1);
    memory->tab_registers[TEMPERATURE] = 203;
    memory->tab_registers[HUMIDITY] = 480;
    /* The test run is not kept waiting by a peer that lost its client. */
    alarm(60);
    if (rtu ? modbus_connect(line) : (listener = modbus_tcp_listen(line, 1)) == -1) return 3;
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (!rtu && modbus_tcp_accept(line, &listener) == -1) return 3;
        uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
        int length;
        while ((length = modbus_receive(line, query)) != -1) {
            if (length == 0) continue;
            const uint8_t *pdu = query + modbus_get_header_length(line);
            int is_set = pdu[0] == 5 && (pdu[1] << 8 | pdu[2]) == OPEN && pdu[3] == 0xFF;
            if (is_set) memory->tab_registers[OPEN_AISLE] = memory->tab_registers[TARGET];
            modbus_reply(line, query, length, memory);
        }
        if (rtu) return 0;
        modbus_close(line);
    }
}
