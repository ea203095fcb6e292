package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// poolSize is that of the program's own clients.
const poolSize = 64

// redisServer is a redis-server of ours, on a unix socket.
type redisServer struct {
	socket string
	cmd    *exec.Cmd
	ended  chan struct{}
	rdb    *redis.Client
}

// startRedis starts a redis-server as the embedded one is started, but for how often it syncs and that
// it writes its file anew only when it is reset.
func startRedis(ctx context.Context, dir, fsync string) (*redisServer, error) {
	dir = filepath.Join(dir, fsync)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	r := &redisServer{socket: filepath.Join(dir, "redis.sock"), ended: make(chan struct{})}
	r.cmd = exec.Command("redis-server", "--port", "0", "--unixsocket", r.socket, "--dir", dir, //nolint:gosec // a folder that we made
		"--appendonly", "yes", "--appendfsync", fsync, "--save", "", "--auto-aof-rewrite-percentage", "0",
		"--maxmemory-policy", "noeviction", "--loglevel", "warning")
	r.cmd.SysProcAttr = diesWithUs()
	if err := r.launch(); err != nil {
		return nil, fmt.Errorf("starting redis-server: %w", err)
	}
	r.rdb = r.client()
	if err := until(ctx, func() bool { return r.rdb.Ping(ctx).Err() == nil }); err != nil {
		r.stop()
		return nil, fmt.Errorf("waiting for redis-server: %w", err)
	}
	return r, nil
}

// launch starts the process from a thread that lives as long as it does: the kernel sends the death
// signal when the thread that started it ends, not the process.
func (r *redisServer) launch() error {
	started := make(chan error)
	go func() {
		defer close(r.ended)
		runtime.LockOSThread()
		err := r.cmd.Start()
		started <- err
		if err == nil {
			_ = r.cmd.Wait()
		}
	}()
	return <-started
}

func (r *redisServer) pid() int { return r.cmd.Process.Pid }

// url is how the program reaches it.
func (r *redisServer) url() string { return "unix://" + r.socket }

// client returns a new client, which its caller closes.
func (r *redisServer) client() *redis.Client {
	return redis.NewClient(&redis.Options{Network: "unix", Addr: r.socket, PoolSize: poolSize, ReadTimeout: 10 * time.Second})
}

// reset empties the server and its file.
func (r *redisServer) reset(ctx context.Context) error {
	if err := r.rdb.FlushAll(ctx).Err(); err != nil {
		return err
	}
	if err := r.rdb.BgRewriteAOF(ctx).Err(); err != nil {
		return err
	}
	return until(ctx, func() bool {
		text, err := r.rdb.Info(ctx, "persistence").Result()
		return err == nil && strings.Contains(text, "aof_rewrite_in_progress:0") && strings.Contains(text, "aof_rewrite_scheduled:0")
	})
}

// number reads a number from a section of INFO.
func (r *redisServer) number(ctx context.Context, section, name string) (float64, error) {
	return infoNumber(ctx, r.rdb, section, name)
}

func infoNumber(ctx context.Context, rdb *redis.Client, section, name string) (float64, error) {
	text, err := rdb.Info(ctx, section).Result()
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		var n float64
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			_, err := fmt.Sscan(value, &n)
			return n, err
		}
	}
	return 0, errors.New("INFO says nothing about " + name)
}

// stop ends the server. One that never started is nil.
func (r *redisServer) stop() {
	if r == nil {
		return
	}
	_ = r.rdb.Close()
	_ = r.cmd.Process.Kill()
	<-r.ended
}
