package embedredis

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// arguments configure the server completely: it reads no file. They make every acknowledged write
// durable, and keep the server from throwing anything away when memory is short.
func arguments(dir, socket string) []string {
	return []string{
		"--dir", dir,
		"--port", "0", "--unixsocket", socket, "--unixsocketperm", "700",
		"--appendonly", "yes", "--appendfsync", "always", "--no-appendfsync-on-rewrite", "no",
		"--save", "", "--maxmemory-policy", "noeviction",
		"--daemonize", "no", "--logfile", "", "--always-show-logo", "no",
	}
}

// child describes the process to start.
func (s *Server) child(words *output) *exec.Cmd {
	cmd := exec.Command(s.command, arguments(s.dir, s.socket.path)...)
	cmd.Dir = s.dir
	// Our own environment holds keys that are none of the server's business.
	cmd.Env = []string{"LC_ALL=C"}
	cmd.Stdout, cmd.Stderr = words, words
	// The lock stays taken for as long as the child lives; see the package's comment.
	cmd.ExtraFiles = []*os.File{s.lock}
	cmd.SysProcAttr = attributes()
	// A killed server can leave a child of its own that writes the append-only file anew and holds the
	// pipe open.
	cmd.WaitDelay = 100 * time.Millisecond
	return cmd
}

// lastLines is how much of what a child printed is told when it ends.
const lastLines = 5

// output logs what a child prints, line by line, and remembers the end of it.
type output struct {
	log *slog.Logger

	mu    sync.Mutex
	rest  []byte
	lines []string
}

// Write implements io.Writer. It never fails.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rest = append(o.rest, p...)
	for {
		line, rest, ok := bytes.Cut(o.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		o.rest = rest
		o.add(strings.TrimSpace(string(line)))
	}
}

func (o *output) add(line string) {
	if line == "" {
		return
	}
	o.log.Debug("embedded Redis", "line", line)
	o.lines = append(o.lines, line)
	o.lines = o.lines[max(0, len(o.lines)-lastLines):]
}

func (o *output) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.lines, " | ")
}
