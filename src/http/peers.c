// SPDX-License-Identifier: Apache-2.0
// Connections and bodies per address: a small hash table behind a lock, touched only when a connection comes
// or goes and when a body begins or ends. An IPv6 address counts by its /64, which is what one household or
// one attacker has.
//
// An address may have as much of the room for bodies as is still free when it has it: one alone gets half,
// two get a third each, and however many flood there is some left for the next (dynamic thresholds, as
// switches share their buffers: Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998).
#include "http/int.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { PEERS_BUCKETS = 1024 };

typedef struct Entry Entry;
struct Entry {
    Entry *next;
    PeerKey key;
    int count;
    Bodies bodies;
};

struct Peers {
    pthread_mutex_t lock;
    Bodies max, used;
    bool alike;
    Entry *buckets[PEERS_BUCKETS];
};

Peers *peers_open(Bodies max, bool alike)
{
    Peers *p = mem_alloc(sizeof(Peers));
    p->max = max;
    p->alike = alike;
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

// ---- bodies

static bool fits(const Peers *p, Bodies mine, Bodies more)
{
    int free_count = p->max.count - p->used.count;
    size_t free_bytes = p->max.bytes - p->used.bytes;
    if (more.count > free_count || more.bytes > free_bytes)
        return false;
    return p->alike || (mine.count + more.count <= free_count && mine.bytes + more.bytes <= free_bytes);
}

bool peers_take_body(Peers *p, PeerKey key, Bodies more)
{
    pthread_mutex_lock(&p->lock);
    Entry *entry = *find(p, key);
    bool good = entry && fits(p, entry->bodies, more);
    if (good) {
        entry->bodies.count += more.count;
        entry->bodies.bytes += more.bytes;
        p->used.count += more.count;
        p->used.bytes += more.bytes;
    }
    pthread_mutex_unlock(&p->lock);
    return good;
}

void peers_give_body(Peers *p, PeerKey key, Bodies less)
{
    pthread_mutex_lock(&p->lock);
    Entry *entry = *find(p, key);
    assert(entry && entry->bodies.count >= less.count && entry->bodies.bytes >= less.bytes);
    entry->bodies.count -= less.count;
    entry->bodies.bytes -= less.bytes;
    p->used.count -= less.count;
    p->used.bytes -= less.bytes;
    pthread_mutex_unlock(&p->lock);
}

bool peers_crowded(Peers *p)
{
    pthread_mutex_lock(&p->lock);
    bool crowded = p->used.count > p->max.count / 2 || p->used.bytes > p->max.bytes / 2;
    pthread_mutex_unlock(&p->lock);
    return crowded;
}

// ---- addresses

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
