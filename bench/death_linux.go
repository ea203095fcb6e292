package main

import "syscall"

// diesWithUs has the kernel end a child when this process is killed.
func diesWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
