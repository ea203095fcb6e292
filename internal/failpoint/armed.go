//go:build failpoint

// Package failpoint breaks the process at a named place. See failpoint.go.
package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var hits atomic.Int64

// Hit kills the process, as kill -9 does, when the environment says so for this place.
func Hit(name string) {
	at, ok := strings.CutPrefix(os.Getenv("SYNCHOOK_FAILPOINT"), name+"=kill")
	if !ok {
		return
	}
	wanted := int64(1)
	if count, ok := strings.CutPrefix(at, ":"); ok {
		wanted, _ = strconv.ParseInt(count, 10, 64) // what is no number never comes
	}
	if hits.Add(1) == wanted {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // nothing may happen between the signal and its arrival
	}
}

// Copies returns how often the thing of that number is done at a named place, as the environment says.
func Copies(name string, number int64) int {
	mode, ok := strings.CutPrefix(os.Getenv("SYNCHOOK_FAILPOINT"), name+"=")
	if !ok {
		return 1
	}
	if mode == "odd" {
		return 1 - int(number%2)
	}
	times, _ := strconv.Atoi(strings.TrimPrefix(mode, "times:")) // what is no number is never done
	return times
}
