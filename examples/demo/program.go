package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// binary is the program that the demo shows, as `make demo` builds it.
const binary = "bin/synchook"

// stopPatience is how long synchook may take to end: a little more than it promises.
const stopPatience = 35 * time.Second

// access is what `synchook dev --print-json` prints: where it is and what opens it.
type access struct {
	URL           string `json:"url"`
	ProjectID     string `json:"project_id"`
	PublicID      string `json:"public_id"`
	APIKey        string `json:"api_key"`
	AdminKey      string `json:"admin_key"`
	SigningSecret string `json:"signing_secret"`
}

// program is a running `synchook dev`.
type program struct {
	access
	cmd *exec.Cmd
	// ended is closed when the program has ended.
	ended chan struct{}
}

// startProgram starts synchook with its data in folder and its log in logFile, and waits until it
// says where it is.
func startProgram(ctx context.Context, folder string, logFile *os.File) (*program, error) {
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("%s is not there; run `make demo` at the root of the repository", binary)
	}
	greeting := &firstLine{found: make(chan []byte, 1)}
	cmd := exec.Command(binary, "dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(folder, "data"), "--print-json") //nolint:gosec // the folder is one that the demo made
	cmd.Stdout, cmd.Stderr = greeting, logFile
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	p := &program{cmd: cmd, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
	}()
	select {
	case line := <-greeting.found:
		if err := json.Unmarshal(line, &p.access); err != nil {
			p.stop()
			return nil, fmt.Errorf("reading what synchook printed: %w", err)
		}
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("synchook ended at its start: %s", cmd.ProcessState)
	case <-ctx.Done():
		p.stop()
		return nil, errors.New("synchook did not say that it is ready")
	}
}

// stop asks the program to end, and kills it if it does not.
func (p *program) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended
	select {
	case <-p.ended:
	case <-time.After(stopPatience):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// deploy runs `synchook deploy` as a developer does, and returns what it printed.
func (p *program) deploy(ctx context.Context, folder string) (string, error) {
	cmd := exec.CommandContext(ctx, binary, "deploy", folder, "--url", p.URL) //nolint:gosec // the folder is the demo's own, the URL synchook's
	cmd.Env = append(os.Environ(), "SYNCHOOK_API_KEY="+p.APIKey)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return string(out), nil
}

// firstLine is a writer that hands on the first line and lets the rest go.
type firstLine struct {
	found  chan []byte
	buffer []byte
	done   bool
}

// Write implements io.Writer.
func (f *firstLine) Write(text []byte) (int, error) {
	if f.done {
		return len(text), nil
	}
	f.buffer = append(f.buffer, text...)
	if line, _, ok := bytes.Cut(f.buffer, []byte("\n")); ok {
		f.found <- line
		f.done, f.buffer = true, nil
	}
	return len(text), nil
}

// lastLines returns the end of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
