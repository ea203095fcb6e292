//go:build !failpoint

// Package failpoint breaks the process at a named place, so that the end-to-end tests can prove what is
// promised for a fault there. It does so only in a program that was built with -tags failpoint, when the
// environment variable SYNCHOOK_FAILPOINT names the place: "run.sealed=kill" kills it there, and
// "run.sealed=kill:3" after letting two hits pass; "hint.send=times:10" does a thing ten times, and
// "hint.send=odd" leaves out every thing of an odd number. In any other program nothing happens.
package failpoint

// Hit does nothing.
func Hit(string) {}

// Copies returns 1: everything is done once.
func Copies(string, int64) int { return 1 }
