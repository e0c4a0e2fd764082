// SPDX-License-Identifier: Apache-2.0
#include "catalog/int.h"

// What version_row in read.c expects.
#define VERSION_COLUMNS                                                                                      \
    "v.sequence, v.change_set, v.time_ms, o.name, v.version, v.deleted, v.access, v.side_px, o.access, "     \
    "o.side_px, v.digest, c.json "
#define VERSION_TABLES                                                                                       \
    "version v JOIN object o ON o.id = v.object LEFT JOIN content c ON c.sequence = v.sequence "
#define IMAGE_COLUMNS                                                                                        \
    "o.name, i.id, i.master, i.path, i.format, i.width_px, i.height_px, o.access, o.side_px, i.sequence "

const char *const STATEMENTS[Q_COUNT] = {
    [Q_BEGIN_READ] = "BEGIN",
    [Q_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [Q_COMMIT] = "COMMIT",
    [Q_ROLLBACK] = "ROLLBACK",
    [Q_HEAD] = "SELECT max(sequence) FROM version",
    [Q_COUNTS] = "SELECT (SELECT value FROM counts WHERE name = 'objects'),"
                 " (SELECT value FROM counts WHERE name = 'images')",
    [Q_FIND] = "SELECT " VERSION_COLUMNS "FROM object o JOIN version v ON v.sequence = o.head "
               "LEFT JOIN content c ON c.sequence = v.sequence WHERE o.name = ?1 AND NOT o.deleted",
    [Q_FIND_VERSION] =
        "SELECT " VERSION_COLUMNS "FROM " VERSION_TABLES "WHERE o.name = ?1 AND v.version = ?2",
    [Q_FOLLOW] =
        "SELECT " VERSION_COLUMNS "FROM " VERSION_TABLES "WHERE v.sequence > ?1 ORDER BY v.sequence LIMIT ?2",
    [Q_FIND_IMAGE] = "SELECT " IMAGE_COLUMNS "FROM image i JOIN object o ON o.id = i.object WHERE i.id = ?1",
    [Q_LIST_IMAGES] = "SELECT " IMAGE_COLUMNS
                      "FROM image i JOIN object o ON o.id = i.object WHERE i.id > ?1 ORDER BY i.id LIMIT ?2",
    [Q_NEXT_NUMBERS] = "SELECT (SELECT max(sequence) FROM version), (SELECT max(id) FROM change_set)",
    [Q_SET_FIND] = "SELECT agent, reason, time_ms, first_sequence, sealed FROM change_set WHERE id = ?1",
    [Q_SET_ADD] = "INSERT INTO change_set (id, agent, reason, time_ms, first_sequence, runner)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [Q_SET_CORRECT] =
        "UPDATE change_set SET agent = ?2, reason = ?3, time_ms = ?4, first_sequence = ?5 WHERE id = ?1",
    [Q_OBJECT_FIND] = "SELECT id, version, deleted, images FROM object WHERE name = ?1",
    [Q_OBJECT_ADD] = "INSERT INTO object (name, head, version, deleted) VALUES (?1, 0, 0, 1) RETURNING id",
    [Q_OBJECT_UPDATE] =
        "UPDATE object SET head = ?2, version = ?3, deleted = ?4,"
        " access = iif(?4, access, ?5), side_px = iif(?4, side_px, ?6), images = ?7 WHERE id = ?1",
    [Q_VERSION_ADD] = "INSERT INTO version (sequence, change_set, object, version, time_ms, deleted, access,"
                      " side_px, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [Q_VERSION_SAME] = "SELECT sequence, change_set, digest FROM version WHERE object = ?1 AND version = ?2",
    [Q_CONTENT_ADD] = "INSERT INTO content (sequence, json) VALUES (?1, ?2)",
    [Q_IMAGES_COUNT] = "SELECT count(*) FROM image WHERE object = ?1",
    [Q_IMAGES_DROP_OLD] = "DELETE FROM image WHERE object = ?1 AND seen <> ?2",
    // `sequence` stays that of the version that brought this master.
    [Q_IMAGE_PUT] =
        "INSERT INTO image (id, object, sequence, seen, master, path, format, width_px, height_px)"
        " VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET"
        " object = ?2, sequence = iif(master = ?4, sequence, ?3), seen = ?3, master = ?4, path = ?5,"
        " format = ?6, width_px = ?7, height_px = ?8",
    [Q_COUNTS_ADD] = "UPDATE counts SET value = value + iif(name = 'objects', ?1, ?2)",
    [Q_JOB_ADD] = "INSERT INTO job (kind, key, payload, state, added_ms, changed_ms)"
                  " VALUES (?1, ?2, ?3, 'waiting', ?4, ?4) ON CONFLICT (kind, key) DO NOTHING",
    [Q_JOB_PENDING] = "SELECT EXISTS (SELECT 1 FROM job WHERE kind = ?1 AND state = 'waiting'),"
                      " EXISTS (SELECT 1 FROM job WHERE kind = ?1 AND state = 'running' AND runner <> ?2)",
    [Q_JOB_RUNNERS] =
        "SELECT DISTINCT runner FROM job WHERE kind = ?1 AND state = 'running' AND runner <> ?2",
    [Q_JOB_FREE] = "UPDATE job SET state = 'waiting', runner = '' WHERE kind = ?1 AND state = 'running'"
                   " AND runner = ?2",
    [Q_JOB_TAKE] =
        "UPDATE job SET state = 'running', tries = tries + 1, runner = ?2, changed_ms = ?3 WHERE id ="
        " (SELECT id FROM job WHERE kind = ?1 AND state = 'waiting' ORDER BY id LIMIT 1)"
        " RETURNING id, kind, key, payload, state, tries, problem",
    [Q_JOB_FIND] =
        "SELECT id, kind, key, payload, state, tries, problem FROM job WHERE kind = ?1 AND key = ?2",
    [Q_JOB_UPDATE] = "UPDATE job SET state = ?2, payload = ?3, problem = ?4, changed_ms = ?5,"
                     " runner = iif(?2 = 'running', ?6, '') WHERE id = ?1 RETURNING id",
};
