package rig

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// ClockRedis is a Redis whose clock can be set.
type ClockRedis struct {
	*Redis
	file string
}

// NewClockRedis starts one, with Debian's faketime.
func NewClockRedis(t testing.TB) *ClockRedis {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if err != nil || len(found) == 0 {
		t.Fatal("there is no libfaketime (apt-get install faketime)")
	}
	dir := socketDir(t)
	c := &ClockRedis{file: filepath.Join(dir, "clock")}
	c.write(t, 0)
	c.Redis = startRedis(t, &Redis{dir: dir, env: []string{
		// The C library comes before jemalloc, which asks for the time so early that the two wait for each other.
		"LD_PRELOAD=" + found[0] + ":libc.so.6",
		"FAKETIME_TIMESTAMP_FILE=" + c.file, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1",
	}})
	return c
}

// SetClock sets the clock forward by so much from the right time, or back.
func (c *ClockRedis) SetClock(d time.Duration) {
	c.t.Helper()
	c.write(c.t, d)
	client := c.Client()
	Until(c.t, 10*time.Second, "the clock of Redis is set", func() bool {
		now, err := client.Time(c.t.Context()).Result()
		return err == nil && (time.Until(now)-d).Abs() < 5*time.Second
	})
}

// write replaces the file at once: Redis reads it at any time.
func (c *ClockRedis) write(t testing.TB, d time.Duration) {
	t.Helper()
	next := c.file + ".next"
	if err := os.WriteFile(next, fmt.Appendf(nil, "%+d", int64(d/time.Second)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, c.file); err != nil {
		t.Fatal(err)
	}
}
