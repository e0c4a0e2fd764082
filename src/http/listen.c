// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "http/int.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>

enum { LISTEN_QUEUE = 4096 };

static bool split(Str where, Arena *a, const char **ret_host, const char **ret_port)
{
    Str host, port;
    int number;
    if (!str_cut_last(where, ':', &host, &port) || !str_to_int(port, 0, 65535, &number))
        return false;
    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = str_slice(host, 1, host.n - 1);
    *ret_host = host.n ? arena_cstr(a, host) : NULL;
    *ret_port = arena_cstr(a, port);
    return true;
}

static int bound_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static int bind_one(const struct addrinfo *info)
{
    int yes = 1, no = 0;
    CLEANUP(fd_closep) int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
    // Inherited by what is accepted: a head and its body must not wait for each other's acknowledgement.
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, LISTEN_QUEUE) != 0)
        return -1;
    return fd_take(&fd);
}

int listen_open(Str where, int *ret_port, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const char *host, *port;
    if (!split(where, a, &host, &port))
        return err_fd(err, ERR_INVALID, "\"" FMT_STR "\" is not ADDRESS:PORT", ARG_STR(where));
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return err_fd(err, ERR_IO, "no such address: " FMT_STR, ARG_STR(where));
    int fd = -1;
    errno = 0;
    // Without a host both families are offered; the IPv6 one takes IPv4 as well.
    for (int pass = 0; pass < 2 && fd < 0; pass++)
        for (struct addrinfo *i = found; i && fd < 0; i = i->ai_next)
            if (host || (i->ai_family == AF_INET6) == (pass == 0))
                fd = bind_one(i);
    int problem = errno;
    freeaddrinfo(found);
    errno = problem;
    if (fd < 0)
        return err_fd(err, ERR_IO, "cannot listen on " FMT_STR ": %s", ARG_STR(where), strerror(problem));
    *ret_port = bound_port(fd);
    return fd;
}
