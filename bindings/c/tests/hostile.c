/* What a careless or hostile caller may pass: null, wrong lengths, bytes that are no text. Each ends
 * in a status and one clear message; run under valgrind, nothing leaks and nothing is read wildly. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "marketing_archive.h"

static int failures = 0;

static void expect(const char *what, ma_status found, ma_status wanted, ma_error *error, const char *message) {
    const char *said = ma_error_message(error);
    if (found != wanted || !strstr(said, message)) {
        fprintf(stderr, "%s: status %d for %d, message: %s\n", what, (int)found, (int)wanted, said);
        failures++;
    }
    if (error && ma_error_status(error) != found) failures++;
    ma_error_free(error);
}

int main(int argc, char **argv) {
    const char *directory = argc > 1 ? argv[1] : ".";
    ma_archive *archive = NULL;
    ma_error *error = NULL;
    char *answer = NULL;
    ma_status status;

    if (ma_abi_version() != 1) failures++;

    status = ma_archive_open(NULL, 3, &archive, &error);
    expect("null path", status, MA_STATUS_INVALID_INPUT, error, "argument path: is null");
    error = NULL;
    status = ma_archive_open("x", SIZE_MAX, &archive, &error);
    expect("endless path", status, MA_STATUS_INVALID_INPUT, error, "more than");
    error = NULL;
    status = ma_archive_open("\xff\xfe", 2, &archive, &error);
    expect("no UTF-8", status, MA_STATUS_INVALID_INPUT, error, "is not UTF-8");
    error = NULL;
    status = ma_archive_open("none/here", 9, NULL, &error);
    expect("no place for the handle", status, MA_STATUS_INVALID_INPUT, error, "argument out: is null");
    error = NULL;
    status = ma_archive_open("none/here", 9, &archive, &error);
    expect("no archive", status, MA_STATUS_NOT_FOUND, error, "archive init");
    error = NULL;
    status = ma_archive_open("none/here", 9, &archive, NULL);
    expect("no place for the error", status, MA_STATUS_NOT_FOUND, NULL, "");

    status = ma_archive_locate(NULL, "x", 1, &answer, &error);
    expect("null handle", status, MA_STATUS_INVALID_INPUT, error, "argument archive: is null");
    error = NULL;

    status = ma_archive_create(directory, strlen(directory), &archive, &error);
    expect("create", status, MA_STATUS_OK, error, "");
    error = NULL;
    status = ma_archive_file(archive, "{", 1, &answer, &error);
    expect("broken JSON", status, MA_STATUS_INVALID_INPUT, error, "is no filing request");
    error = NULL;
    status = ma_archive_file(archive, "a\0b", 3, &answer, &error);
    expect("zero byte", status, MA_STATUS_INVALID_INPUT, error, "is no filing request");
    error = NULL;
    status = ma_archive_locate(archive, "x\0y", 3, &answer, &error);
    expect("name with a zero byte", status, MA_STATUS_NOT_FOUND, error, "is no archive number");
    error = NULL;
    status = ma_archive_inventory(archive, &answer, &error);
    expect("inventory", status, MA_STATUS_OK, error, "");
    error = NULL;
    ma_string_free(answer);
    ma_archive_free(archive);

    ma_rule *rule = NULL;
    status = ma_rule_compile("nonsense", 8, &rule, &error);
    expect("no rule", status, MA_STATUS_INVALID_INPUT, error, "line 1");
    error = NULL;
    status = ma_rule_parse(NULL, "x", 1, &answer, &error);
    expect("null rule", status, MA_STATUS_INVALID_INPUT, error, "argument rule: is null");

    ma_archive_free(NULL);
    ma_rule_free(NULL);
    ma_error_free(NULL);
    ma_string_free(NULL);
    if (failures == 0) puts("all hostile calls were answered");
    return failures != 0;
}
