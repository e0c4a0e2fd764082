// SPDX-License-Identifier: Apache-2.0
// Counts that a work's page was opened, for the keepers' report of what nobody ever looks at. A number and a
// day for each work, nothing about who: what the visitor's program says of itself is looked at, to leave out
// machines that read everything, and forgotten at once.
#include "site/int.h"

#include "base/clock.h"
#include "base/tally.h"

static bool says(Str agent, const char *word)
{
    size_t at;
    return str_find(agent, str_from(word), &at);
}

// Browsers name themselves; crawlers mostly say so too, because sites would lock them out otherwise.
static bool is_machine(const Visit *v)
{
    static const char *const words[] = {"bot", "crawl", "spider", "slurp", "archiv", "preview", "monitor",
        "scan", "curl", "wget", "python", "java/", "go-http", "httpclient", "headless"};
    char agent[300];
    Str told = str_slice(http_header(v->r, "User-Agent"), 0, sizeof(agent));
    for (size_t i = 0; i < told.n; i++)
        agent[i] = (char)(told.p[i] >= 'A' && told.p[i] <= 'Z' ? told.p[i] + 32 : told.p[i]);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (says((Str){agent, told.n}, words[i]))
            return true;
    return told.n == 0;
}

void opened_count(const Visit *v, const Seen *seen)
{
    Tally *opened = v->site->config.opened;
    bool ahead = says(http_header(v->r, "Sec-Purpose"), "prefetch"); // a browser guessing, nobody looking
    if (opened && http_method(v->r) == HTTP_GET && !seen->old && !ahead && !is_machine(v))
        tally_add(opened, seen->version.object_id, clock_now_ms());
}
