#include "ceiling_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MESSAGE_BYTES_MAX = 64 << 10
};

/* ---- the server: what came goes back ---- */

static mlog_ceiling_status serve_echo(ceiling_server *server) {
    const mlog_ceiling_echo_options *options = server->context;
    uint8_t *message = malloc(options->message_bytes);
    if (message == NULL) return ceiling_fail(&server->error, MLOG_CEILING_NO_MEMORY, "making the echo's buffer");
    mlog_ceiling_status status = MLOG_CEILING_OK;
    bool ended = false;
    while (status == MLOG_CEILING_OK) {
        status = ceiling_receive(server->fd, message, options->message_bytes, &ended, &server->error);
        if (status != MLOG_CEILING_OK || ended) break;
        status = ceiling_send(server->fd, message, options->message_bytes, false, &server->error);
    }
    free(message);
    return status;
}

/* ---- the sender: keeps the rate ---- */

typedef struct {
    const mlog_ceiling_echo_options *options;
    uint64_t start_ns;
    int fd;
    mlog_ceiling_status status;
    mlog_ceiling_error error;
} echo_sender;

static uint64_t due_ns(const mlog_ceiling_echo_options *options, uint64_t start_ns, uint64_t index) {
    uint64_t whole_s = index / options->rate_per_s;
    uint64_t rest = index % options->rate_per_s;
    return start_ns + whole_s * 1000000000 + rest * 1000000000 / options->rate_per_s;
}

static void *send_at_rate(void *argument) {
    echo_sender *sender = argument;
    uint8_t message[MESSAGE_BYTES_MAX] = {0};
    mlog_ceiling_use_precise_timers();
    for (uint64_t i = 0; i < sender->options->count && sender->status == MLOG_CEILING_OK; i++) {
        mlog_ceiling_sleep_until(due_ns(sender->options, sender->start_ns, i));
        sender->status = ceiling_send(sender->fd, message, sender->options->message_bytes, false, &sender->error);
    }
    return NULL;
}

/* ---- the receiver: takes the time ---- */

static mlog_ceiling_status receive_all(const mlog_ceiling_echo_options *options, int fd, uint64_t start_ns,
                                       uint64_t *latencies_ns, mlog_ceiling_error *error) {
    uint8_t message[MESSAGE_BYTES_MAX];
    uint32_t told = 0;
    for (uint64_t i = 0; i < options->count; i++) {
        mlog_ceiling_status status = ceiling_receive(fd, message, options->message_bytes, NULL, error);
        if (status != MLOG_CEILING_OK) return status;
        latencies_ns[i] = mlog_ceiling_now_ns() - due_ns(options, start_ns, i);
        ceiling_tell(&options->progress, i + 1, options->count, &told);
    }
    return MLOG_CEILING_OK;
}

static mlog_ceiling_status run_client(const mlog_ceiling_echo_options *options, int fd, uint64_t *latencies_ns,
                                      mlog_ceiling_result *result, mlog_ceiling_error *error) {
    /* A moment ahead, so that the first messages are not late because the sender was not there yet. */
    uint64_t start_ns = mlog_ceiling_now_ns() + 20 * 1000000;
    echo_sender sender = {.options = options, .start_ns = start_ns, .fd = fd};
    pthread_t thread;
    errno = pthread_create(&thread, NULL, send_at_rate, &sender);
    if (errno != 0) return ceiling_fail(error, MLOG_CEILING_THREAD, "starting the sender");
    uint64_t cpu_start_ns = ceiling_thread_cpu_ns();
    mlog_ceiling_status status = receive_all(options, fd, start_ns, latencies_ns, error);
    result->elapsed_ns = mlog_ceiling_now_ns() - start_ns;
    result->client_cpu_ns = ceiling_thread_cpu_ns() - cpu_start_ns;
    /* Ends the sender when the run did not; after a good one there is nothing left to send. */
    shutdown(fd, SHUT_RDWR);
    pthread_join(thread, NULL);
    bool sender_failed_first = sender.status != MLOG_CEILING_OK && sender.status != MLOG_CEILING_CLOSED;
    if (!sender_failed_first) return status;
    *error = sender.error;
    return sender.status;
}

static const char *find_contradiction(const mlog_ceiling_echo_options *options) {
    if (options->count == 0) return "nothing is to be sent";
    if (options->message_bytes < 1 || options->message_bytes > MESSAGE_BYTES_MAX)
        return "message_bytes is not in 1 B to 64 KiB";
    if (options->rate_per_s == 0) return "the rate is 0";
    if (options->stall_timeout_ms == 0) return "stall_timeout_ms is 0";
    return NULL;
}

mlog_ceiling_status mlog_ceiling_echo(const mlog_ceiling_echo_options *options, uint64_t *latencies_ns_out,
                                      mlog_ceiling_result *result_out, mlog_ceiling_error *error_out) {
    *result_out = (mlog_ceiling_result){0};
    const char *contradiction = find_contradiction(options);
    if (contradiction != NULL) return ceiling_fail_plain(error_out, MLOG_CEILING_INVALID, contradiction);
    int client = -1;
    mlog_ceiling_echo_options server_options = *options;
    ceiling_server server = {.run = serve_echo, .context = &server_options};
    mlog_ceiling_status status = ceiling_connect(options->stall_timeout_ms, &client, &server.fd, error_out);
    if (status != MLOG_CEILING_OK) return status;
    mlog_ceiling_result result = {.records = options->count, .bytes = options->count * options->message_bytes};
    status = ceiling_server_start(&server, error_out);
    if (status == MLOG_CEILING_OK) {
        status = run_client(options, client, latencies_ns_out, &result, error_out);
        status = ceiling_server_join(&server, status, error_out);
    }
    result.server_cpu_ns = server.cpu_ns;
    if (status == MLOG_CEILING_OK) *result_out = result;
    close(client);
    close(server.fd);
    return status;
}
