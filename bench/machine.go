package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine says on what was measured.
func machine(ctx context.Context, r *redisServer) string {
	info, _ := r.rdb.Info(ctx, "server").Result() // without an answer it is shown as unknown
	return fmt.Sprintf("CPU %s, %d cores; kernel %s; Redis %s; %s; load %s\n",
		field("/proc/cpuinfo", "model name"), runtime.NumCPU(), line("/proc/sys/kernel/osrelease"),
		valueOf(info, "redis_version"), runtime.Version(), line("/proc/loadavg"))
}

// line is the first line of a file.
func line(path string) string {
	text, err := os.ReadFile(path) //nolint:gosec // a file of the kernel's
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return first
}

// field is the value of the first line of that name in a file.
func field(path, name string) string {
	text, err := os.ReadFile(path) //nolint:gosec // a file of the kernel's
	if err != nil {
		return "unknown"
	}
	return valueOf(string(text), name)
}

func valueOf(text, name string) string {
	for l := range strings.Lines(text) {
		key, value, _ := strings.Cut(l, ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
