// SPDX-License-Identifier: Apache-2.0
#include "app/second.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { KEYS_MAX_BYTES = 64 * 1024 };

#define SCHEME "s3://"

bool second_is_away(Str where)
{
    return str_starts(where, S(SCHEME));
}

static Str environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    if ((!value || !*value) && otherwise)
        value = getenv(otherwise);
    return str_from(value);
}

static void read_key(Str line, S3Keys *keys)
{
    Str name, value;
    if (!str_cut(line, '=', &name, &value))
        return;
    name = str_trim(name);
    value = str_trim(value);
    if (str_eq(name, S("access_key")) || str_eq(name, S("aws_access_key_id")))
        keys->access_key = value;
    else if (str_eq(name, S("secret_key")) || str_eq(name, S("aws_secret_access_key")))
        keys->secret_key = value;
    else if (str_eq(name, S("session_token")) || str_eq(name, S("aws_session_token")))
        keys->session_token = value;
}

static bool read_keys_file(const Home *home, Arena *a, S3Keys *ret, Err *err)
{
    struct stat st;
    Str text, line;
    const char *name = arena_cstr(a, home->conf.s3_keys);
    CLEANUP(fd_closep) int fd = file_open(home->dir, name, err);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) < 0)
        return err_errno(err, "%s", name);
    if (st.st_mode & 077)
        return err_set(err, ERR_DENIED, "other people can read the S3 keys in %s: chmod 600 %s", name, name);
    if (!file_read_all(fd, KEYS_MAX_BYTES, a, &text, err))
        return false;
    while (str_next(&text, '\n', &line))
        read_key(line, ret);
    return (ret->access_key.n && ret->secret_key.n) ||
           err_set(err, ERR_INVALID, "%s lacks a line access_key = ... or secret_key = ...", name);
}

static bool read_keys(const Home *home, Arena *a, S3Keys *ret, Err *err)
{
    *ret = (S3Keys){environment("AWS_ACCESS_KEY_ID", NULL), environment("AWS_SECRET_ACCESS_KEY", NULL),
        environment("AWS_SESSION_TOKEN", NULL)};
    if (ret->access_key.n && ret->secret_key.n)
        return true;
    *ret = (S3Keys){0};
    if (home->conf.s3_keys.n)
        return read_keys_file(home, a, ret, err);
    return err_set(err, ERR_INVALID,
        "there are no S3 keys: name a file in museum.conf (s3_keys), or set "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
}

static Store *open_away(
    const Home *home, Str where, bool create, const volatile bool *stop, Arena *a, Err *err)
{
    const Conf *conf = &home->conf;
    StoreAway away = {.s3 = {.endpoint = conf->s3_endpoint,
                          .region = conf->s3_region,
                          .ca_file = conf->s3_ca_file,
                          .stop = stop}};
    Str rest = str_slice(where, sizeof(SCHEME) - 1, where.n);
    if (!str_cut(rest, '/', &away.s3.bucket, &away.prefix))
        away.s3.bucket = rest;
    while (str_ends(away.prefix, S("/")))
        away.prefix = str_slice(away.prefix, 0, away.prefix.n - 1);
    if (!away.s3.endpoint.n)
        away.s3.endpoint = environment("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
    if (!away.s3.region.n)
        away.s3.region = environment("AWS_REGION", "AWS_DEFAULT_REGION");
    if (!away.s3.region.n)
        away.s3.region = S("us-east-1");
    if (!away.s3.endpoint.n)
        away.s3.endpoint = arena_printf(a, "https://s3." FMT_STR ".amazonaws.com", ARG_STR(away.s3.region));
    return read_keys(home, a, &away.s3.keys, err) ? store_open_away(&away, create ? home->store : NULL, err)
                                                  : NULL;
}

Store *second_open(const Home *home, Str where, bool create, const volatile bool *stop, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    if (!second_is_away(where))
        return store_open(arena_cstr(a, where), create, err);
    return open_away(home, where, create, stop, a, err);
}
