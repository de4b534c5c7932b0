/* Compares two tables that this program holds in memory, by the Arrow C stream interface.
 *
 *   cc tables.c $(pkg-config --cflags --libs marketing_archive) -o tables && ./tables
 *
 * A program that uses an Arrow library exports its tables with that library's function instead of the
 * small producer below.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marketing_archive.h"

#define ROWS 3
#define COLUMNS 2

/* A table of texts, one batch, that lives as long as the program. */
typedef struct {
    const char *names[COLUMNS];
    const char *cells[COLUMNS][ROWS];
    int32_t offsets[COLUMNS][ROWS + 1];
    char bytes[COLUMNS][64];
    int given;
} table;

static void release_schema(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
        free(schema->children[i]);
    }
    free(schema->children);
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release) array->children[i]->release(array->children[i]);
        free(array->children[i]);
    }
    free(array->children);
    free(array->buffers);
    array->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    table *t = stream->private_data;
    memset(out, 0, sizeof *out);
    out->format = "+s";
    out->name = "";
    out->n_children = COLUMNS;
    out->children = calloc(COLUMNS, sizeof *out->children);
    out->release = release_schema;
    for (int i = 0; i < COLUMNS; i++) {
        struct ArrowSchema *column = out->children[i] = calloc(1, sizeof *column);
        column->format = "u";
        column->name = t->names[i];
        column->flags = 2; /* nullable */
        column->release = release_schema;
    }
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    table *t = stream->private_data;
    memset(out, 0, sizeof *out);
    if (t->given) return 0; /* A released array ends the stream. */
    t->given = 1;
    out->length = ROWS;
    out->n_buffers = 1;
    out->buffers = calloc(1, sizeof *out->buffers);
    out->n_children = COLUMNS;
    out->children = calloc(COLUMNS, sizeof *out->children);
    out->release = release_array;
    for (int i = 0; i < COLUMNS; i++) {
        int32_t at = 0;
        for (int row = 0; row < ROWS; row++) {
            t->offsets[i][row] = at;
            memcpy(t->bytes[i] + at, t->cells[i][row], strlen(t->cells[i][row]));
            at += (int32_t)strlen(t->cells[i][row]);
        }
        t->offsets[i][ROWS] = at;
        struct ArrowArray *column = out->children[i] = calloc(1, sizeof *column);
        column->length = ROWS;
        column->n_buffers = 3;
        column->buffers = calloc(3, sizeof *column->buffers);
        column->buffers[1] = t->offsets[i];
        column->buffers[2] = t->bytes[i];
        column->release = release_array;
    }
    return 0;
}

static const char *no_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return NULL;
}

static void release_stream(struct ArrowArrayStream *stream) { stream->release = NULL; }

static struct ArrowArrayStream stream_of(table *t) {
    t->given = 0;
    return (struct ArrowArrayStream){get_schema, get_next, no_error, release_stream, t};
}

static bool tell(void *context, ma_stage stage, uint64_t rows, uint64_t of) {
    (void)stage, (void)rows, (void)of;
    ++*(int *)context;
    return true;
}

static bool cancel(void *context, ma_stage stage, uint64_t rows, uint64_t of) {
    (void)context, (void)stage, (void)rows, (void)of;
    return false;
}

int main(void) {
    table papers = {{"account_no", "contract_capacity_kva"},
                    {{"0001", "0002", "0003"}, {"400 kVA", "500kVA", "80"}}, {{0}}, {{0}}, 0};
    table records = {{"account_no", "contract_capacity_kva"},
                     {{"0001", "0002", "0004"}, {"400.00", "315", "80"}}, {{0}}, {{0}}, 0};
    const char *options = "{\"keys\": [\"account_no\"]}";
    struct ArrowArrayStream left = stream_of(&papers), right = stream_of(&records), found;
    char *summary = NULL;
    ma_error *error = NULL;
    int told = 0;
    if (ma_reconcile(&left, &right, options, strlen(options), tell, &told, &found, &summary, &error) != MA_STATUS_OK) {
        fprintf(stderr, "%s\n", ma_error_message(error));
        ma_error_free(error);
        return 1;
    }
    puts(summary);
    int wrong = !strstr(summary, "\"mismatches\":1") || !strstr(summary, "\"missing_left\":1") || told == 0;
    ma_string_free(summary);

    /* The findings come as a stream, too. */
    int64_t rows = 0;
    for (;;) {
        struct ArrowArray batch;
        if (found.get_next(&found, &batch) != 0) return 1;
        if (!batch.release) break;
        rows += batch.length;
        batch.release(&batch);
    }
    found.release(&found);
    printf("%lld findings\n", (long long)rows);

    /* A comparison that its caller gives up. */
    left = stream_of(&papers), right = stream_of(&records);
    ma_status status =
        ma_reconcile(&left, &right, options, strlen(options), cancel, NULL, &found, &summary, &error);
    wrong |= status != MA_STATUS_UNAVAILABLE || !strstr(ma_error_message(error), "cancelled");
    ma_error_free(error);
    return wrong || rows != 3;
}
