// SPDX-License-Identifier: Apache-2.0
#include "base/base.h"

#include <errno.h>
#include <stdio.h>

static void note(Err *err, const char *file, int line, ErrKind kind, const char *format, va_list args)
{
    err->kind = kind;
    err->file = file;
    err->line = line;
    vsnprintf(err->text, sizeof(err->text), format, args);
}

bool err_set_at(Err *err, const char *file, int line, ErrKind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(err, file, line, kind, format, args);
    va_end(args);
    return false;
}

void err_note_at(Err *err, const char *file, int line, ErrKind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(err, file, line, kind, format, args);
    va_end(args);
}

static void note_errno(Err *err, const char *file, int line, int number, const char *format, va_list args)
{
    note(err, file, line, number == ENOENT ? ERR_NOT_FOUND : ERR_IO, format, args);
    size_t used = strlen(err->text);
    char reason[128];
    snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror_r(number, reason, sizeof(reason)));
}

bool err_errno_at(Err *err, const char *file, int line, const char *format, ...)
{
    int number = errno;
    va_list args;
    va_start(args, format);
    note_errno(err, file, line, number, format, args);
    va_end(args);
    return false;
}

void err_note_errno_at(Err *err, const char *file, int line, const char *format, ...)
{
    int number = errno;
    va_list args;
    va_start(args, format);
    note_errno(err, file, line, number, format, args);
    va_end(args);
}

const char *err_kind_name(ErrKind kind)
{
    switch (kind) {
    case ERR_NONE:
        return "none";
    case ERR_INVALID:
        return "invalid";
    case ERR_DENIED:
        return "denied";
    case ERR_NOT_FOUND:
        return "not found";
    case ERR_LIMIT:
        return "limit";
    case ERR_BUSY:
        return "busy";
    case ERR_CORRUPT:
        return "corrupt";
    case ERR_IO:
        return "io";
    case ERR_UNSUPPORTED:
        return "unsupported";
    }
    return "unknown";
}
