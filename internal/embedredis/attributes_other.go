//go:build !linux

package embedredis

import "syscall"

// attributes put the child into a process group of its own, so that Ctrl-C in a terminal reaches us
// alone and the server outlives our last writes. Nothing ends the child when we are killed: the lock
// keeps the next start from running a second server beside it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
