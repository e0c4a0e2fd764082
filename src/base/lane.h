// SPDX-License-Identifier: Apache-2.0
// base/lane: a few threads behind a bounded queue. When the queue is full the answer is ERR_BUSY, at once:
// work that waits for ever helps nobody. Two kinds of work that must not hold each other up get two lanes.
#pragma once

#include "base/base.h"

typedef struct Lane Lane;
typedef void LaneWork(void *work);

// name: at most 15 bytes, shown by ps and perf. Any thread may use the lane.
Lane *lane_open(const char *name, int threads, int queue_max);
bool lane_add(Lane *lane, LaneWork *run, void *work, Err *err) MUST_CHECK; // ERR_BUSY
// Blocks while the queue is full: for producers that should be slowed down, not refused.
void lane_add_wait(Lane *lane, LaneWork *run, void *work);
void lane_drain(Lane *lane); // returns when nothing is queued or running
int lane_waiting(Lane *lane);
// For long work, between its pieces of at most a millisecond: whoever waits for this core gets it now, not at
// the end of the scheduler's slice (docs/decisions/022-renders-give-way.md).
void lane_give_way(void);
void lane_close(Lane *lane); // finishes what is queued, then ends the threads
