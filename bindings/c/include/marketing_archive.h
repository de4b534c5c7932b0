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

// Somebody is in an aisle or at its entrance.
#define MA_INTERLOCK_PERSON 1

// A thing lies in the way.
#define MA_INTERLOCK_OBSTACLE (1 << 1)

// A pressure bar or strip was touched.
#define MA_INTERLOCK_PRESSURE (1 << 2)

// A door is open.
#define MA_INTERLOCK_DOOR (1 << 3)

// The bank is locked by an operator.
#define MA_INTERLOCK_LOCK (1 << 4)

// Smoke was reported.
#define MA_INTERLOCK_SMOKE (1 << 5)

// A carriage is too heavy or a motor draws too much.
#define MA_INTERLOCK_OVERLOAD (1 << 6)

// A carriage stands at or beyond its end of travel.
#define MA_INTERLOCK_LIMIT (1 << 7)

// A motor or its controller failed.
#define MA_INTERLOCK_DRIVE (1 << 8)

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

// What became of a controller's call: the truth, since carriages are moved by it.
typedef enum ma_call {
  // Done.
  MA_CALL_DONE = 0,
  // No byte left: nothing happened.
  MA_CALL_NOT_SENT = 1,
  // The device said no: nothing happened.
  MA_CALL_REJECTED = 2,
  // It was sent, and no answer came.
  MA_CALL_MAYBE_EXECUTED = 3,
} ma_call;

// What carriages are asked to do.
typedef enum ma_target {
  // Open one aisle, closing every other.
  MA_TARGET_OPEN = 0,
  // Close all aisles but the first.
  MA_TARGET_CLOSE = 1,
  // Spread the carriages evenly.
  MA_TARGET_VENTILATE = 2,
} ma_target;

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

// A bank of mobile shelving, driven through a controller.
typedef struct ma_shelf ma_shelf;

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

// What a controller reports of a bank, at one moment.
typedef struct ma_bank_state {
  // The aisle that stands fully open, from 0; -1 where none does.
  int32_t open;
  // Whether a carriage moves.
  bool moving;
  // The protections that are on: `MA_INTERLOCK_…`, added up.
  uint32_t interlocks;
} ma_bank_state;

// A vendor's controller: three calls that may block, from threads of the library, `stop` also while
// another is under way. A call that takes longer than `call_limit_ms` is given up.
typedef struct ma_controller {
  // The vendor's own, handed to each call.
  void *context;
  // How many aisles can be named: 1 to 1000.
  uint16_t aisles;
  // Whether carriages can be spread evenly.
  bool ventilate;
  // How often a running move is looked at, in milliseconds.
  uint32_t poll_ms;
  // The longest that a call takes, in milliseconds.
  uint32_t call_limit_ms;
  // The longest that a move takes, in milliseconds.
  uint32_t move_limit_ms;
  // Where the carriages are, as the device reports it: never an earlier state.
  enum ma_call (*state)(void *context, struct ma_bank_state *state);
  // Sets carriages in motion and returns as soon as the device took the command; `aisle` matters to
  // `MA_TARGET_OPEN` alone.
  enum ma_call (*command)(void *context, enum ma_target target, uint16_t aisle);
  // Stops all carriages, also those that stand still already.
  enum ma_call (*stop)(void *context);
  // Called once, when nothing calls the controller any more; may be null.
  void (*release)(void *context);
} ma_controller;

// Hands around a controller, for the kit. A call that is null makes the kit skip what needs it.
typedef struct ma_rig {
  // The bench's own, handed to each call.
  void *context;
  // Brings the surroundings to rest: nobody inside, no interlock, the line up.
  void (*reset)(void *context);
  // Lets somebody walk into an aisle, or out again.
  void (*person)(void *context, bool inside);
  // Cuts or mends the line between controller and device.
  void (*link)(void *context, bool up);
  // How many times carriages were set in motion so far.
  uint64_t (*moves_begun)(void *context);
  // The aisle that really stands open; -1 where none does.
  int32_t (*really_open)(void *context);
} ma_rig;

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

// Undoes the move of the box `number` that was not confirmed; `*out` becomes the box as JSON.
//
// # Safety
// `archive` must be null or an open archive; `number` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_archive_cancel_move(const struct ma_archive *archive,
                                      const char *number,
                                      size_t length,
                                      char **out,
                                      struct ma_error **error);

// How complete the file `reference` is today; `*out` becomes a JSON object, with each paper that is missing,
// deferred or to be looked at.
//
// # Safety
// `archive` must be null or an open archive; `reference` must point to `length` bytes; `out` and `error`
// must each be null or writable.
enum ma_status ma_archive_completeness(const struct ma_archive *archive,
                                       const char *reference,
                                       size_t length,
                                       char **out,
                                       struct ma_error **error);

// How complete all live files are; `*out` becomes a JSON object: `rows`, one a process with `cells` for its
// papers, and `figures` over all.
//
// # Safety
// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
enum ma_status ma_archive_completeness_matrix(const struct ma_archive *archive,
                                              char **out,
                                              struct ma_error **error);

// The live files whose time of keeping is over on the day `today` (as 2024-05-01); `*out` becomes a JSON
// array of `reference`, `until` and `held_back`.
//
// # Safety
// `archive` must be null or an open archive; `today` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_archive_due_for_disposal(const struct ma_archive *archive,
                                           const char *today,
                                           size_t length,
                                           char **out,
                                           struct ma_error **error);

// Keeps a file from disposal: `request` is a JSON object with `reference`, `reason`, `by` and `role`; `*out`
// becomes a JSON array of all holds. Again changes nothing. `MA_STATUS_DENIED` where the policy does not let
// the role do it.
//
// # Safety
// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_archive_hold(const struct ma_archive *archive,
                               const char *request,
                               size_t length,
                               char **out,
                               struct ma_error **error);

// Lifts the hold on a file: `request` is a JSON object with `reference`, `by` and `role`; `*out` becomes a
// JSON array of the holds that are left.
//
// # Safety
// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_archive_lift_hold(const struct ma_archive *archive,
                                    const char *request,
                                    size_t length,
                                    char **out,
                                    struct ma_error **error);

// Proposes files for disposal: `request` is a JSON object with `key`, `references`, `person` and `role`;
// `*out` becomes the list as JSON. The same list again changes nothing. `MA_STATUS_CONFLICT` where a file is
// not due, is held or on loan.
//
// # Safety
// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_archive_propose_disposal(const struct ma_archive *archive,
                                           const char *request,
                                           size_t length,
                                           char **out,
                                           struct ma_error **error);

// Agrees to a disposal list: `request` is a JSON object with `key`, `person` and `role`; `*out` becomes the
// list as JSON. `MA_STATUS_DENIED` for whoever proposed it and for a role that may not.
//
// # Safety
// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_archive_approve_disposal(const struct ma_archive *archive,
                                           const char *request,
                                           size_t length,
                                           char **out,
                                           struct ma_error **error);

// Says no to a disposal list, which ends it: `request` is a JSON object with `key`, `person`, `role` and
// `reason`; `*out` becomes the list as JSON. `MA_STATUS_DENIED` for a role that may not approve,
// `MA_STATUS_CONFLICT` where it was carried out.
//
// # Safety
// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_archive_reject_disposal(const struct ma_archive *archive,
                                          const char *request,
                                          size_t length,
                                          char **out,
                                          struct ma_error **error);

// Closes a file, which takes no more documents: `request` is a JSON object with `reference`, `by` and
// `reason`; `*out` becomes a JSON object with who closed it when. Again changes nothing.
//
// # Safety
// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_archive_close_file(const struct ma_archive *archive,
                                     const char *request,
                                     size_t length,
                                     char **out,
                                     struct ma_error **error);

// Destroys what the disposal list `key` names; `*out` becomes the certificate as JSON. After a crash the
// same call goes on. `MA_STATUS_DENIED` where approvals are missing, `MA_STATUS_CONFLICT` where a file is
// held or on loan: then nothing is destroyed.
//
// # Safety
// `archive` must be null or an open archive; `key` must point to `length` bytes; `out` and `error` must each
// be null or writable.
enum ma_status ma_archive_carry_out_disposal(const struct ma_archive *archive,
                                             const char *key,
                                             size_t length,
                                             char **out,
                                             struct ma_error **error);

// Sends boxes to another site: `request` is a JSON object with `key`, `boxes` and `to`; `*out` becomes the
// consignment as JSON. The same consignment again changes nothing.
//
// # Safety
// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_archive_send(const struct ma_archive *archive,
                               const char *request,
                               size_t length,
                               char **out,
                               struct ma_error **error);

// Records that boxes of a consignment arrived: `request` is a JSON object with `key` and `boxes`; `*out`
// becomes the consignment as JSON.
//
// # Safety
// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
// each be null or writable.
enum ma_status ma_archive_receive(const struct ma_archive *archive,
                                  const char *request,
                                  size_t length,
                                  char **out,
                                  struct ma_error **error);

// Recalls the consignment `key`: boxes on their way stay where they were, and those that arrived are sent
// back; `*out` becomes the consignment as JSON. Again changes nothing.
//
// # Safety
// `archive` must be null or an open archive; `key` must point to `length` bytes; `out` and `error` must each
// be null or writable.
enum ma_status ma_archive_recall(const struct ma_archive *archive,
                                 const char *key,
                                 size_t length,
                                 char **out,
                                 struct ma_error **error);

// The state of the whole evidence log, to be kept elsewhere; `*out` becomes a text of three lines.
//
// # Safety
// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
enum ma_status ma_archive_checkpoint(const struct ma_archive *archive,
                                     char **out,
                                     struct ma_error **error);

// Checks the evidence log from end to end and against `checkpoint`, which was kept elsewhere; `*out`
// becomes a JSON object: `breaks` has what was found, `agreed` and `disputed` the checkpoint where it agrees
// or does not.
//
// # Safety
// `archive` must be null or an open archive; `checkpoint` must point to `length` bytes; `out` and `error`
// must each be null or writable.
enum ma_status ma_archive_verify(const struct ma_archive *archive,
                                 const char *checkpoint,
                                 size_t length,
                                 char **out,
                                 struct ma_error **error);

// Asks an archive for what has no function of its own. `request` is a JSON object: `call` names what is
// asked, and its other keys are those of that call; `*out` becomes the answer as JSON, the same as the
// facade's. `docs/c.md` lists the calls and their keys; an unknown one is refused with the list of those
// that there are.
//
// # Safety
// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error`
// must each be null or writable.
enum ma_status ma_archive_call(const struct ma_archive *archive,
                               const char *request,
                               size_t length,
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

// Opens a reader that knows papers of your own. `request` is a JSON object, whose keys may all be absent: `models`, the
// directory of the models (those that `archive setup` fetched where absent); `threads`, how many lines are read
// side by side (as many as there are cores where absent); `fields`, an array of paths to files of fields and papers;
// `rules`, an array of paths to rule files, which the patterns of fields may name.
//
// # Safety
// `request` must point to `length` bytes; `out` and `error` must each be null or writable.
enum ma_status ma_reader_open_with(const char *request,
                                   size_t length,
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

// A driver of the bank called `name` behind `controller`. Who moves, in which order, whether it was done:
// all of that is the driver's work. From here on the controller is the library's until its `release` is
// called, also where this call fails.
//
// # Safety
// `name` must point to `length` bytes; `controller` must be null or point to a controller whose calls may
// be made from any thread, `stop` also during another; `out` and `error` must each be null or writable.
enum ma_status ma_shelf_new(const char *name,
                            size_t length,
                            const struct ma_controller *controller,
                            struct ma_shelf **out,
                            struct ma_error **error);

// Opens an aisle and waits for the end. `operation` names the move: the same name again is the same
// move and moves nothing. `*out` becomes `done`, or `refused: …` or `outcome unknown: …` with the reason.
//
// # Safety
// `shelf` must be null or a shelf; `operation` must point to `length` bytes; `out` and `error` must each be
// null or writable.
enum ma_status ma_shelf_open_aisle(const struct ma_shelf *shelf,
                                   const char *operation,
                                   size_t length,
                                   uint16_t aisle,
                                   char **out,
                                   struct ma_error **error);

// Where the carriages are.
//
// # Safety
// `shelf` must be null or a shelf; `out` and `error` must each be null or writable.
enum ma_status ma_shelf_state(const struct ma_shelf *shelf,
                              struct ma_bank_state *out,
                              struct ma_error **error);

// Stops all carriages. May be called from any thread while another waits for a move.
//
// # Safety
// `shelf` must be null or a shelf; `error` must be null or writable.
enum ma_status ma_shelf_stop(const struct ma_shelf *shelf, struct ma_error **error);

// Runs the conformance kit; carriages really move. `rig` may be null: what needs hands is skipped then.
// `*out` becomes the report for people; the status is `MA_STATUS_OK` also where a check failed, and
// `*green` says whether none did.
//
// # Safety
// `shelf` must be null or a shelf; `rig` must be null or point to a rig whose calls may be made from any
// thread; `green`, `out` and `error` must each be null or writable.
enum ma_status ma_shelf_check(const struct ma_shelf *shelf,
                              const struct ma_rig *rig,
                              bool *green,
                              char **out,
                              struct ma_error **error);

// Gives a shelf up; what its controller is doing is waited for, and its `release` is called.
//
// # Safety
// `shelf` must be null or a shelf that was not freed.
void ma_shelf_free(struct ma_shelf *shelf);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MARKETING_ARCHIVE_H */
