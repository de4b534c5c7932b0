/* A controller written in C, driven by the library and proven by its conformance kit.
 *
 *   cc controller.c $(pkg-config --cflags --libs marketing_archive) -lpthread -o controller && ./controller
 *
 * The cabinet below stands for a vendor's own library: a move takes 200 ms, and a person in an aisle stops it.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "marketing_archive.h"

typedef struct {
    pthread_mutex_t lock;
    int open, target;
    struct timespec arrives;
    bool moving, person, line;
    uint64_t moves;
    int released;
} cabinet;

static bool is_past(struct timespec then) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > then.tv_sec || (now.tv_sec == then.tv_sec && now.tv_nsec >= then.tv_nsec);
}

/* Brings the cabinet up to now. */
static void settle(cabinet *c) {
    if (c->moving && is_past(c->arrives)) {
        c->open = c->target;
        c->moving = false;
    }
}

static ma_call state(void *context, ma_bank_state *out) {
    cabinet *c = context;
    pthread_mutex_lock(&c->lock);
    settle(c);
    ma_call call = c->line ? MA_CALL_DONE : MA_CALL_NOT_SENT;
    *out = (ma_bank_state){c->moving ? -1 : c->open, c->moving, c->person ? MA_INTERLOCK_PERSON : 0};
    pthread_mutex_unlock(&c->lock);
    return call;
}

static ma_call command(void *context, ma_target target, uint16_t aisle) {
    cabinet *c = context;
    pthread_mutex_lock(&c->lock);
    settle(c);
    ma_call call = !c->line ? MA_CALL_NOT_SENT : c->person ? MA_CALL_REJECTED : MA_CALL_DONE;
    if (call == MA_CALL_DONE) {
        c->target = target == MA_TARGET_OPEN ? aisle : 0;
        c->open = -1;
        c->moving = true;
        c->moves++;
        clock_gettime(CLOCK_MONOTONIC, &c->arrives);
        c->arrives.tv_nsec += 200 * 1000000;
        c->arrives.tv_sec += c->arrives.tv_nsec / 1000000000;
        c->arrives.tv_nsec %= 1000000000;
    }
    pthread_mutex_unlock(&c->lock);
    return call;
}

static ma_call stop(void *context) {
    cabinet *c = context;
    pthread_mutex_lock(&c->lock);
    settle(c);
    ma_call call = c->line ? MA_CALL_DONE : MA_CALL_NOT_SENT;
    if (call == MA_CALL_DONE) c->moving = false;
    pthread_mutex_unlock(&c->lock);
    return call;
}

static void release(void *context) { ((cabinet *)context)->released++; }

/* The bench: what happens around the cabinet. */
static void person(void *context, bool inside) {
    cabinet *c = context;
    pthread_mutex_lock(&c->lock);
    settle(c);
    c->person = inside;
    if (inside) c->moving = false;
    pthread_mutex_unlock(&c->lock);
}

static void cut(void *context, bool up) {
    cabinet *c = context;
    pthread_mutex_lock(&c->lock);
    c->line = up;
    pthread_mutex_unlock(&c->lock);
}

static void reset(void *context) {
    person(context, false);
    cut(context, true);
}

static uint64_t moves_begun(void *context) { return ((cabinet *)context)->moves; }

static int32_t really_open(void *context) {
    cabinet *c = context;
    pthread_mutex_lock(&c->lock);
    settle(c);
    int open = c->moving ? -1 : c->open;
    pthread_mutex_unlock(&c->lock);
    return open;
}

static int fail(const char *what, ma_error *error) {
    fprintf(stderr, "%s: %s\n", what, ma_error_message(error));
    ma_error_free(error);
    return 1;
}

int main(void) {
    cabinet c = {.open = 0, .line = true};
    pthread_mutex_init(&c.lock, NULL);
    ma_controller controller = {&c, 6, false, 5, 500, 5000, state, command, stop, release};
    ma_rig rig = {&c, reset, person, cut, moves_begun, really_open};
    ma_shelf *shelf = NULL;
    ma_error *error = NULL;
    char *answer = NULL;
    if (ma_shelf_new("cabinet 1", 9, &controller, &shelf, &error) != MA_STATUS_OK) return fail("shelf", error);

    if (ma_shelf_open_aisle(shelf, "move-1", 6, 3, &answer, &error) != MA_STATUS_OK) return fail("move", error);
    int wrong = strcmp(answer, "done") != 0;
    ma_string_free(answer);
    ma_bank_state found;
    if (ma_shelf_state(shelf, &found, &error) != MA_STATUS_OK) return fail("state", error);
    wrong |= found.open != 3 || found.moving;

    /* A person in an aisle: refused, and nothing moves. */
    uint64_t before = c.moves;
    person(&c, true);
    wrong |= ma_shelf_open_aisle(shelf, "move-2", 6, 1, &answer, &error) != MA_STATUS_REFUSED || c.moves != before;
    printf("%s\n", ma_error_message(error));
    ma_error_free(error);
    error = NULL;
    person(&c, false);
    wrong |= ma_shelf_open_aisle(shelf, "move-3", 6, 99, &answer, &error) != MA_STATUS_INVALID_INPUT;
    ma_error_free(error);
    if (ma_shelf_stop(shelf, &error) != MA_STATUS_OK) return fail("stop", error);

    bool green = false;
    if (ma_shelf_check(shelf, &rig, &green, &answer, &error) != MA_STATUS_OK) return fail("kit", error);
    fputs(answer, stdout);
    ma_string_free(answer);
    ma_shelf_free(shelf);
    wrong |= c.released != 1;

    /* A controller without its calls is refused, and still released. */
    ma_controller empty = {&c, 6, false, 5, 500, 5000, NULL, NULL, NULL, release};
    wrong |= ma_shelf_new("cabinet 2", 9, &empty, &shelf, &error) != MA_STATUS_INVALID_INPUT || c.released != 2;
    ma_error_free(error);
    pthread_mutex_destroy(&c.lock);
    return wrong || !green;
}
