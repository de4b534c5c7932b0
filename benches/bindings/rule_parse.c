/* The C side of measure.py: prints the nanoseconds that taking a number apart takes, the fastest of many rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "marketing_archive.h"

enum { ROUND = 200000, ROUNDS = 25, FIELDS = 16 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char **argv) {
    static char source[1 << 16];
    FILE *file = argc > 2 ? fopen(argv[1], "rb") : NULL;
    if (!file) return 2;
    size_t length = fread(source, 1, sizeof source, file);
    fclose(file);
    ma_rule *rule = NULL;
    ma_error *error = NULL;
    if (ma_rule_compile(source, length, &rule, &error) != MA_STATUS_OK) {
        fprintf(stderr, "%s\n", ma_error_message(error));
        return 1;
    }
    const char *number = argv[2];
    size_t number_length = strlen(number), letters = 0;
    size_t fields = ma_rule_field_count(rule);
    ma_span spans[FIELDS];
    double fastest = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double begun = now();
        for (int i = 0; i < ROUND; i++) {
            if (ma_rule_spans(rule, number, number_length, spans, FIELDS, &error) != MA_STATUS_OK) return 1;
            for (size_t field = 0; field < fields; field++) letters += spans[field].end - spans[field].start;
        }
        double each = (now() - begun) / ROUND;
        if (each < fastest) fastest = each;
    }
    ma_rule_free(rule);
    printf("%.2f\n", fastest);
    return letters == 0;
}
