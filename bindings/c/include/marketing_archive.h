#ifndef MARKETING_ARCHIVE_H
#define MARKETING_ARCHIVE_H

/* Written by `cargo xtask header` from bindings/c/src: change it there. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The Arrow C stream interface, as its specification asks to copy it. */
#ifdef __cplusplus
extern "C" {
#endif
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};
#endif
#ifdef __cplusplus
}
#endif

// The longest text that is taken from C, in bytes.
#define MA_TEXT_LIMIT (64 << 20)

// The largest image file that is taken from C, in bytes.
#define MA_FILE_LIMIT (256 << 20)

// What became of a call, and what the caller can do.
typedef enum ma_status {
  // Done.
  MA_STATUS_OK = 0,
  // Fix the value that was given.
  MA_STATUS_INVALID_INPUT = 1,
  // What was named does not exist.
  MA_STATUS_NOT_FOUND = 2,
  // The same name means something else already.
  MA_STATUS_CONFLICT = 3,
  // A part is out of reach: restore it and call again.
  MA_STATUS_UNAVAILABLE = 4,
  // A device or a rule said no.
  MA_STATUS_REFUSED = 5,
  // A command was sent and no answer came: read the state first.
  MA_STATUS_OUTCOME_UNKNOWN = 6,
  // This part cannot do it.
  MA_STATUS_UNSUPPORTED = 7,
  // The caller lacks the right to do it.
  MA_STATUS_DENIED = 8,
  // Stored data is not what was written.
  MA_STATUS_CORRUPT = 9,
  // A fault of the library.
  MA_STATUS_INTERNAL = 10,
} ma_status;

// What a comparison is doing.
typedef enum ma_stage {
  // The left table is read.
  MA_STAGE_LEFT = 0,
  // The right table is read.
  MA_STAGE_RIGHT = 1,
  // Left rows that differ are fetched.
  MA_STAGE_FETCH = 2,
} ma_stage;

// An open archive.
typedef struct ma_archive ma_archive;

// Why a call failed.
typedef struct ma_error ma_error;

// A page reader.
typedef struct ma_reader ma_reader;

// What was read on a page: more than its fields, so that claims can be verified on it.
typedef struct ma_reading ma_reading;

// A numbering rule, proven sound.
typedef struct ma_rule ma_rule;

// A part of a number, in bytes from its beginning.
typedef struct ma_span {
  // Its first byte.
  uint32_t start;
  // The byte behind its last one; equal to `start` for a field that the rule does not print.
  uint32_t end;
} ma_span;

// A text of the caller's: UTF-8 without a terminator. Null for a value that is not given.
typedef struct ma_text {
  // The first byte.
  const char *data;
  // How many bytes.
  size_t length;
} ma_text;

// Told how far a comparison is, on the calling thread: `rows` of `of` are done, 0 where the whole is
// not known. Return false to cancel; the call then ends in `MA_STATUS_UNAVAILABLE`. `context` is the
// caller's own.
typedef bool (*ma_progress)(void *context, enum ma_stage stage, uint64_t rows, uint64_t of);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of this binary interface. Compare it with the one that you compiled against.
uint32_t ma_abi_version(void);

// The status that the failed call returned.
//
// # Safety
// `error` must be null or an error of this library that was not freed.
enum ma_status ma_error_status(const struct ma_error *error);

// What went wrong, in one sentence; it lives as long as the error. Null gives the empty text.
//
// # Safety
// `error` must be null or an error of this library that was not freed.
const char *ma_error_message(const struct ma_error *error);

// The object that the error is about; it lives as long as the error. Null gives the empty text.
//
// # Safety
// `error` must be null or an error of this library that was not freed.
const char *ma_error_object(const struct ma_error *error);

// Frees an error.
//
// # Safety
// `error` must be null or an error of this library that was not freed.
void ma_error_free(struct ma_error *error);

// Frees text that the library gave.
//
// # Safety
// `text` must be null or text that this library gave and that was not freed.
void ma_string_free(char *text);

// Opens the archive in the directory `path`.
//
// # Safety
// `path` must point to `length` bytes; `out` and `error` must each be null or writable.
enum ma_status ma_archive_open(const char *path,
                               size_t length,
                               struct ma_archive **out,
                               struct ma_error **error);

// Makes an archive with the shipped settings in the directory `path`, where it has none yet, and
// opens it.
//
// # Safety
// `path` must point to `length` bytes; `out` and `error` must each be null or writable.
enum ma_status ma_archive_create(const char *path,
                                 size_t length,
                                 struct ma_archive **out,
                                 struct ma_error **error);

// Files a customer's papers: `request` is a filing request as JSON, `*out` becomes its outcome as
// JSON. The same request again under the same key changes nothing and gives the same answer.
//
// # Safety
// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and
// `error` must each be null or writable.
enum ma_status ma_archive_file(const struct ma_archive *archive,
                               const char *request,
                               size_t length,
                               char **out,
                               struct ma_error **error);

// Finds files by archive number, customer, document, box, slot, request or tag; `*out` becomes a
// JSON array.
//
// # Safety
// `archive` must be null or an open archive; `name` must point to `length` bytes; `out` and `error`
// must each be null or writable.
enum ma_status ma_archive_locate(const struct ma_archive *archive,
                                 const char *name,
                                 size_t length,
                                 char **out,
                                 struct ma_error **error);

// Reads the tags of all aisles with boxes; `*out` becomes the report as JSON.
//
// # Safety
// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
enum ma_status ma_archive_inventory(const struct ma_archive *archive,
                                    char **out,
                                    struct ma_error **error);

// Goes on with every filing whose box is not known to stand in its slot; `*out` becomes a JSON array
// of request keys with their states.
//
// # Safety
// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
enum ma_status ma_archive_resume(const struct ma_archive *archive,
                                 char **out,
                                 struct ma_error **error);

// Closes an archive. Nobody may use it any more.
//
// # Safety
// `archive` must be null or an open archive that was not freed.
void ma_archive_free(struct ma_archive *archive);

// Lends a file's paper: `request` is a JSON object with `key`, `reference`, `borrower`, `purpose`,
// `when` and `due` (times as RFC 3339, `due` may be null); `*out` becomes the loan as JSON. The same
// loan again changes nothing.
//
// # Safety
// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and
// `error` must each be null or writable.
enum ma_status ma_archive_lend(const struct ma_archive *archive,
                               const char *request,
                               size_t length,
                               char **out,
                               struct ma_error **error);

// Records now that the loan with the key `loan` came back; `*out` becomes the loan as JSON. Again
// changes nothing.
//
// # Safety
// `archive` must be null or an open archive; `loan` must point to `length` bytes; `out` and `error`
// must each be null or writable.
enum ma_status ma_archive_give_back(const struct ma_archive *archive,
                                    const char *loan,
                                    size_t length,
                                    char **out,
                                    struct ma_error **error);

// The loans that are out, oldest first; `*out` becomes a JSON array.
//
// # Safety
// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
enum ma_status ma_archive_open_loans(const struct ma_archive *archive,
                                     char **out,
                                     struct ma_error **error);

// Keeps the slot `to` for the box `number`, which stays where it is until `ma_archive_confirm_move`;
// `*out` becomes the box as JSON.
//
// # Safety
// `archive` must be null or an open archive; `number` must point to `number_length` bytes and `to` to
// `to_length`; `out` and `error` must each be null or writable.
enum ma_status ma_archive_move_box(const struct ma_archive *archive,
                                   const char *number,
                                   size_t number_length,
                                   const char *to,
                                   size_t to_length,
                                   char **out,
                                   struct ma_error **error);

// Records that the box `number` stands in the slot that it was moved to; `*out` becomes the box as
// JSON.
//
// # Safety
// `archive` must be null or an open archive; `number` must point to `length` bytes; `out` and `error`
// must each be null or writable.
enum ma_status ma_archive_confirm_move(const struct ma_archive *archive,
                                       const char *number,
                                       size_t length,
                                       char **out,
                                       struct ma_error **error);

// Checks everything that must hold; `*out` becomes a JSON array of what does not.
//
// # Safety
// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
enum ma_status ma_archive_audit(const struct ma_archive *archive,
                                char **out,
                                struct ma_error **error);

// Compiles the numbering rule `source` and proves it; the error gives the place or the shortest
// counterexample.
//
// # Safety
// `source` must point to `length` bytes; `out` and `error` must each be null or writable.
enum ma_status ma_rule_compile(const char *source,
                               size_t length,
                               struct ma_rule **out,
                               struct ma_error **error);

// Checks a rule text; `*out` becomes the report as JSON: the proofs of each rule, and a
// counterexample for each that failed. A rule that is not sound is a report, not an error.
//
// # Safety
// `source` must point to `length` bytes; `out` and `error` must each be null or writable.
enum ma_status ma_rule_check(const char *source,
                             size_t length,
                             char **out,
                             struct ma_error **error);

// How many fields the rule has; 0 for null.
//
// # Safety
// `rule` must be null or a compiled rule.
size_t ma_rule_field_count(const struct ma_rule *rule);

// The name of the field at `position`, in the order of the rule's text.
//
// # Safety
// `rule` must be null or a compiled rule; `out` and `error` must each be null or writable.
enum ma_status ma_rule_field_name(const struct ma_rule *rule,
                                  size_t position,
                                  char **out,
                                  struct ma_error **error);

// Takes `number` apart; `*out` becomes a JSON object of field names and writings. The error says
// where the number fails and what was expected there.
//
// # Safety
// `rule` must be null or a compiled rule; `number` must point to `length` bytes; `out` and `error`
// must each be null or writable.
enum ma_status ma_rule_parse(const struct ma_rule *rule,
                             const char *number,
                             size_t length,
                             char **out,
                             struct ma_error **error);

// Takes `number` apart without any allocation: `spans[i]` becomes the place of field `i` in it.
// `capacity` is how many spans there is room for, at least `ma_rule_field_count`. A number in an
// accepted but not canonical writing is refused as `MA_STATUS_CONFLICT`: see `ma_rule_canonical`.
//
// # Safety
// `rule` must be null or a compiled rule; `number` must point to `length` bytes; `spans` must be null or
// have room for `capacity` spans; `error` must be null or writable.
enum ma_status ma_rule_spans(const struct ma_rule *rule,
                             const char *number,
                             size_t length,
                             struct ma_span *spans,
                             size_t capacity,
                             struct ma_error **error);

// The number as it must be written: `*out` becomes it. The error says where the text fails.
//
// # Safety
// `rule` must be null or a compiled rule; `number` must point to `length` bytes; `out` and `error`
// must each be null or writable.
enum ma_status ma_rule_canonical(const struct ma_rule *rule,
                                 const char *number,
                                 size_t length,
                                 char **out,
                                 struct ma_error **error);

// Where a text fails to be a number and what was expected there; `*out` becomes a JSON object, or
// `null` for a number.
//
// # Safety
// `rule` must be null or a compiled rule; `number` must point to `length` bytes; `out` and `error`
// must each be null or writable.
enum ma_status ma_rule_explain(const struct ma_rule *rule,
                               const char *number,
                               size_t length,
                               char **out,
                               struct ma_error **error);

// The number of `values`, a JSON object of field names with texts or numbers; `*out` becomes it. Check
// characters are computed, not given.
//
// # Safety
// `rule` must be null or a compiled rule; `values` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_rule_format(const struct ma_rule *rule,
                              const char *values,
                              size_t length,
                              char **out,
                              struct ma_error **error);

// Writes the number of `values` into the caller's `buffer` without any allocation: `values[i]` is what
// field `i` is written as. `*written` becomes its length in bytes; there is no terminator. A number has
// at most 240 bytes.
//
// # Safety
// `rule` must be null or a compiled rule; `values` must point to `count` texts, each with as many bytes
// as it says; `buffer` must be null or have room for `capacity` bytes; `written` and `error` must each be
// null or writable.
enum ma_status ma_rule_write(const struct ma_rule *rule,
                             const struct ma_text *values,
                             size_t count,
                             char *buffer,
                             size_t capacity,
                             size_t *written,
                             struct ma_error **error);

// Frees a rule.
//
// # Safety
// `rule` must be null or a compiled rule that was not freed.
void ma_rule_free(struct ma_rule *rule);

// Opens the models in the directory `models`, or those that `archive setup` fetched where it is the
// empty text. `threads` is how many lines are read side by side; 0 for as many as there are cores.
//
// # Safety
// `models` must point to `length` bytes; `out` and `error` must each be null or writable.
enum ma_status ma_reader_open(const char *models,
                              size_t length,
                              size_t threads,
                              struct ma_reader **out,
                              struct ma_error **error);

// Reads the image file `image` of `size` bytes; `name` stands in errors. May be called from several
// threads at a time.
//
// # Safety
// `reader` must be null or an open reader; `name` must point to `length` bytes and `image` to `size`
// bytes; `out` and `error` must each be null or writable.
enum ma_status ma_reader_read(const struct ma_reader *reader,
                              const char *name,
                              size_t length,
                              const uint8_t *image,
                              size_t size,
                              struct ma_reading **out,
                              struct ma_error **error);

// Everything that is known of the page; `*out` becomes a JSON object: `doc_type`, `title`, `width`,
// `height`, `seconds` and `fields`, by name, with `value`, `text`, `confidence`, `box`, `alternatives`.
//
// # Safety
// `reading` must be null or a reading; `out` and `error` must each be null or writable.
enum ma_status ma_reading_json(const struct ma_reading *reading,
                               char **out,
                               struct ma_error **error);

// What the page says of the claims in `record`, a JSON object of field names and values; `*out`
// becomes a JSON array of `field`, `verdict`, `suspicion`, `read`, `record`, `box`, `differences`.
//
// # Safety
// `reading` must be null or a reading; `record` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_reading_verify(const struct ma_reading *reading,
                                 const char *record,
                                 size_t length,
                                 char **out,
                                 struct ma_error **error);

// Frees a reading.
//
// # Safety
// `reading` must be null or a reading that was not freed.
void ma_reading_free(struct ma_reading *reading);

// Closes a reader. Readings that it gave stay good.
//
// # Safety
// `reader` must be null or an open reader that was not freed.
void ma_reader_free(struct ma_reader *reader);

// Compares the tables in the files `left` and `right` (Parquet, Arrow or CSV) and writes what differs
// to the file `out` (`.parquet` or `.csv`). `options` is a JSON object: `keys` (an array of column
// names) and, where wanted, `schema` (a path), `ignore`, `memory` (bytes), `group_limit`, `lossless`.
// `*summary` becomes a JSON object with the number of rows and of differences.
//
// # Safety
// `left`, `right`, `options` and `out` must point to as many bytes as the lengths behind them say;
// `progress` must be null or callable with `context`; `summary` and `error` must each be null or
// writable.
enum ma_status ma_reconcile_files(const char *left,
                                  size_t left_length,
                                  const char *right,
                                  size_t right_length,
                                  const char *options,
                                  size_t options_length,
                                  const char *out,
                                  size_t out_length,
                                  ma_progress progress,
                                  void *context,
                                  char **summary,
                                  struct ma_error **error);

// Compares two tables given as streams of the Arrow C stream interface; both are consumed, also where
// the call fails. `options` as for `ma_reconcile_files`. `*out` becomes a stream of what differs: the
// key columns, then `kind`, `field`, `left_value`, `right_value`, `severity`, `reason`; the caller
// releases it. `*summary` becomes a JSON object with the number of rows and of differences. No table
// data is copied.
//
// # Safety
// `left` and `right` must each be null or a stream that was not released; `options` must point to
// `options_length` bytes; `progress` must be null or callable with `context`; `out`, `summary` and
// `error` must each be null or writable.
enum ma_status ma_reconcile(struct ArrowArrayStream *left,
                            struct ArrowArrayStream *right,
                            const char *options,
                            size_t options_length,
                            ma_progress progress,
                            void *context,
                            struct ArrowArrayStream *out,
                            char **summary,
                            struct ma_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MARKETING_ARCHIVE_H */
