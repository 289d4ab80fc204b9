#include "ceiling_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static mlog_ceiling_status fail_socket(mlog_ceiling_error *error, const char *step) {
    switch (errno) {
    case EAGAIN:
        return ceiling_fail(error, MLOG_CEILING_STALLED, step);
    case EPIPE:
    case ECONNRESET:
        return ceiling_fail(error, MLOG_CEILING_CLOSED, step);
    default:
        return ceiling_fail(error, MLOG_CEILING_NETWORK, step);
    }
}

static int configure(int fd, uint32_t timeout_ms) {
    int on = 1;
    struct timeval timeout = {
        .tv_sec = (time_t)(timeout_ms / 1000),
        .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000,
    };
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) return -1;
#ifdef TCP_CONGESTION
    /* As the product does within a machine: nothing is paced. Where it is not allowed the system's choice stays. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", sizeof "reno" - 1);
#endif
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0) return -1;
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

/* A loopback connect ends in the listener's backlog, so one thread can make both ends. */
static int connect_through(int listener, int *client_out, int *server_out) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t address_bytes = sizeof address;
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) < 0) return -1;
    if (listen(listener, 1) < 0) return -1;
    if (getsockname(listener, (struct sockaddr *)&address, &address_bytes) < 0) return -1;
    *client_out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*client_out < 0) return -1;
    if (connect(*client_out, (const struct sockaddr *)&address, sizeof address) < 0) return -1;
    *server_out = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    return *server_out < 0 ? -1 : 0;
}

mlog_ceiling_status ceiling_connect(uint32_t timeout_ms, int *client_out, int *server_out, mlog_ceiling_error *error) {
    *client_out = -1;
    *server_out = -1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return ceiling_fail(error, MLOG_CEILING_NETWORK, "opening a listening socket");
    bool connected = connect_through(listener, client_out, server_out) == 0 &&
                     configure(*client_out, timeout_ms) == 0 && configure(*server_out, timeout_ms) == 0;
    mlog_ceiling_status status = MLOG_CEILING_OK;
    if (!connected) {
        status = ceiling_fail(error, MLOG_CEILING_NETWORK, "connecting over loopback");
        if (*client_out >= 0) close(*client_out);
        if (*server_out >= 0) close(*server_out);
        *client_out = -1;
        *server_out = -1;
    }
    close(listener);
    return status;
}

mlog_ceiling_status ceiling_send(int fd, const void *data, size_t size_bytes, bool more, mlog_ceiling_error *error) {
    const uint8_t *next = data;
    while (size_bytes > 0) {
        ssize_t sent = send(fd, next, size_bytes, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
        if (sent < 0) {
            if (errno == EINTR) continue;
            return fail_socket(error, "sending");
        }
        next += sent;
        size_bytes -= (size_t)sent;
    }
    return MLOG_CEILING_OK;
}

mlog_ceiling_status ceiling_receive(int fd, void *data, size_t size_bytes, bool *ended_out, mlog_ceiling_error *error) {
    uint8_t *next = data;
    size_t missing_bytes = size_bytes;
    if (ended_out != NULL) *ended_out = false;
    while (missing_bytes > 0) {
        ssize_t received = recv(fd, next, missing_bytes, MSG_WAITALL);
        if (received < 0) {
            if (errno == EINTR) continue;
            return fail_socket(error, "receiving");
        }
        if (received == 0) {
            if (ended_out == NULL || missing_bytes < size_bytes)
                return ceiling_fail_plain(error, MLOG_CEILING_CLOSED, "receiving");
            *ended_out = true;
            return MLOG_CEILING_OK;
        }
        next += received;
        missing_bytes -= (size_t)received;
    }
    return MLOG_CEILING_OK;
}
