/* Compiles a numbering rule and takes an archive number apart.
 *
 *   cc numbering.c $(pkg-config --cflags --libs marketing_archive) -o numbering && ./numbering
 */
#include <stdio.h>
#include <string.h>

#include "marketing_archive.h"

static int fail(const char *what, ma_error *error) {
    fprintf(stderr, "%s: %s\n", what, ma_error_message(error));
    ma_error_free(error);
    return 1;
}

int main(void) {
    const char *text =
        "rule box-label version 1 effective 2024-01-01\n"
        "  room = chars[A-Z]{2}\n"
        "  n = sequence{4} start 1 per (room) gapless refuse-when-full\n"
        "  format \"{room}-{n}\"\n"
        "  sort room, n\n";
    ma_rule *rule = NULL;
    ma_error *error = NULL;
    if (ma_rule_compile(text, strlen(text), &rule, &error) != MA_STATUS_OK) return fail("rule", error);

    const char *number = "HZ-0042";
    char *fields = NULL;
    if (ma_rule_parse(rule, number, strlen(number), &fields, &error) != MA_STATUS_OK) return fail("number", error);
    printf("%s is %s\n", number, fields);
    int wrong = strstr(fields, "HZ") == NULL;
    ma_string_free(fields);

    /* A number that the rule does not know: the message says where it fails and what was expected. */
    number = "HZ-42";
    if (ma_rule_parse(rule, number, strlen(number), &fields, &error) != MA_STATUS_INVALID_INPUT) return 1;
    printf("%s\n", ma_error_message(error));
    ma_error_free(error);
    ma_rule_free(rule);
    return wrong;
}
