#ifndef MARKETING_ARCHIVE_H
#define MARKETING_ARCHIVE_H

/* Written by `cargo xtask header` from bindings/c/src: change it there. */

#include <stddef.h>
#include <stdint.h>

// The longest text that is taken from C, in bytes.
#define MA_TEXT_LIMIT (64 << 20)

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

// An open archive.
typedef struct ma_archive ma_archive;

// Why a call failed.
typedef struct ma_error ma_error;

// A numbering rule, proven sound.
typedef struct ma_rule ma_rule;

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

// Compiles the numbering rule `source` and proves it; the error gives the place or the shortest
// counterexample.
//
// # Safety
// `source` must point to `length` bytes; `out` and `error` must each be null or writable.
enum ma_status ma_rule_compile(const char *source,
                               size_t length,
                               struct ma_rule **out,
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

// Frees a rule.
//
// # Safety
// `rule` must be null or a compiled rule that was not freed.
void ma_rule_free(struct ma_rule *rule);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MARKETING_ARCHIVE_H */
