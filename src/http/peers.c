// SPDX-License-Identifier: Apache-2.0
// Connections per address: a small hash table behind a lock, touched only when a connection comes or goes.
// An IPv6 address counts by its /64, which is what one household or one attacker has.
#include "http/int.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { PEERS_BUCKETS = 1024 };

typedef struct Entry Entry;
struct Entry {
    Entry *next;
    PeerKey key;
    int count;
};

struct Peers {
    pthread_mutex_t lock;
    Entry *buckets[PEERS_BUCKETS];
};

Peers *peers_open(void)
{
    Peers *p = mem_alloc(sizeof(Peers));
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

void peers_close(Peers *p)
{
    if (!p)
        return;
    for (int i = 0; i < PEERS_BUCKETS; i++)
        for (Entry *entry = p->buckets[i], *next; entry; entry = next) {
            next = entry->next;
            free(entry);
        }
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static Entry **find(Peers *p, PeerKey key)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof(key.bytes); i++)
        hash = (hash ^ key.bytes[i]) * 16777619u;
    Entry **at = &p->buckets[hash % PEERS_BUCKETS];
    while (*at && memcmp(&(*at)->key, &key, sizeof(key)) != 0)
        at = &(*at)->next;
    return at;
}

bool peers_add(Peers *p, PeerKey key, int max)
{
    pthread_mutex_lock(&p->lock);
    Entry **at = find(p, key);
    if (!*at) {
        *at = mem_alloc(sizeof(Entry));
        (*at)->key = key;
    }
    bool fits = (*at)->count < max;
    (*at)->count += fits;
    pthread_mutex_unlock(&p->lock);
    return fits;
}

void peers_remove(Peers *p, PeerKey key)
{
    pthread_mutex_lock(&p->lock);
    Entry **at = find(p, key), *entry = *at;
    if (entry && --entry->count == 0) {
        *at = entry->next;
        free(entry);
    }
    pthread_mutex_unlock(&p->lock);
}

PeerKey peer_key(const struct sockaddr_storage *address)
{
    PeerKey key = {{0}};
    if (address->ss_family == AF_INET)
        memcpy(key.bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    if (address->ss_family == AF_INET6) {
        const struct in6_addr *ip = &((const struct sockaddr_in6 *)address)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(ip))
            memcpy(key.bytes + 12, ip->s6_addr + 12, 4);
        else
            memcpy(key.bytes, ip->s6_addr, 8);
    }
    return key;
}

Str peer_text(Arena *a, const struct sockaddr_storage *address)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (address->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof(text));
    if (address->ss_family == AF_INET6) {
        const struct in6_addr *ip = &((const struct sockaddr_in6 *)address)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(ip))
            inet_ntop(AF_INET, ip->s6_addr + 12, text, sizeof(text));
        else
            inet_ntop(AF_INET6, ip, text, sizeof(text));
    }
    return arena_copy(a, str_from(text));
}
