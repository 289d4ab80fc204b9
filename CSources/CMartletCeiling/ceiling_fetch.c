#include "ceiling_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mlog_batch.h"

/* Measured: chunks of 64 KiB cost the client a wake-up each and a third of the rate. */
enum {
    CHUNK_BYTES = 256 << 10
};

typedef struct {
    const mlog_ceiling_options *options;
    ceiling_log log;
    size_t response_bytes; /* whole batches */
    size_t chunk_bytes;    /* whole batches: what the client receives before it looks */
    uint64_t response_count;
} fetch_run;

static size_t size_of_response(const fetch_run *run, uint64_t index) {
    uint64_t rest = run->log.end - index * run->response_bytes;
    return rest < run->response_bytes ? (size_t)rest : run->response_bytes;
}

/* ---- the server: one sendfile per request ---- */

static mlog_ceiling_status serve_fetch(ceiling_server *server) {
    const fetch_run *run = server->context;
    uint8_t request[CEILING_REQUEST_BYTES];
    uint8_t front[CEILING_RESPONSE_BYTES];
    for (uint64_t index = 0;; index++) {
        bool ended = false;
        size_t attachment_bytes = 0;
        mlog_ceiling_status status = ceiling_receive(server->fd, request, sizeof request, &ended, &server->error);
        if (status != MLOG_CEILING_OK || ended) return status;
        status = ceiling_read_request(request, 0, &attachment_bytes, &server->error);
        if (status != MLOG_CEILING_OK) return status;
        if (index == run->response_count)
            return ceiling_fail_plain(&server->error, MLOG_CEILING_CORRUPT, "counting the requests");
        size_t size_bytes = size_of_response(run, index);
        ceiling_put_response(front, size_bytes);
        status = ceiling_send(server->fd, front, sizeof front, true, &server->error);
        if (status != MLOG_CEILING_OK) return status;
        status = ceiling_log_send(&run->log, server->fd, index * run->response_bytes, size_bytes, &server->error);
        if (status != MLOG_CEILING_OK) return status;
    }
}

/* ---- the client: check every CRC, visit every record ---- */

typedef struct {
    uint64_t records;
    uint64_t value_bytes;
} visited;

static bool visit_batch(const uint8_t *bytes, size_t available_bytes, size_t *size_bytes_out, visited *visited) {
    mlog_batch_header header;
    if (mlog_batch_check(bytes, available_bytes, (uint32_t)available_bytes, &header) != MLOG_BATCH_OK) return false;
    mlog_record_iterator iterator;
    mlog_record record;
    mlog_records_begin(&header, bytes + MLOG_BATCH_HEADER_BYTES, header.size_bytes - MLOG_BATCH_HEADER_BYTES,
                       &iterator);
    int more = 0;
    while ((more = mlog_records_next(&iterator, &record)) > 0) {
        visited->records++;
        visited->value_bytes += (uint64_t)record.value_bytes;
    }
    *size_bytes_out = header.size_bytes;
    return more == 0;
}

static bool visit_batches(const uint8_t *bytes, size_t size_bytes, visited *visited) {
    while (size_bytes > 0) {
        size_t batch_bytes = 0;
        if (!visit_batch(bytes, size_bytes, &batch_bytes, visited)) return false;
        bytes += batch_bytes;
        size_bytes -= batch_bytes;
    }
    return true;
}

/* Visits each chunk as soon as it is there, while it is still in the processor's cache. */
static mlog_ceiling_status receive_response(const fetch_run *run, int fd, uint8_t *buffer, visited *visited,
                                            mlog_ceiling_error *error) {
    uint8_t front[CEILING_RESPONSE_BYTES];
    size_t rest_bytes = 0;
    mlog_ceiling_status status = ceiling_receive(fd, front, sizeof front, NULL, error);
    if (status == MLOG_CEILING_OK) status = ceiling_read_response(front, run->response_bytes, &rest_bytes, error);
    while (status == MLOG_CEILING_OK && rest_bytes > 0) {
        size_t wanted_bytes = rest_bytes < run->chunk_bytes ? rest_bytes : run->chunk_bytes;
        status = ceiling_receive(fd, buffer, wanted_bytes, NULL, error);
        if (status == MLOG_CEILING_OK && !visit_batches(buffer, wanted_bytes, visited))
            status = ceiling_fail_plain(error, MLOG_CEILING_CORRUPT, "checking batches that arrived");
        rest_bytes -= wanted_bytes;
    }
    return status;
}

static mlog_ceiling_status fetch_all(const fetch_run *run, int fd, uint8_t *buffer, visited *visited,
                                     mlog_ceiling_error *error) {
    uint8_t request[CEILING_REQUEST_BYTES];
    ceiling_put_request(request, 0);
    uint32_t told = 0;
    uint64_t asked = 0;
    for (uint64_t answered = 0; answered < run->response_count; answered++) {
        mlog_ceiling_status status = MLOG_CEILING_OK;
        while (status == MLOG_CEILING_OK && asked < run->response_count && asked - answered < run->options->window) {
            status = ceiling_send(fd, request, sizeof request, false, error);
            asked++;
        }
        if (status == MLOG_CEILING_OK) status = receive_response(run, fd, buffer, visited, error);
        if (status != MLOG_CEILING_OK) return status;
        ceiling_tell(&run->options->progress, answered + 1, run->response_count, &told);
    }
    return MLOG_CEILING_OK;
}

static mlog_ceiling_status run_client(const fetch_run *run, int fd, mlog_ceiling_result *result,
                                      mlog_ceiling_error *error) {
    uint8_t *buffer = malloc(run->chunk_bytes);
    if (buffer == NULL) return ceiling_fail(error, MLOG_CEILING_NO_MEMORY, "making the receive buffer");
    visited visited = {0};
    uint64_t start_ns = mlog_ceiling_now_ns();
    uint64_t cpu_start_ns = ceiling_thread_cpu_ns();
    mlog_ceiling_status status = fetch_all(run, fd, buffer, &visited, error);
    result->elapsed_ns = mlog_ceiling_now_ns() - start_ns;
    result->client_cpu_ns = ceiling_thread_cpu_ns() - cpu_start_ns;
    result->records = visited.records;
    result->bytes = run->log.end;
    free(buffer);
    if (status == MLOG_CEILING_OK && visited.value_bytes != visited.records * run->options->record_bytes)
        return ceiling_fail_plain(error, MLOG_CEILING_CORRUPT, "adding up the records that arrived");
    return status;
}

static mlog_ceiling_status run_both(fetch_run *run, mlog_ceiling_result *result, mlog_ceiling_error *error) {
    int client = -1;
    ceiling_server server = {.run = serve_fetch, .context = run};
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

/* ---- the log that is read ---- */

/* `size_bytes` rounded down to whole batches, one at least. */
static size_t whole_batches(size_t size_bytes, size_t batch_bytes) {
    return size_bytes < batch_bytes ? batch_bytes : size_bytes / batch_bytes * batch_bytes;
}

static mlog_ceiling_status write_log(fetch_run *run, mlog_ceiling_error *error) {
    ceiling_batch batch = {0};
    mlog_ceiling_status status = ceiling_batch_make(run->options, &batch, error);
    if (status != MLOG_CEILING_OK) return status;
    run->response_bytes = whole_batches(run->options->response_bytes, batch.size_bytes);
    run->chunk_bytes = whole_batches(CHUNK_BYTES, batch.size_bytes);
    ceiling_log_open(&run->log, run->options, batch.size_bytes);
    while (status == MLOG_CEILING_OK && run->log.end < run->options->total_bytes)
        status = ceiling_log_append(&run->log, batch.bytes, error);
    run->response_count = (run->log.end + run->response_bytes - 1) / run->response_bytes;
    free(batch.bytes);
    return status;
}

mlog_ceiling_status mlog_ceiling_fetch(const mlog_ceiling_options *options, mlog_ceiling_result *result_out,
                                       mlog_ceiling_error *error_out) {
    *result_out = (mlog_ceiling_result){0};
    mlog_ceiling_status status = ceiling_check_options(options, error_out);
    if (status != MLOG_CEILING_OK) return status;
    fetch_run run = {.options = options};
    mlog_ceiling_result result = {0};
    status = write_log(&run, error_out);
    if (status == MLOG_CEILING_OK) status = run_both(&run, &result, error_out);
    if (status == MLOG_CEILING_OK) *result_out = result;
    ceiling_log_close(&run.log);
    return status;
}
