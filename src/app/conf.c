// SPDX-License-Identifier: Apache-2.0
#include "app/conf.h"
#include "base/utf8.h"

Conf conf_default(void)
{
    return (Conf){
        .name = S("A museum"),
        .language = S("en"),
        .listen = S("127.0.0.1:8080"),
        .access = {.access = ACCESS_FULL},
        .upload_max_mb = 64,
        .fixity_days = 30,
        .fixity_rate_mb = 20,
        .second_days = 1,
        .model_mean = {0.485f, 0.456f, 0.406f}, // of ImageNet, which most models were trained with
        .model_deviation = {0.229f, 0.224f, 0.225f},
    };
}

static bool read_number(Str value, int min, int max, int *ret, Err *err)
{
    return str_to_int(value, min, max, ret) ||
           err_set(err, ERR_INVALID, "must be a whole number from %d to %d", min, max);
}

static bool read_yes(Str value, bool *ret, Err *err)
{
    bool yes = str_eq_nocase(value, S("yes")) || str_eq_nocase(value, S("true"));
    bool no = str_eq_nocase(value, S("no")) || str_eq_nocase(value, S("false"));
    if (!yes && !no)
        return err_set(err, ERR_INVALID, "must be yes or no");
    *ret = yes;
    return true;
}

static bool read_pixels(Str value, int64_t *ret, Err *err)
{
    int megapixels;
    if (!read_number(value, 1, 100000, &megapixels, err))
        return false;
    *ret = (int64_t)megapixels * 1000000;
    return true;
}

// "0.485, 0.456, 0.406"
static bool read_three(Str value, double min, float ret[3], Err *err)
{
    Str rest = value, piece;
    int count = 0;
    double numbers[3];
    while (str_next(&rest, ',', &piece))
        if (count == 3 || !str_to_double(str_trim(piece), &numbers[count]) || numbers[count] < min ||
            numbers[count++] > 10)
            return err_set(err, ERR_INVALID, "must be three numbers from %g to 10, with commas", min);
    if (count != 3)
        return err_set(err, ERR_INVALID, "must be three numbers from %g to 10, with commas", min);
    for (int i = 0; i < 3; i++)
        ret[i] = (float)numbers[i];
    return true;
}

static bool read_text(Str value, Str *ret)
{
    *ret = value;
    return true;
}

static bool read_key(Str key, Str value, Conf *c, Err *err)
{
    if (str_eq(key, S("name")))
        return read_text(value, &c->name);
    if (str_eq(key, S("intro")))
        return read_text(value, &c->intro);
    if (str_eq(key, S("language")))
        return read_text(value, &c->language);
    if (str_eq(key, S("listen")))
        return read_text(value, &c->listen);
    if (str_eq(key, S("public_url")))
        return read_text(str_ends(value, S("/")) ? str_slice(value, 0, value.n - 1) : value, &c->public_url);
    if (str_eq(key, S("trust_proxy")))
        return read_yes(value, &c->trust_proxy, err);
    if (str_eq(key, S("access")))
        return rights_terms_parse(value, &c->access, err);
    if (str_eq(key, S("workers")))
        return read_number(value, 1, 256, &c->workers, err);
    if (str_eq(key, S("child_memory_mb")))
        return read_number(value, 64, 65536, &c->child_memory_mb, err);
    if (str_eq(key, S("tile_quality")))
        return read_number(value, 30, 100, &c->tile_quality, err);
    if (str_eq(key, S("zoom_from_master")))
        return read_yes(value, &c->zoom_from_master, err);
    if (str_eq(key, S("webp_tiles")))
        return read_yes(value, &c->webp_tiles, err);
    if (str_eq(key, S("megapixels_max")))
        return read_pixels(value, &c->pixels_max, err);
    if (str_eq(key, S("side_max")))
        return read_number(value, 256, 100000, &c->side_max_px, err);
    if (str_eq(key, S("render_memory_mb")))
        return read_number(value, 16, 65536, &c->render_memory_mb, err);
    if (str_eq(key, S("upload_max_mb")))
        return read_number(value, 1, 65536, &c->upload_max_mb, err);
    if (str_eq(key, S("fixity_days")))
        return read_number(value, 0, 3650, &c->fixity_days, err);
    if (str_eq(key, S("fixity_rate_mb")))
        return read_number(value, 1, 100000, &c->fixity_rate_mb, err);
    if (str_eq(key, S("second_vault")))
        return read_text(value, &c->second_vault);
    if (str_eq(key, S("second_vault_days")))
        return read_number(value, 0, 3650, &c->second_days, err);
    if (str_eq(key, S("s3_endpoint")))
        return read_text(value, &c->s3_endpoint);
    if (str_eq(key, S("s3_region")))
        return read_text(value, &c->s3_region);
    if (str_eq(key, S("s3_keys")))
        return read_text(value, &c->s3_keys);
    if (str_eq(key, S("s3_ca_file")))
        return read_text(value, &c->s3_ca_file);
    if (str_eq(key, S("model_library")))
        return read_text(value, &c->model_library);
    if (str_eq(key, S("model_file")))
        return read_text(value, &c->model_file);
    if (str_eq(key, S("model_mean")))
        return read_three(value, 0, c->model_mean, err);
    if (str_eq(key, S("model_deviation")))
        return read_three(value, 0.001, c->model_deviation, err);
    if (str_eq(key, S("model_memory_mb")))
        return read_number(value, 64, 65536, &c->model_memory_mb, err);
    return err_set(err, ERR_INVALID, "there is no such key");
}

bool conf_parse(Str text, Conf *ret, Err *err)
{
    Conf conf = conf_default();
    Str rest = text, line;
    if (str_starts(rest, S("\xEF\xBB\xBF")))
        rest = str_slice(rest, 3, rest.n);
    if (!utf8_valid(text, NULL))
        return err_set(err, ERR_INVALID, "museum.conf is not UTF-8");
    for (int number = 1; str_next(&rest, '\n', &line); number++) {
        Str key, value;
        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (!str_cut(line, '=', &key, &value))
            return err_set(err, ERR_INVALID, "museum.conf, line %d: no '='", number);
        Err why = {0};
        key = str_trim(key);
        if (!read_key(key, str_trim(value), &conf, &why))
            return err_set(err, ERR_INVALID, "museum.conf, line %d: " FMT_STR ": %s", number,
                ARG_STR(str_slice(key, 0, 60)), why.text);
    }
    *ret = conf;
    return true;
}

static const char REST[] =
    "\n"
    "# ---- Everything below has a sensible default; take the '#' away to change it.\n"
    "\n"
    "# The address under which visitors reach the museum, if a proxy (nginx, Apache) stands in front of it.\n"
    "# public_url = https://museum.example\n"
    "# Believe the X-Forwarded-Proto and X-Forwarded-Host that this proxy sends.\n"
    "# trust_proxy = no\n"
    "\n"
    "# Pictures decoded at the same time; default: one for each processor core.\n"
    "# workers = 2\n"
    "# Memory one decoder may use, in MB.\n"
    "# child_memory_mb = 192\n"
    "# Store tiles as WebP, too: a third less to send to browsers that ask for them, three quarters more on\n"
    "# disk, and taking pictures in takes much longer. Pictures taken in before: vitrine rebuild.\n"
    "# webp_tiles = no\n"
    "# Pictures with more pixels than this (in millions) are refused.\n"
    "# megapixels_max = 10000\n"
    "# JPEG quality of the tiles, 30 to 100.\n"
    "# tile_quality = 85\n"
    "# Do not store the largest tiles of JPEG pictures: cut them from the original when somebody zooms in.\n"
    "# Saves the size of the pictures once; pictures taken in before stay as they are.\n"
    "# zoom_from_master = no\n"
    "\n"
    "# Longest side, in pixels, of a picture that is computed on request.\n"
    "# side_max = 10000\n"
    "# Memory that all such computing may use together, in MB; beyond it visitors are asked to try again.\n"
    "# render_memory_mb = 128\n"
    "# Largest request body, in MB.\n"
    "# upload_max_mb = 64\n"
    "\n"
    "# Every so many days each byte in the vault is read and compared, at so many MB a second; 0 days: "
    "never.\n"
    "# fixity_days = 30\n"
    "# fixity_rate_mb = 20\n"
    "# A second vault on another disk, or in an S3 bucket: `serve` makes it, brings what is new every so "
    "many days\n"
    "# (0: only `vitrine export --ocfl` does), reads it through like the vault, and mends one from the "
    "other.\n"
    "# second_vault = /mnt/second\n"
    "# second_vault = s3://BUCKET/museum\n"
    "# second_vault_days = 1\n"
    "# For a bucket: the server, its region, and a file with the two lines access_key = ... and secret_key = "
    "...\n"
    "# that nobody else can read (chmod 600). Without it, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
    "count.\n"
    "# s3_endpoint = https://s3.example.org\n"
    "# s3_region = us-east-1\n"
    "# s3_keys = s3.keys\n"
    "# Certificates to trust instead of the system's.\n"
    "# s3_ca_file = /etc/ssl/our-own.pem\n"
    "\n"
    "# A neural model of the museum's own, which says how alike pictures are (docs/look.md): the library of\n"
    "# ONNX Runtime, the model as ONNX, and how pictures are prepared for it.\n"
    "# model_library = /usr/local/lib/libonnxruntime.so\n"
    "# model_file = likeness.onnx\n"
    "# model_mean = 0.485, 0.456, 0.406\n"
    "# model_deviation = 0.229, 0.224, 0.225\n"
    "# model_memory_mb = 1024\n";

Str conf_template(Arena *a, const ConfAnswers *answers)
{
    return arena_printf(a,
        "# museum.conf: how this museum runs. One `key = value` a line; lines that begin with '#' are "
        "comments.\n"
        "# Changes count from the next start of `vitrine serve`.\n"
        "\n"
        "# What stands at the top of every page.\n"
        "name = " FMT_STR "\n"
        "# One or two sentences on the first page.\n"
        "%sintro = " FMT_STR "\n"
        "# Language of the museum's own texts, as in en, zh-Hans, de (BCP 47).\n"
        "language = " FMT_STR "\n"
        "# Who may see what, where a record itself does not say: none, record (texts, no pictures),\n"
        "# a number (pictures up to so many pixels on the longest side), full.\n"
        "access = " FMT_STR "\n"
        "# Where the pages are served: 127.0.0.1:8080 on this computer only, 0.0.0.0:8080 in the whole "
        "network.\n"
        "listen = " FMT_STR "\n"
        "%s",
        ARG_STR(answers->name), answers->intro.n ? "" : "# ", ARG_STR(answers->intro),
        ARG_STR(answers->language), ARG_STR(answers->access), ARG_STR(answers->listen), REST);
}
