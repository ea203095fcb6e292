package embedredis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// A child that ends is started again after minBackoff, doubled up to maxBackoff until one has lived
	// for steady.
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
	steady     = 10 * time.Second

	// stopGrace is how long a child may take to write its data and end.
	stopGrace = 15 * time.Second

	pollInterval = 5 * time.Millisecond
)

// ErrNoServer says that there is no server to run.
var ErrNoServer = errors.New("found neither redis-server nor valkey-server on PATH: install one " +
	"(Debian and Ubuntu: apt-get install redis-server; Fedora: dnf install valkey; macOS: brew install redis), " +
	"or give the URL of a Redis that runs elsewhere")

// ErrDiskFull is why a child ended that could not write down what it was given.
var ErrDiskFull = errors.New("the disk is full")

// Options set up a Server.
type Options struct {
	// Dir is the data folder. It is made if it is not there, for this user alone.
	Dir string

	// Command is the server's executable. Empty: redis-server, else valkey-server, from PATH.
	Command string

	// Log gets a warning when the server has ended by itself, and at debug level all that it prints.
	// Nil: nothing is logged.
	Log *slog.Logger
}

// Server is a running Redis and the goroutine that keeps it running.
type Server struct {
	command string
	dir     string
	socket  socket
	log     *slog.Logger
	lock    *os.File

	stopOnce sync.Once
	stopping chan struct{}
	done     chan struct{}
	ended    chan error // gets the first child's end

	mu      sync.Mutex
	process *os.Process
	trouble error     // how the last child ended by itself
	since   time.Time // when that was
}

// Start brings the server up and returns when it answers, which takes as long as its data takes to
// load. The context bounds the start only. It returns ErrNoServer when there is nothing to run and
// ErrInUse when another process works in the folder. The caller stops what was started.
func Start(ctx context.Context, options Options) (*Server, error) {
	server, err := prepare(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	go server.supervise()
	if err := server.awaitReady(ctx); err != nil {
		server.Stop()
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	return server, nil
}

// prepare takes everything that the server needs, and leaves nothing behind when something is missing.
func prepare(ctx context.Context, options Options) (*Server, error) {
	command, err := find(options.Command)
	if err != nil {
		return nil, err
	}
	if options.Dir == "" {
		return nil, errors.New("no data folder was given")
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := acquire(ctx, filepath.Join(dir, "redis.lock"))
	if err != nil {
		return nil, err
	}
	socket, err := newSocket(dir)
	if err != nil {
		release(lock)
		return nil, err
	}
	log := options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		command: command, dir: dir, socket: socket, log: log, lock: lock,
		stopping: make(chan struct{}), done: make(chan struct{}), ended: make(chan error, 1),
	}, nil
}

// find returns the path of the server's executable.
func find(command string) (string, error) {
	candidates := []string{"redis-server", "valkey-server"}
	if command != "" {
		candidates = []string{command}
	}
	for _, candidate := range candidates {
		if path, err := exec.LookPath(candidate); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", ErrNoServer
}

// Socket is the path of the unix socket to connect to. It stays the same when the child is restarted.
func (s *Server) Socket() string { return s.socket.path }

// troubleTime is how long after its end a child's last words may explain why there is no server.
const troubleTime = 15 * time.Second

// Trouble returns how the last child ended by itself, with its last words, if that was a moment ago. Nil:
// all is well, as far as that goes.
func (s *Server) Trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.since) > troubleTime {
		return nil
	}
	return s.trouble
}

func (s *Server) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble, s.since = err, time.Now()
}

// Stop ends the server and returns when its data is on disk. It may be called more than once and by
// several goroutines; all calls return when the server has ended.
func (s *Server) Stop() {
	s.stopOnce.Do(func() {
		s.terminate()
		select {
		case <-s.done:
		case <-time.After(stopGrace):
			s.log.Warn("the embedded Redis did not stop in time and is killed", "after", stopGrace)
			s.signal(syscall.SIGKILL)
			<-s.done
		}
		s.socket.remove()
		release(s.lock)
	})
}

// terminate allows no further child and asks the present one to end.
func (s *Server) terminate() {
	s.mu.Lock()
	close(s.stopping)
	s.mu.Unlock()
	s.signal(syscall.SIGTERM)
}

func (s *Server) signal(signal os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		// It fails only when the process has ended already.
		_ = s.process.Signal(signal)
	}
}

// supervise runs one child after another until the server is stopped.
func (s *Server) supervise() {
	defer close(s.done)
	// The kernel sends a child its death signal when the thread that started it ends, not the process:
	// this thread must live as long as the children do.
	runtime.LockOSThread()
	backoff := minBackoff
	for {
		started := time.Now()
		err := s.run()
		s.note(err)
		select {
		case s.ended <- err:
		default:
		}
		if s.isStopping() {
			return
		}
		if time.Since(started) > steady {
			backoff = minBackoff
		}
		s.log.Warn("the embedded Redis ended and will be started again", "error", err, "after", backoff)
		select {
		case <-s.stopping:
			return
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

func (s *Server) isStopping() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// run starts one child and returns when it has ended, with how and with its last words.
func (s *Server) run() error {
	words := &output{log: s.log}
	cmd := s.child(words)
	if err := s.launch(cmd); err != nil {
		return err
	}
	err := cmd.Wait()
	if err == nil {
		err = errors.New("it exited with status 0")
	}
	err = fmt.Errorf("%s: %w; its last lines: %s", filepath.Base(s.command), err, words.last())
	if diskFull(words.last()) {
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}

// diskFull reports whether a child's last words are those of one that had no space: the disk took a part
// of what it wrote, or nothing.
func diskFull(words string) bool {
	return strings.Contains(words, "No space left on device") || strings.Contains(words, "Short write while writing to the AOF file")
}

// launch starts the child unless the server is being stopped, and keeps it where signal finds it.
func (s *Server) launch(cmd *exec.Cmd) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isStopping() {
		return context.Canceled
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process = cmd.Process
	return nil
}

// awaitReady returns when the server answers, or when there is no hope that it will.
func (s *Server) awaitReady(ctx context.Context) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-s.ended:
			return err
		case <-ticker.C:
			if answers(s.socket.path) {
				return nil
			}
		}
	}
}
