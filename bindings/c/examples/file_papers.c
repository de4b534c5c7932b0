/* Opens an archive in the directory given, asks for a file that is not there, and takes stock.
 *
 *   ./file_papers DIRECTORY [REQUEST.json]
 *
 * With a request, its papers are filed first (that needs the models of `archive setup`).
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

static char *load(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t)size + 1);
    if (text && fread(text, 1, (size_t)size, file) != (size_t)size) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: file_papers DIRECTORY [REQUEST.json]\n");
        return 2;
    }
    ma_archive *archive = NULL;
    ma_error *error = NULL;
    if (ma_archive_create(argv[1], strlen(argv[1]), &archive, &error) != MA_STATUS_OK) return fail("open", error);

    char *answer = NULL;
    if (argc > 2) {
        char *request = load(argv[2]);
        if (!request) {
            fprintf(stderr, "%s cannot be read\n", argv[2]);
            return 1;
        }
        ma_status status = ma_archive_file(archive, request, strlen(request), &answer, &error);
        free(request);
        if (status != MA_STATUS_OK) return fail("file", error);
        printf("filed: %s\n", answer);
        ma_string_free(answer);
    }

    const char *name = "no such file";
    if (ma_archive_locate(archive, name, strlen(name), &answer, &error) != MA_STATUS_NOT_FOUND) return 1;
    printf("%s\n", ma_error_message(error));
    ma_error_free(error);

    if (ma_archive_inventory(archive, &answer, &error) != MA_STATUS_OK) return fail("inventory", error);
    printf("inventory: %s\n", answer);
    ma_string_free(answer);
    ma_archive_free(archive);
    return 0;
}
