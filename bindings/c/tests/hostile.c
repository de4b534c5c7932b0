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
    status = ma_archive_open(NULL, 0, &archive, &error);
    expect("empty path", status, MA_STATUS_INVALID_INPUT, error, "argument path: is empty");
    error = NULL;
    status = ma_archive_open("none/here", 9, NULL, &error);
    expect("no place for the handle", status, MA_STATUS_INVALID_INPUT, error, "argument out: is null");
    error = NULL;
    status = ma_archive_open("none/here", 9, &archive, &error);
    expect("no archive", status, MA_STATUS_NOT_FOUND, error, "ma_archive_create");
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
    status = ma_archive_checkpoint(archive, &answer, &error);
    expect("checkpoint", status, MA_STATUS_OK, error, "");
    char *findings = NULL;
    status = ma_archive_verify(archive, answer, strlen(answer), &findings, &error);
    expect("verify", status, MA_STATUS_OK, error, "");
    if (!findings || !strstr(findings, "\"breaks\":[]")) failures++;
    ma_string_free(findings);
    ma_string_free(answer);
    status = ma_archive_verify(archive, "x", 1, &answer, &error);
    expect("no checkpoint", status, MA_STATUS_INVALID_INPUT, error, "checkpoint");
    error = NULL;
    status = ma_archive_completeness(archive, "x", 1, &answer, &error);
    expect("no such archive number", status, MA_STATUS_NOT_FOUND, error, "not in the catalogue");
    error = NULL;
    status = ma_archive_completeness_matrix(archive, &answer, &error);
    expect("completeness", status, MA_STATUS_OK, error, "");
    ma_string_free(answer);
    status = ma_archive_due_for_disposal(archive, "tomorrow", 8, &answer, &error);
    expect("no day", status, MA_STATUS_INVALID_INPUT, error, "argument today");
    error = NULL;
    status = ma_archive_due_for_disposal(archive, "2100-01-01", 10, &answer, &error);
    expect("what is due", status, MA_STATUS_OK, error, "");
    ma_string_free(answer);
    status = ma_archive_carry_out_disposal(archive, "never", 5, &answer, &error);
    expect("no disposal list", status, MA_STATUS_NOT_FOUND, error, "never proposed");
    error = NULL;
    status = ma_archive_propose_disposal(archive, "{\"key\": 1}", 10, &answer, &error);
    expect("no disposal request", status, MA_STATUS_INVALID_INPUT, error, "is no disposal request");
    error = NULL;
    status = ma_archive_send(archive, "{\"key\": \"C-1\", \"boxes\": []}", 27, &answer, &error);
    expect("no site", status, MA_STATUS_INVALID_INPUT, error, "lacks the site");
    error = NULL;
    const char *request = "{\"call\": \"search\", \"words\": \"none\"}";
    status = ma_archive_call(archive, request, strlen(request), &answer, &error);
    expect("search", status, MA_STATUS_OK, error, "");
    if (strcmp(answer, "[]") != 0) failures++;
    ma_string_free(answer);
    request = "{\"call\": \"burn\"}";
    status = ma_archive_call(archive, request, strlen(request), &answer, &error);
    expect("no such call", status, MA_STATUS_INVALID_INPUT, error, "plan-retrieval");
    error = NULL;
    request = "{\"call\": \"space\", \"months\": 12, \"years\": 1}";
    status = ma_archive_call(archive, request, strlen(request), &answer, &error);
    expect("unknown key", status, MA_STATUS_INVALID_INPUT, error, "years");
    error = NULL;
    request = "{\"call\": \"plan-inventory-walk\", \"stay\": -1}";
    status = ma_archive_call(archive, request, strlen(request), &answer, &error);
    expect("negative time", status, MA_STATUS_INVALID_INPUT, error, "stay of a round");
    error = NULL;
    status = ma_archive_call(NULL, request, strlen(request), &answer, &error);
    expect("call of no archive", status, MA_STATUS_INVALID_INPUT, error, "argument archive: is null");
    error = NULL;
    ma_archive_free(archive);

    ma_rule *rule = NULL;
    status = ma_rule_compile("nonsense", 8, &rule, &error);
    expect("no rule", status, MA_STATUS_INVALID_INPUT, error, "line 1");
    error = NULL;
    status = ma_rule_parse(NULL, "x", 1, &answer, &error);
    expect("null rule", status, MA_STATUS_INVALID_INPUT, error, "argument rule: is null");

    error = NULL;

    const char *text =
        "rule box-label version 1 effective 2024-01-01\n"
        "  room = chars[A-Z]{2}\n"
        "  n = sequence{4} start 1 per (room) gapless refuse-when-full\n"
        "  format \"{room}-{n}\"\n"
        "  aliases {~}->\"-\"\n";
    status = ma_rule_compile(text, strlen(text), &rule, &error);
    expect("rule", status, MA_STATUS_OK, error, "");
    error = NULL;
    ma_span spans[2];
    status = ma_rule_spans(rule, "HZ-0042", 7, spans, 2, &error);
    expect("spans", status, MA_STATUS_OK, error, "");
    if (spans[1].start != 3 || spans[1].end != 7) failures++;
    status = ma_rule_spans(rule, "HZ-0042", 7, spans, 1, &error);
    expect("too little room for spans", status, MA_STATUS_INVALID_INPUT, error, "room for 1 spans");
    error = NULL;
    status = ma_rule_spans(rule, "HZ-0042", 7, NULL, 2, &error);
    expect("null spans", status, MA_STATUS_INVALID_INPUT, error, "argument spans: is null");
    error = NULL;
    status = ma_rule_spans(rule, "HZ-0042", 7, spans, SIZE_MAX, &error);
    expect("endless spans", status, MA_STATUS_INVALID_INPUT, error, "more than");
    error = NULL;
    status = ma_rule_spans(rule, "HZ~0042", 7, spans, 2, &error);
    expect("an accepted writing", status, MA_STATUS_CONFLICT, error, "HZ-0042");
    error = NULL;
    status = ma_rule_canonical(rule, "HZ~0042", 7, &answer, &error);
    expect("its canonical writing", status, MA_STATUS_OK, error, "");
    if (strcmp(answer, "HZ-0042")) failures++;
    ma_string_free(answer);
    status = ma_rule_explain(rule, "HZ-42", 5, &answer, &error);
    expect("what is wrong", status, MA_STATUS_OK, error, "");
    if (!strstr(answer, "\"expected\"")) failures++;
    ma_string_free(answer);
    status = ma_rule_field_name(rule, 2, &answer, &error);
    expect("a third field", status, MA_STATUS_INVALID_INPUT, error, "has 2 fields");
    error = NULL;
    status = ma_rule_format(rule, "[1]", 3, &answer, &error);
    expect("values that are none", status, MA_STATUS_INVALID_INPUT, error, "argument values");
    error = NULL;
    ma_text values[3] = {{"HZ", 2}, {"0042", 4}, {"x", 1}};
    char buffer[8];
    size_t written = 0;
    status = ma_rule_write(rule, values, 2, buffer, sizeof buffer, &written, &error);
    expect("write", status, MA_STATUS_OK, error, "");
    if (written != 7 || memcmp(buffer, "HZ-0042", 7)) failures++;
    status = ma_rule_write(rule, values, 2, buffer, 6, &written, &error);
    expect("a short buffer", status, MA_STATUS_INVALID_INPUT, error, "room for 6 bytes");
    error = NULL;
    status = ma_rule_write(rule, values, 3, buffer, sizeof buffer, &written, &error);
    expect("a value too many", status, MA_STATUS_INVALID_INPUT, error, "has 2 fields");
    error = NULL;
    status = ma_rule_write(rule, values, 2, buffer, sizeof buffer, NULL, &error);
    expect("no place for the length", status, MA_STATUS_INVALID_INPUT, error, "argument written");
    error = NULL;
    values[0].data = NULL;
    status = ma_rule_write(rule, values, 2, buffer, sizeof buffer, &written, &error);
    expect("a value too few", status, MA_STATUS_INVALID_INPUT, error, "room");
    error = NULL;
    ma_rule_free(rule);

    struct ArrowArrayStream gone = {0}, found = {0};
    const char *options = "{\"keys\": [\"account_no\"]}";
    status = ma_reconcile(NULL, NULL, options, strlen(options), NULL, NULL, &found, &answer, &error);
    expect("null streams", status, MA_STATUS_INVALID_INPUT, error, "argument left: is null");
    error = NULL;
    status = ma_reconcile(&gone, &gone, options, strlen(options), NULL, NULL, &found, &answer, &error);
    expect("released streams", status, MA_STATUS_INVALID_INPUT, error, "was released");
    error = NULL;
    status = ma_reconcile_files("none.csv", 8, "none.csv", 8, "{}", 2, "out.csv", 7, NULL, NULL, &answer, &error);
    expect("no keys", status, MA_STATUS_INVALID_INPUT, error, "argument options");
    error = NULL;
    status = ma_reconcile_files("none.csv", 8, "none.csv", 8, options, strlen(options), "out.csv", 7, NULL, NULL,
                                &answer, &error);
    expect("no tables", status, MA_STATUS_NOT_FOUND, error, "none.csv");
    error = NULL;

    ma_reader *reader = NULL;
    ma_reading *reading = NULL;
    status = ma_reader_open("none/here", 9, 1, &reader, &error);
    expect("no models", status, MA_STATUS_UNAVAILABLE, error, "none/here");
    error = NULL;
    status = ma_reader_open_with("{\"fields\": [\"none.toml\"]}", 25, &reader, &error);
    expect("no fields", status, MA_STATUS_NOT_FOUND, error, "none.toml");
    error = NULL;
    status = ma_reader_open_with("{\"field\": []}", 13, &reader, &error);
    expect("no such key", status, MA_STATUS_INVALID_INPUT, error, "is no reader request");
    error = NULL;
    status = ma_reader_open_with(NULL, 7, &reader, &error);
    expect("null reader request", status, MA_STATUS_INVALID_INPUT, error, "argument request: is null");
    error = NULL;
    status = ma_reader_read(NULL, "x", 1, NULL, 0, &reading, &error);
    expect("null reader", status, MA_STATUS_INVALID_INPUT, error, "argument reader: is null");
    error = NULL;
    status = ma_reading_verify(NULL, "{}", 2, &answer, &error);
    expect("null reading", status, MA_STATUS_INVALID_INPUT, error, "argument reading: is null");
    ma_reader_free(NULL);
    ma_reading_free(NULL);

    ma_archive_free(NULL);
    ma_rule_free(NULL);
    ma_error_free(NULL);
    ma_string_free(NULL);
    if (failures == 0) puts("all hostile calls were answered");
    return failures != 0;
}
