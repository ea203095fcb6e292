// Package storetest gives other packages' tests a real Redis and stores on it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// databases is how many tests of one package can have a database of their own.
const databases = 4000

var (
	shared   sync.Once
	socket   string
	startErr error
	next     atomic.Int64
)

// Redis returns a client of a Redis database that is the test's own. All tests of a package share one
// server, which ends with the process.
func Redis(t testing.TB) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(Options(t))
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// Options returns how to connect to a Redis database that is the test's own.
func Options(t testing.TB) *redis.Options {
	t.Helper()
	shared.Do(func() { socket, startErr = start() })
	if startErr != nil {
		t.Fatalf("starting redis-server for the tests (apt-get install redis-server): %v", startErr)
	}
	db := next.Add(1)
	if db >= databases {
		t.Fatalf("more than %d tests want a database of their own", databases)
	}
	return &redis.Options{Network: "unix", Addr: socket, DB: int(db), PoolSize: 20}
}

// start runs a redis-server on a unix socket. It dies with this process.
func start() (string, error) {
	dir, err := os.MkdirTemp("", "synchook-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "redis.sock")
	cmd := exec.Command("redis-server", "--port", "0", "--unixsocket", path, "--dir", dir,
		"--save", "", "--appendonly", "no", "--databases", fmt.Sprint(databases), "--loglevel", "warning")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := launch(cmd); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: path, MaxRetries: -1})
	defer func() { _ = rdb.Close() }()
	for rdb.Ping(ctx).Err() != nil {
		select {
		case <-ctx.Done():
			return "", errors.New("redis-server did not answer within 20 s")
		case <-time.After(5 * time.Millisecond):
		}
	}
	return path, nil
}
