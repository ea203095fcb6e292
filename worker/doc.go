// Package worker is the queue edge: it takes hints from Asynq and works the lanes they name.
//
//	Asynq task ──> lane.go: takes turns on the lane ──> run.go, deliver.go or fanout.go: one row
//	                     ▲                                     │
//	                     └────────── hands in what is done ────┘
//
// What a handler does is decided by the rows that the store gives it, never by the task: a hint may
// come late, twice or never. sweep.go is for those that never come.
package worker
