package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// cost is the CPU time that one operation took in each process; zero: it was not measured.
type cost struct {
	own   time.Duration // of this process
	redis time.Duration // of redis-server
}

// meter measures time and CPU from its start on.
type meter struct {
	pid   int // of redis-server; 0: none takes part
	began time.Time
	spent cost
}

// startMeter starts to measure, after a garbage collection: what was done before is not charged.
func startMeter(r *redisServer) meter {
	runtime.GC()
	m := meter{began: time.Now()}
	if r != nil {
		m.pid = r.pid()
	}
	m.spent = m.total()
	return m
}

// rate is the sample of n operations made since the start.
func (m meter) rate(n int) sample {
	return sample{value: float64(n) / time.Since(m.began).Seconds(), cost: m.each(n)}
}

// each is the CPU time of one of n operations made since the start.
func (m meter) each(n int) cost {
	now := m.total()
	return cost{own: (now.own - m.spent.own) / time.Duration(n), redis: (now.redis - m.spent.redis) / time.Duration(n)}
}

func (m meter) total() cost {
	c := cost{own: ownCPU()}
	if m.pid != 0 {
		c.redis = processCPU(m.pid)
	}
	return c
}

// ownCPU is the CPU time of this process.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// clockTick is the unit of the kernel's CPU times in /proc, the same on every Linux.
const clockTick = 10 * time.Millisecond

// processCPU is the CPU time of a process, or 0 where there is no /proc.
func processCPU(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold spaces; what follows it is the third field.
	_, rest, _ := strings.Cut(string(text), ") ")
	var user, system int64
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	_, _ = fmt.Sscan(fields[11], &user)
	_, _ = fmt.Sscan(fields[12], &system)
	return time.Duration(user+system) * clockTick
}
