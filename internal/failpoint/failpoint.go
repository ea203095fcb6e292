//go:build !failpoint

// Package failpoint kills the process at a named place, so that the end-to-end tests can prove what is
// promised for a crash there. It does so only in a program that was built with -tags failpoint, when the
// environment variable SYNCHOOK_FAILPOINT names the place: "run.sealed=kill", or "run.sealed=kill:3" to
// let two hits pass. In any other program a hit is nothing at all.
package failpoint

// Hit does nothing.
func Hit(string) {}
