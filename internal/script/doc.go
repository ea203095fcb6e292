// Package script bundles sync scripts and runs them.
//
// [Bundle] joins a TypeScript file and what it imports into one JavaScript
// program. An [Engine] runs such a program, each run in a JavaScript VM of its
// own that is thrown away afterwards: nothing that a script does to its
// globals, its memory or its promises outlives the run. What the script can
// do in the world is what its [Host] does for it; it has no files, no
// environment and no network of its own.
//
//	Bundle ──> Code, SourceMap ──> Engine.Run ──> Host
//	                                   │            ▲
//	                        fresh VM: runtime/*.js, script
//	                                   │            │
//	                             one goroutine ── calls, 16 at a time
//
// # How a run turns
//
// One goroutine drives the VM. It runs the VM's jobs until none is left, then
// waits for one of three things: an answer to a call, a timer, the end of the
// context; tells the script, and begins again. The run ends when the promise
// of the script's function is settled and all its calls are answered, also
// those that it did not await.
//
// A call of the script, such as nango.get, is a promise in JavaScript and a
// goroutine in Go. Reads run beside each other, so that Promise.all means
// what it says; writes of records and metadata go one by one, in the order
// the script made them. Arguments and answers cross the border as text.
//
// # How a run is stopped
//
// The deadline and the caller's cancellation are one context. When it ends, a
// watchdog interrupts the VM every 50 ms until the loop has left, because the
// VM forgets an interrupt that falls between two entries, and makes it look at
// once, because it otherwise does so every 10,000 turns of a loop. A script
// inside one built-in operation that takes minutes cannot be stopped: its run
// is given up after 10 s with [ErrUnstoppable]. Memory and the depth of calls are bounded by the VM. Each of these limits ends the run with
// an error of its own, and the process and other runs go on.
//
// # Where errors come from
//
// An error that the script throws becomes a [*ScriptError] with the stack in
// the lines of the TypeScript files. What the script can handle (a response
// that is not 2xx, a network error, a record without an ID) rejects the
// promise of its call. What it cannot (the store is gone, the lease is lost)
// ends the run and comes out of [Engine.Run] as the host returned it.
package script
