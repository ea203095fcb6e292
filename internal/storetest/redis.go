// Package storetest gives other packages' tests a real Redis and stores on it.
package storetest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
	if err := run("--port", "0", "--unixsocket", path, "--databases", strconv.Itoa(databases)); err != nil {
		return "", err
	}
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: path, MaxRetries: -1})
	defer func() { _ = rdb.Close() }()
	return path, until("answer", func(ctx context.Context) bool { return rdb.Ping(ctx).Err() == nil })
}

// run starts a redis-server that keeps nothing, in a folder of its own.
func run(args ...string) error {
	dir, err := os.MkdirTemp("", "synchook-test-")
	if err != nil {
		return err
	}
	args = append(args, "--dir", dir, "--save", "", "--appendonly", "no", "--loglevel", "warning")
	cmd := exec.Command("redis-server", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return launch(cmd, make(chan struct{}))
}

// until asks again and again, for 20 s at most, whether the server does what it should.
func until(what string, does func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for !does(ctx) {
		select {
		case <-ctx.Done():
			return errors.New("redis-server did not " + what + " within 20 s")
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}
