// SPDX-License-Identifier: Apache-2.0
#include "app/addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <qrencode.h>
#include <stdio.h>
#include <unistd.h>

enum { QUIET_MODULES = 2 };

static bool dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1);
}

// Two rows of modules to a line of text, by half blocks; light modules are printed, so it reads on a dark
// terminal and, with the colours set, on a light one.
static void print_code(Str url)
{
    char text[256];
    if (url.n >= sizeof(text))
        return;
    snprintf(text, sizeof(text), FMT_STR, ARG_STR(url));
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (!code)
        return;
    for (int y = -QUIET_MODULES; y < code->width + QUIET_MODULES; y += 2) {
        fputs("  \033[97;40m", stdout);
        for (int x = -QUIET_MODULES; x < code->width + QUIET_MODULES; x++) {
            bool upper = !dark(code, x, y), lower = !dark(code, x, y + 1);
            fputs(upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ", stdout);
        }
        fputs("\033[0m\n", stdout);
    }
    QRcode_free(code);
}

// The address of this machine in its network, as others see it: the first IPv4 one that is up and not
// loopback.
static bool network_address(Arena *a, Str *ret)
{
    struct ifaddrs *all;
    bool found = false;
    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
        char host[NI_MAXHOST];
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || (i->ifa_flags & IFF_LOOPBACK) ||
            !(i->ifa_flags & IFF_UP))
            continue;
        if (getnameinfo(
                i->ifa_addr, sizeof(struct sockaddr_in), host, sizeof(host), NULL, 0, NI_NUMERICHOST) == 0) {
            *ret = arena_copy(a, str_from(host));
            found = true;
        }
    }
    freeifaddrs(all);
    return found;
}

void addresses_print(Arena *a, Str listen, int port, Str public_url)
{
    Str host, ignored, address;
    if (!str_cut_last(listen, ':', &host, &ignored))
        host = listen;
    bool everywhere = host.n == 0 || str_eq(host, S("0.0.0.0")) || str_eq(host, S("[::]"));
    printf("Open  http://" FMT_STR ":%d/\n", ARG_STR(everywhere ? S("127.0.0.1") : host), port);
    if (everywhere && network_address(a, &address)) {
        Str url = arena_printf(a, "http://" FMT_STR ":%d/", ARG_STR(address), port);
        printf("or, on a phone in the same network,  " FMT_STR "\n", ARG_STR(url));
        if (isatty(STDOUT_FILENO))
            print_code(url);
    }
    if (public_url.n)
        printf("Visitors:  " FMT_STR "/\n", ARG_STR(public_url));
}
