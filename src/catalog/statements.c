// SPDX-License-Identifier: Apache-2.0
#include "catalog/int.h"

// What version_row in read.c expects.
#define VERSION_COLUMNS                                                                                      \
    "v.sequence, v.change_set, v.time_ms, o.name, v.version, v.deleted, v.access, v.side_px, o.access, "     \
    "o.side_px, v.digest, c.json, "                                                                          \
    "CASE WHEN c.json IS NULL THEN (SELECT reason FROM withdrawn w WHERE w.object = v.object) END "
#define VERSION_TABLES                                                                                       \
    "version v JOIN object o ON o.id = v.object LEFT JOIN content c ON c.sequence = v.sequence "
// What version_entry_row in tree.c expects.
#define ENTRY_COLUMNS "o.name, v.version, v.sequence, v.time_ms, v.deleted, v.digest "
#define IMAGE_COLUMNS                                                                                        \
    "o.name, i.id, i.master, i.path, i.format, i.width_px, i.height_px, o.access, o.side_px, i.sequence, "   \
    "i.page "

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
    [Q_SET_FIND] = "SELECT agent, reason, time_ms, first_sequence, closed FROM change_set WHERE id = ?1",
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
        "INSERT INTO image (id, object, sequence, seen, master, path, format, width_px, height_px, page)"
        " VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO UPDATE SET"
        " object = ?2, sequence = iif(master = ?4, sequence, ?3), seen = ?3, master = ?4, path = ?5,"
        " format = ?6, width_px = ?7, height_px = ?8, page = ?9",
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
    [Q_SETS_LIST] = "SELECT id, time_ms, agent, reason, closed, first_sequence,"
                    " (SELECT max(sequence) FROM version WHERE change_set = s.id),"
                    " (SELECT count(*) FROM version WHERE change_set = s.id)"
                    " FROM change_set s WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
    [Q_SET_VERSIONS] = "SELECT " VERSION_COLUMNS "FROM " VERSION_TABLES
                       "WHERE v.change_set = ?1 AND v.sequence > ?2 ORDER BY v.sequence LIMIT ?3",
    [Q_OBJECT_VERSIONS] =
        "SELECT " VERSION_COLUMNS "FROM " VERSION_TABLES "WHERE o.name = ?1 ORDER BY v.version",
    [Q_FIND_AT] = "SELECT " VERSION_COLUMNS "FROM " VERSION_TABLES
                  "WHERE o.name = ?1 AND v.time_ms <= ?2 ORDER BY v.version DESC LIMIT 1",
    [Q_LIST_AT] = "SELECT " VERSION_COLUMNS "FROM object o JOIN version v ON v.object = o.id AND v.version ="
                  " (SELECT max(w.version) FROM version w WHERE w.object = o.id AND w.time_ms <= ?1)"
                  " LEFT JOIN content c ON c.sequence = v.sequence"
                  " WHERE o.name > ?2 AND NOT v.deleted ORDER BY o.name LIMIT ?3",
    [Q_TOUCHED] = "SELECT o.name, min(v.version), max(v.version), o.version,"
                  " EXISTS (SELECT 1 FROM withdrawn WHERE object = o.id)"
                  " FROM version v JOIN object o ON o.id = v.object"
                  " WHERE v.change_set = ?1 AND o.name > ?2 GROUP BY o.name ORDER BY o.name LIMIT ?3",
    [Q_SEQUENCE_TAKEN] = "SELECT 1 FROM version WHERE sequence = ?1",
    [Q_WITHDRAWN_ADD] = "INSERT INTO withdrawn (object, sequence, reason) VALUES (?1, ?2, ?3)"
                        " ON CONFLICT (object) DO UPDATE SET sequence = ?2, reason = ?3",
    [Q_CONTENT_ERASE] =
        "DELETE FROM content WHERE sequence IN (SELECT sequence FROM version WHERE object = ?1)",
    [Q_MASTER_USED] =
        "SELECT 1 FROM image WHERE substr(master, 1, 8) = substr(?1, 1, 8) AND master = ?1 LIMIT 1",
    [Q_MASTER_FIND] = "SELECT o.name FROM image i JOIN object o ON o.id = i.object"
                      " WHERE substr(i.master, 1, 8) = substr(?1, 1, 8) AND i.master = ?1 AND o.name <> ?2"
                      " ORDER BY i.sequence LIMIT 1",
    [Q_TILE_FIND] = "SELECT hashes, length(hashes) FROM tile WHERE tree = ?1 AND level = ?2 AND n = ?3",
    [Q_TILE_PUT] = "INSERT OR REPLACE INTO tile (tree, level, n, hashes) VALUES (?1, ?2, ?3, ?4)",
    [Q_LEAF] = "SELECT s.id, s.agent, s.reason, s.time_ms, l.versions, l.root FROM leaf l"
               " JOIN change_set s ON s.id = l.change_set WHERE l.n = ?1",
    [Q_LEAF_ADD] = "INSERT INTO leaf (n, change_set, versions, until_ms, root) VALUES (?1, ?2, ?3, ?4, ?5)",
    [Q_LEAF_LAST] = "SELECT n, change_set, until_ms FROM leaf ORDER BY n DESC LIMIT 1",
    [Q_LEAF_OF_SET] = "SELECT n, versions, root FROM leaf WHERE change_set = ?1",
    [Q_SET_CLOSE] = "UPDATE change_set SET closed = 1 WHERE id = ?1 AND closed = 0",
    [Q_SETS_RUNNERS] = "SELECT DISTINCT runner FROM change_set WHERE closed = 0",
    [Q_SETS_CLOSE_OF] = "UPDATE change_set SET closed = 1 WHERE closed = 0 AND runner = ?1",
    [Q_TREE_NEXT_SET] =
        "SELECT id, agent, reason, time_ms, closed FROM change_set WHERE id > ?1 ORDER BY id LIMIT 1",
    [Q_TREE_VERSIONS] = "SELECT " ENTRY_COLUMNS "FROM version v JOIN object o ON o.id = v.object"
                        " WHERE v.change_set = ?1 ORDER BY v.sequence",
    [Q_TREE_VERSION] =
        "SELECT " ENTRY_COLUMNS "FROM version v JOIN object o ON o.id = v.object WHERE v.sequence = ?1",
    [Q_TREE_PLACE] = "SELECT v.change_set, v.sequence, l.n,"
                     " (SELECT min(sequence) FROM version WHERE change_set = v.change_set),"
                     " (SELECT max(sequence) FROM version WHERE change_set = v.change_set)"
                     " FROM object o JOIN version v ON v.object = o.id"
                     " LEFT JOIN leaf l ON l.change_set = v.change_set WHERE o.name = ?1 AND v.version = ?2",
    [Q_TREE_BEFORE] = "SELECT count(*) FROM version WHERE change_set = ?1 AND sequence < ?2",
    [Q_TREE_SIZE_AT] = "SELECT n FROM leaf WHERE until_ms <= ?1 ORDER BY until_ms DESC, n DESC LIMIT 1",
};
