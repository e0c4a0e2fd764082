// SPDX-License-Identifier: Apache-2.0
// What motifs cost on a made graph: chain_bench PICTURES EDGES
// Motifs of 2 to some hundred pictures (few large ones, many small), one that is on a fiftieth of all
// pictures (a ruler that lies on photographs), one picture in twenty hidden. Prints processor milliseconds a
// question.
#include "base/clock.h"
#include "chain/int.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t seed = 88172645463325252u;

static uint32_t random_below(uint32_t end) // xorshift64
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 20) % end);
}

static void add_picture(Graph *g, uint32_t number)
{
    char object[32], image[32];
    (void)snprintf(object, sizeof(object), "object-%07u", number);
    (void)snprintf(image, sizeof(image), "object-%07u:1", number);
    const uint32_t at = graph_add_node(g, str_from(object), str_from(image), number);
    g->nodes[at].here = g->nodes[at].asked = true;
    g->nodes[at].rank = number % 20 == 7 ? (int)ACCESS_NONE : (int)ACCESS_FULL;
}

static void add_edge(Graph *g, uint32_t from, uint32_t to, uint16_t part)
{
    const EdgeBox box = {(uint16_t)(part * 9000), (uint16_t)(random_below(2000)), 8000, 20000};
    const Edge e = {
        .node = {from, to}, .box = {box, box}, .score = 0.9F, .points = (uint16_t)(5 + random_below(40))};
    if (from != to)
        graph_add_edge(g, &e);
}

static void make(Graph *g, uint32_t pictures, size_t edges)
{
    for (uint32_t i = 0; i < pictures; i++)
        add_picture(g, i);
    for (uint32_t i = 50; i < pictures; i += 50) // the ruler: each asked finds a few of those before
        for (int k = 0; k < 6; k++)
            add_edge(g, i, random_below(i / 50) * 50, 7);
    while (g->edges_count < edges) {
        const uint32_t size = 2 + random_below(3) * random_below(3) * random_below(20);
        const uint32_t first = random_below(pictures - size);
        for (uint32_t i = 1; i < size; i++)
            for (int k = 0; k < 2; k++)
                add_edge(g, first + i, first + random_below(i), (uint16_t)(first % 7));
    }
}

static double ask(Chain *c, int times)
{
    const int64_t from = clock_cpu_us();
    for (int i = 0; i < times; i++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        ChainMotif *motifs;
        size_t count;
        chain_motifs(c, VIEWER_PUBLIC, 2, CHAIN_MOTIFS_MAX, a, &motifs, &count);
        if (i == times - 1)
            printf("%zu motifs, the first on %zu works; ", count, count ? motifs[0].count : 0);
    }
    return (double)(clock_cpu_us() - from) / 1000 / times;
}

static double ask_at(Chain *c, uint32_t pictures, int times)
{
    const int64_t from = clock_cpu_us();
    for (int i = 0; i < times; i++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        char image[32];
        ChainMotif one;
        (void)snprintf(image, sizeof(image), "object-%07u:1", random_below(pictures));
        (void)chain_motif_at(c, VIEWER_PUBLIC, str_from(image), 0.2, 0.2, 2, a, &one);
    }
    return (double)(clock_cpu_us() - from) / 1000 / times;
}

int main(int count, char **words)
{
    Err err = {0};
    char folder[] = "/tmp/chain_benchXXXXXX";
    const uint32_t pictures = count > 1 ? (uint32_t)atoi(words[1]) : 100000;
    const size_t edges = count > 2 ? (size_t)atol(words[2]) : 200000;
    if (!mkdtemp(folder))
        return 1;
    Chain *c = chain_open(folder, true, &err);
    if (!c)
        return 1;
    make(&c->graph, pictures, edges);
    const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    printf("%zu pictures, %zu edges\n", c->graph.nodes_count, c->graph.edges_count);
    printf("first %.1f ms\n", ask(c, 1));
    printf("again %.2f ms\n", ask(c, 20));
    printf("at a spot %.2f ms\n", ask_at(c, pictures, 50));
    printf("kept: %zu KB\n", (mallinfo2().uordblks + mallinfo2().hblkhd - before) / 1024);
    chain_close(c);
    (void)!chain_erase(folder, &err);
    (void)remove(folder);
    return 0;
}
