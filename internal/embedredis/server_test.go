package embedredis

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

// helperDir makes the test's own executable a process that starts a server and waits to be killed.
const helperDir = "EMBEDREDIS_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		helper(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func helper(dir string) {
	server, err := Start(context.Background(), Options{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Socket())
	select {}
}

func start(t *testing.T, dir string) *Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	server, err := Start(ctx, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

func connect(t *testing.T, socket string) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// eventually waits for a condition, for half a minute at most.
func eventually(t *testing.T, claim string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("it never came true that %s", claim)
		}
	}
}

// processID asks the server for its own, and gives 0 when it does not answer, or has its data still to
// load, as INFO answers then too.
func processID(t *testing.T, client *redis.Client) int {
	t.Helper()
	if client.Ping(t.Context()).Err() != nil {
		return 0
	}
	text, err := client.Info(t.Context(), "server").Result()
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(text, "process_id:")
	digits, _, _ := strings.Cut(after, "\r\n")
	pid, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func set(t *testing.T, client *redis.Client, value string) {
	t.Helper()
	if err := client.Set(t.Context(), "key", value, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, client *redis.Client, value string) {
	t.Helper()
	if got, err := client.Get(t.Context(), "key").Result(); err != nil || got != value {
		t.Errorf("the key holds %q, %v, want %q", got, err, value)
	}
}

func TestDataSurvivesStopAndStart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a folder's \"name\" ü")
	first := start(t, dir)
	set(t, connect(t, first.Socket()), "kept")
	first.Stop()
	first.Stop()
	if _, err := os.Stat(first.Socket()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
	want(t, connect(t, start(t, dir).Socket()), "kept")
}

func TestServerIsDurableAndPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	server := start(t, dir)
	client := connect(t, server.Socket())
	settings := map[string]string{
		"appendonly": "yes", "appendfsync": "always", "no-appendfsync-on-rewrite": "no", "save": "",
		"maxmemory-policy": "noeviction", "port": "0", "dir": dir,
	}
	for name, value := range settings {
		if got := client.ConfigGet(t.Context(), name).Val()[name]; got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	for path, mode := range map[string]os.FileMode{dir: os.ModeDir | 0o700, server.Socket(): os.ModeSocket | 0o700} {
		if found, err := os.Stat(path); err != nil || found.Mode() != mode {
			t.Errorf("%s: %v, %v, want %v", path, found.Mode(), err, mode)
		}
	}
}

func TestKilledServerComesBackWithItsData(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	server, err := Start(t.Context(), Options{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	client := connect(t, server.Socket())
	for round := range 3 {
		value := fmt.Sprint("round ", round)
		set(t, client, value)
		killed := processID(t, client)
		if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "another process answers", func() bool {
			pid := processID(t, client)
			return pid != 0 && pid != killed
		})
		want(t, client, value)
	}
	if !strings.Contains(log.String(), "signal: killed") {
		t.Errorf("the log does not say that the server was killed: %s", log.String())
	}
}

// syncBuffer is a buffer for a logger that another goroutine writes to.
type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func TestSecondStartInAFolderIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, dir)
	client := connect(t, first.Socket())
	set(t, client, "kept")
	second, err := Start(t.Context(), Options{Dir: dir})
	if !errors.Is(err, ErrInUse) || second != nil {
		t.Fatalf("got %v, want ErrInUse", err)
	}
	if !strings.Contains(err.Error(), fmt.Sprintf("(process %d)", os.Getpid())) {
		t.Errorf("the error does not name the process: %v", err)
	}
	want(t, client, "kept")
}

func TestServerThatAnswersWithoutALockIsSeen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, dir)
	if err := os.Remove(filepath.Join(dir, "redis.lock")); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
}

func TestKilledProcessLeavesTheFolderUsable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	process, socket := startHelper(t, dir)
	client := connect(t, socket)
	set(t, client, "kept")
	child := processID(t, client)
	if _, err := Start(t.Context(), Options{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Errorf("while the process lives: got %v, want ErrInUse", err)
	}
	kill(t, process)
	after := connect(t, start(t, dir).Socket())
	want(t, after, "kept")
	if pid := processID(t, after); pid == child {
		t.Errorf("process %d outlived the one that started it", child)
	}
}

// kill ends a process as kill -9 does, and waits until it is gone.
func kill(t *testing.T, process *os.Process) {
	t.Helper()
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := process.Wait(); err != nil {
		t.Fatal(err)
	}
}

// startHelper runs a server in another process.
func startHelper(t *testing.T, dir string) (*os.Process, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperDir+"="+dir)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd.Process, strings.TrimSpace(line)
}

func TestServerIsOutOfReachOfCtrlC(t *testing.T) {
	t.Parallel()
	pid := processID(t, connect(t, start(t, t.TempDir()).Socket()))
	group, err := syscall.Getpgid(pid)
	if err != nil || group == syscall.Getpgrp() {
		t.Errorf("the server is in the process group %d of the test, %v", group, err)
	}
}

func TestFolderWithALongPathHasAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 40))
	server := start(t, dir)
	if length := len(server.Socket()); length > maxSocketPath {
		t.Errorf("the socket's path has %d bytes", length)
	}
	set(t, connect(t, server.Socket()), "kept")
	folder, err := os.Stat(filepath.Dir(server.Socket()))
	if err != nil || folder.Mode() != os.ModeDir|0o700 {
		t.Errorf("the socket's folder: %v, %v", folder.Mode(), err)
	}
	server.Stop()
	if _, err := os.Stat(filepath.Dir(server.Socket())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's folder is left behind: %v", err)
	}
	again := start(t, dir)
	if again.Socket() != server.Socket() {
		t.Errorf("the socket moved from %s to %s", server.Socket(), again.Socket())
	}
	want(t, connect(t, again.Socket()), "kept")
}

func TestShortFolderMustBeOursAlone(t *testing.T) {
	t.Parallel()
	open := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := makePrivate(open); err != nil {
		t.Errorf("our own folder is refused: %v", err)
	}
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := makePrivate(open); err == nil {
		t.Error("a folder that others can enter is taken")
	}
	link := open + "-link"
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if err := makePrivate(link); err == nil {
		t.Error("a link to another folder is taken")
	}
}

func TestMissingServerSaysHowToInstallOne(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	_, err := Start(t.Context(), Options{Dir: dir, Command: "no-such-server"})
	if !errors.Is(err, ErrNoServer) || !strings.Contains(err.Error(), "apt-get install redis-server") {
		t.Errorf("got %v, want ErrNoServer", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the data folder was made for nothing: %v", err)
	}
}

func TestServerThatCannotStartTellsItsLastWords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := start(t, dir)
	server.Stop()
	manifest := filepath.Join(dir, "appendonlydir", "appendonly.aof.manifest")
	if err := os.WriteFile(manifest, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "manifest") {
		t.Fatalf("got %v, want what the server said of its manifest", err)
	}
	if file, err := acquire(t.Context(), filepath.Join(dir, "redis.lock")); err != nil {
		t.Errorf("the lock is left behind: %v", err)
	} else {
		release(file)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, Options{Dir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestStartNeedsAFolder(t *testing.T) {
	t.Parallel()
	if _, err := Start(t.Context(), Options{}); err == nil {
		t.Error("a server started without a data folder")
	}
}
