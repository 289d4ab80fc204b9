#include "ceiling_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    const mlog_ceiling_options *options;
    const ceiling_batch *batch;
    uint64_t batch_count;
    ceiling_log log; /* closed after the run: freeing gigabytes of cache is no part of producing */
} produce_run;

/* ---- the server: receive, check, write, answer ---- */

static mlog_ceiling_status receive_and_write(ceiling_server *server, ceiling_log *log, uint8_t *buffer) {
    uint8_t front[CEILING_REQUEST_BYTES];
    uint8_t answer[CEILING_RESPONSE_BYTES];
    ceiling_put_response(answer, 0);
    for (;;) {
        bool ended = false;
        size_t batch_bytes = 0;
        mlog_ceiling_status status = ceiling_receive(server->fd, front, sizeof front, &ended, &server->error);
        if (status != MLOG_CEILING_OK || ended) return status;
        status = ceiling_read_request(front, log->batch_bytes, &batch_bytes, &server->error);
        if (status != MLOG_CEILING_OK) return status;
        status = ceiling_receive(server->fd, buffer, batch_bytes, NULL, &server->error);
        if (status != MLOG_CEILING_OK) return status;
        if (batch_bytes != log->batch_bytes || !ceiling_batch_is_whole(buffer, batch_bytes))
            return ceiling_fail_plain(&server->error, MLOG_CEILING_CORRUPT, "checking a batch that arrived");
        status = ceiling_log_append(log, buffer, &server->error);
        if (status != MLOG_CEILING_OK) return status;
        status = ceiling_send(server->fd, answer, sizeof answer, false, &server->error);
        if (status != MLOG_CEILING_OK) return status;
    }
}

static mlog_ceiling_status serve_produce(ceiling_server *server) {
    produce_run *run = server->context;
    uint8_t *buffer = malloc(run->batch->size_bytes);
    if (buffer == NULL) return ceiling_fail(&server->error, MLOG_CEILING_NO_MEMORY, "making the receive buffer");
    mlog_ceiling_status status = receive_and_write(server, &run->log, buffer);
    free(buffer);
    return status;
}

/* ---- the client: `window` batches unanswered ---- */

static mlog_ceiling_status produce_all(const produce_run *run, int fd, const uint8_t *frame, size_t frame_bytes,
                                       mlog_ceiling_error *error) {
    uint8_t answer[CEILING_RESPONSE_BYTES];
    uint32_t told = 0;
    uint64_t sent = 0;
    for (uint64_t answered = 0; answered < run->batch_count; answered++) {
        mlog_ceiling_status status = MLOG_CEILING_OK;
        while (status == MLOG_CEILING_OK && sent < run->batch_count && sent - answered < run->options->window) {
            status = ceiling_send(fd, frame, frame_bytes, false, error);
            sent++;
        }
        size_t attachment_bytes = 0;
        if (status == MLOG_CEILING_OK) status = ceiling_receive(fd, answer, sizeof answer, NULL, error);
        if (status == MLOG_CEILING_OK) status = ceiling_read_response(answer, 0, &attachment_bytes, error);
        if (status != MLOG_CEILING_OK) return status;
        ceiling_tell(&run->options->progress, answered + 1, run->batch_count, &told);
    }
    return MLOG_CEILING_OK;
}

static mlog_ceiling_status run_client(const produce_run *run, int fd, mlog_ceiling_result *result,
                                      mlog_ceiling_error *error) {
    size_t frame_bytes = CEILING_REQUEST_BYTES + run->batch->size_bytes;
    uint8_t *frame = malloc(frame_bytes);
    if (frame == NULL) return ceiling_fail(error, MLOG_CEILING_NO_MEMORY, "making the frame to send");
    ceiling_put_request(frame, run->batch->size_bytes);
    memcpy(frame + CEILING_REQUEST_BYTES, run->batch->bytes, run->batch->size_bytes);
    uint64_t start_ns = mlog_ceiling_now_ns();
    uint64_t cpu_start_ns = ceiling_thread_cpu_ns();
    mlog_ceiling_status status = produce_all(run, fd, frame, frame_bytes, error);
    result->elapsed_ns = mlog_ceiling_now_ns() - start_ns;
    result->client_cpu_ns = ceiling_thread_cpu_ns() - cpu_start_ns;
    free(frame);
    return status;
}

static mlog_ceiling_status run_both(produce_run *run, mlog_ceiling_result *result, mlog_ceiling_error *error) {
    int client = -1;
    ceiling_server server = {.run = serve_produce, .context = run};
    mlog_ceiling_status status = ceiling_connect(run->options->stall_timeout_ms, &client, &server.fd, error);
    if (status != MLOG_CEILING_OK) return status;
    status = ceiling_server_start(&server, error);
    if (status == MLOG_CEILING_OK) {
        status = run_client(run, client, result, error);
        shutdown(client, SHUT_RDWR);
        status = ceiling_server_join(&server, status, error);
    }
    result->server_cpu_ns = server.cpu_ns;
    close(client);
    close(server.fd);
    return status;
}

mlog_ceiling_status mlog_ceiling_produce(const mlog_ceiling_options *options, mlog_ceiling_result *result_out,
                                         mlog_ceiling_error *error_out) {
    *result_out = (mlog_ceiling_result){0};
    ceiling_batch batch = {0};
    mlog_ceiling_status status = ceiling_check_options(options, error_out);
    if (status == MLOG_CEILING_OK) status = ceiling_batch_make(options, &batch, error_out);
    if (status != MLOG_CEILING_OK) return status;
    produce_run run = {
        .options = options,
        .batch = &batch,
        .batch_count = (options->total_bytes + batch.size_bytes - 1) / batch.size_bytes,
    };
    mlog_ceiling_result result = {
        .records = run.batch_count * (uint64_t)batch.record_count,
        .bytes = run.batch_count * batch.size_bytes,
    };
    ceiling_log_open(&run.log, options, batch.size_bytes);
    status = run_both(&run, &result, error_out);
    ceiling_log_close(&run.log);
    if (status == MLOG_CEILING_OK) *result_out = result;
    free(batch.bytes);
    return status;
}
