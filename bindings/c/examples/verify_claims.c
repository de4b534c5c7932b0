/* Reads a scan and verifies a claim of the marketing system on the image itself.
 *
 *   verify_claims SCRATCH IMAGE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marketing_archive.h"

static int fail(const char *what, ma_error *error) {
    fprintf(stderr, "%s: %s\n", what, ma_error_message(error));
    ma_error_free(error);
    return 1;
}

int main(int argc, char **argv) {
    const char *path = argc > 2 ? argv[2] : "samples/contract.jpg";
    FILE *file = fopen(path, "rb");
    if (!file) return perror(path), 1;
    static unsigned char image[8 << 20];
    size_t size = fread(image, 1, sizeof image, file);
    fclose(file);

    ma_reader *reader = NULL;
    ma_reading *reading = NULL;
    ma_error *error = NULL;
    char *answer = NULL;
    if (ma_reader_open("", 0, 0, &reader, &error) != MA_STATUS_OK) return fail("models", error);
    if (ma_reader_read(reader, path, strlen(path), image, size, &reading, &error) != MA_STATUS_OK)
        return fail("page", error);
    ma_reader_free(reader);

    const char *record = "{\"account_no\": \"3342125369\", \"ct_ratio\": \"800/5\"}";
    if (ma_reading_verify(reading, record, strlen(record), &answer, &error) != MA_STATUS_OK)
        return fail("claims", error);
    puts(answer);
    int wrong = !strstr(answer, "\"match\"") || !strstr(answer, "\"mismatch\"");
    ma_string_free(answer);
    if (ma_reading_json(reading, &answer, &error) != MA_STATUS_OK) return fail("page", error);
    wrong |= !strstr(answer, "supply_contract");
    ma_string_free(answer);
    ma_reading_free(reading);
    return wrong;
}
