package embedredis

import "syscall"

// attributes put the child into a process group of its own, so that Ctrl-C in a terminal reaches us
// alone and the server outlives our last writes; and ask the kernel to end it when we are killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
