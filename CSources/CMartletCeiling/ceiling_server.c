#include "ceiling_internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

_Static_assert(sizeof(unsigned long) >= sizeof(pthread_t), "a thread's handle fits its field");

static void *serve(void *argument) {
    ceiling_server *server = argument;
    /* sendfile has no MSG_NOSIGNAL. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    uint64_t cpu_start_ns = ceiling_thread_cpu_ns();
    server->status = server->run(server);
    server->cpu_ns = ceiling_thread_cpu_ns() - cpu_start_ns;
    shutdown(server->fd, SHUT_RDWR);
    return NULL;
}

mlog_ceiling_status ceiling_server_start(ceiling_server *server, mlog_ceiling_error *error) {
    pthread_t thread;
    errno = pthread_create(&thread, NULL, serve, server);
    if (errno != 0) return ceiling_fail(error, MLOG_CEILING_THREAD, "starting the server");
    server->thread = (unsigned long)thread;
    return MLOG_CEILING_OK;
}

mlog_ceiling_status ceiling_server_join(ceiling_server *server, mlog_ceiling_status client_status,
                                        mlog_ceiling_error *error) {
    pthread_join((pthread_t)server->thread, NULL);
    bool client_saw_only_the_end = client_status == MLOG_CEILING_OK || client_status == MLOG_CEILING_CLOSED;
    if (server->status == MLOG_CEILING_OK || !client_saw_only_the_end) return client_status;
    *error = server->error;
    return server->status;
}
