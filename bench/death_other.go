//go:build !linux

package main

import "syscall"

// diesWithUs does nothing where the kernel cannot: a bench that is killed leaves its children there.
func diesWithUs() *syscall.SysProcAttr { return nil }
