package rig

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Backend is what a house keeps its data in: a Redis, or several.
type Backend interface {
	// URL is what --redis-url takes.
	URL() string
}

// Redis is a redis-server on a unix socket that keeps what it acknowledged.
type Redis struct {
	*Process
	t    testing.TB
	dir  string
	env  []string
	args []string
}

// NewRedis starts a Redis with further arguments. The last of two arguments that say the same counts.
func NewRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	return startRedis(t, &Redis{dir: socketDir(t), args: args})
}

func startRedis(t testing.TB, r *Redis) *Redis {
	t.Helper()
	r.t = t
	r.Restart()
	return r
}

// Restart starts the server again, after it was killed, on the data that it left, and waits until it
// answers.
func (r *Redis) Restart() {
	r.t.Helper()
	args := append([]string{"--port", "0", "--unixsocket", r.socket(), "--dir", r.dir, "--save", ""}, durable()...)
	args = append(args, r.args...)
	r.Process = Start(r.t, "redis", r.env, "redis-server", args...)
	client := r.Client()
	Until(r.t, time.Minute, "Redis answers", func() bool { return client.Ping(r.t.Context()).Err() == nil })
}

// URL implements Backend.
func (r *Redis) URL() string { return "unix://" + r.socket() }

// Dir returns the folder that the server keeps its data in.
func (r *Redis) Dir() string { return r.dir }

// Client returns a client of the server, which is closed at the test's end.
func (r *Redis) Client() *redis.Client {
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: r.socket(), MaxRetries: -1})
	r.t.Cleanup(func() { _ = client.Close() })
	return client
}

func (r *Redis) socket() string { return filepath.Join(r.dir, "redis.sock") }

// socketDir returns a folder for a socket, which is removed at the test's end.
func socketDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "synchook-e2e-") //nolint:usetesting // the path of a socket must be shorter than t.TempDir's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
