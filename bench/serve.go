package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// served is a `synchook serve` with the embedded Redis, as a process of its own.
type served struct {
	cmd   *exec.Cmd
	data  string
	url   string
	took  time.Duration // from its start until it was ready
	fault string        // the first line that is none of its log; to be read when it has ended
	ended chan struct{}
}

// build builds the program once, as `make build` does.
func (b *bench) build(ctx context.Context) error {
	if b.binary != "" {
		return nil
	}
	path := filepath.Join(b.dir, "synchook")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "github.com/synchook/synchook/cmd/synchook") //nolint:gosec // a folder that we made
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building synchook: %w\n%s", err, out)
	}
	b.binary = path
	return nil
}

// serve starts the program on an empty data folder and waits until it is ready.
func (b *bench) serve(ctx context.Context) (*served, error) {
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	data, err := os.MkdirTemp(b.dir, "data-")
	if err != nil {
		return nil, err
	}
	s := &served{data: data, ended: make(chan struct{})}
	s.cmd = exec.Command(b.binary, "serve", "--listen", "127.0.0.1:0", "--data", data) //nolint:gosec // the program that we built
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SYNCHOOK_ADMIN_KEY=the admin key of the bench", "SYNCHOOK_ENCRYPTION_KEY=" + b.key}
	lines, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan string, 1)
	go s.read(lines, ready)
	if err := s.await(ctx, ready); err != nil {
		s.stop()
		return nil, err
	}
	s.took = time.Since(began)
	return s, nil
}

// read reads the log to its end, and tells the URL when it says that the program is ready.
func (s *served) read(log io.Reader, ready chan<- string) {
	defer close(s.ended)
	scanner := bufio.NewScanner(log)
	for scanner.Scan() {
		var line struct{ Msg, URL string }
		err := json.Unmarshal(scanner.Bytes(), &line)
		switch {
		case err != nil && s.fault == "":
			s.fault = scanner.Text()
		case line.Msg == "ready":
			ready <- line.URL
		}
	}
	close(ready)
	_ = s.cmd.Wait()
}

// await waits for the log and then for /readyz.
func (s *served) await(ctx context.Context, ready <-chan string) error {
	var ok bool
	select {
	case s.url, ok = <-ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if !ok {
		<-s.ended
		return errors.New("synchook serve ended: " + s.fault)
	}
	answer, err := http.Get(s.url + "/readyz")
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New("/readyz answers " + answer.Status)
	}
	return nil
}

// stop ends the program as an operator does, which ends its Redis.
func (s *served) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.ended
}

// start measures how long the program takes to be ready, and its size.
func start(ctx context.Context, b *bench) ([]sample, error) {
	s, err := b.serve(ctx)
	if err != nil {
		return nil, err
	}
	s.stop()
	file, err := os.Stat(b.binary)
	if err != nil {
		return nil, err
	}
	return []sample{{value: millis(s.took)}, {value: float64(file.Size()) / 1e6}}, nil
}

// idle measures the program while it waits for schedules.
func idle(ctx context.Context, b *bench) ([]sample, error) {
	s, err := b.serve(ctx)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: filepath.Join(s.data, "redis.sock")})
	defer func() { _ = rdb.Close() }()
	if err := schedules(ctx, b, rdb, 1000); err != nil {
		return nil, err
	}
	pid, err := infoNumber(ctx, rdb, "server", "process_id")
	if err != nil {
		return nil, err
	}
	return s.watch(ctx, rdb, int(pid), 10*time.Second)
}

// watch measures CPU and commands for a while.
func (s *served) watch(ctx context.Context, rdb *redis.Client, redisPID int, d time.Duration) ([]sample, error) {
	before, err := infoNumber(ctx, rdb, "stats", "total_commands_processed")
	own, child, began := processCPU(s.cmd.Process.Pid), processCPU(redisPID), time.Now()
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	took := time.Since(began)
	own, child = processCPU(s.cmd.Process.Pid)-own, processCPU(redisPID)-child
	after, err := infoNumber(ctx, rdb, "stats", "total_commands_processed")
	percent := func(cpu time.Duration) float64 { return 100 * cpu.Seconds() / took.Seconds() }
	return []sample{
		{value: percent(own + child)}, {value: percent(own)}, {value: percent(child)}, {value: (after - before - 1) / took.Seconds()},
	}, err
}

// schedules gives the program n connections with a daily sync.
func schedules(ctx context.Context, b *bench, rdb *redis.Client, n int) error {
	h, err := houseOn(ctx, b, nil, rdb)
	if err != nil {
		return err
	}
	a, err := h.account(ctx, "", saveOne, n)
	if err != nil {
		return err
	}
	for _, con := range a.connections {
		at := synchook.NextRun(time.Now(), 24*time.Hour, con, a.sync.ID)
		if err := h.store.Schedule(ctx, a.project.ID, a.sync.ID, []synchook.ConnectionID{con}, at); err != nil {
			return err
		}
	}
	return nil
}
