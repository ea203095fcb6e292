// Package intake makes an incoming webhook into an event and its runs: it verifies, finds out who
// subscribes, plans the runs, and has all of it stored in one durable write. Nothing slow happens
// before that, and nobody is told "accepted" before it.
//
//	Receive: verify -> handshake? -> parse -> plan -> Store.AcceptEvent -> Queue.Send
//	Replay:                          parse -> plan -> Store.ReplayEvent -> Queue.Send
//	FanOut:                          parse -> plan, all of it -> Store.AddRuns -> Queue.Send
package intake
