// Package queue knows how a hint travels: as an Asynq task. A hint says that a lane wants attention. It
// may come late, twice or never; what happens then is decided by the rows in the store.
//
// There are three queues, so that slow scripts never starve deliveries:
//
//	runs        runs:lane            work a lane of runs
//	deliveries  deliveries:lane      work a lane of deliveries
//	            deliveries:attempt   the same, at the time of a delivery's next attempt
//	control     control:fanout       work a project's lane of large fan-outs
//	            control:recovery     work a project's lane of recoveries
//
// The ID of a lane's task is <lane>.<generation>: a second one of the same generation is refused by
// Asynq, and a handler whose generation is no longer the lane's returns at once. So a task that a
// killed worker left behind, which Asynq shows as active for a minute or two, is in nobody's way.
package queue
