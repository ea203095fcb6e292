package rig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is a child process. It dies with the test, and the end of its log is shown when that fails.
type Process struct {
	t     testing.TB
	name  string
	cmd   *exec.Cmd
	log   *output
	out   *output
	ended chan struct{}
	err   error // how it ended, once it has
}

// Start starts a process with our environment, without what sets up a synchook, and more.
func Start(t testing.TB, name string, env []string, command string, args ...string) *Process {
	t.Helper()
	p := &Process{t: t, name: name, log: &output{}, out: &output{}, ended: make(chan struct{})}
	p.cmd = exec.Command(command, args...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.log
	p.cmd.Env = append(Environment(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.cmd.WaitDelay = 5 * time.Second
	started := make(chan error)
	go func() {
		// The signal at the parent's death is sent when the thread ends that started the child.
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("starting %s: %v", name, err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("the end of the log of %s (process %d, %v):\n%s", name, p.PID(), p.cmd.ProcessState, p.log.tail(40))
		}
	})
	return p
}

// Environment is ours, without what sets up a synchook.
func Environment() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "SYNCHOOK_") {
			env = append(env, e)
		}
	}
	return env
}

// PID returns the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Log returns the lines that the process has written to its standard error so far.
func (p *Process) Log() []string { return p.log.lines() }

// Output returns the lines that the process has written to its standard output so far.
func (p *Process) Output() []string { return p.out.lines() }

// Kill ends the process as kill -9 does, and waits for its end. One that has ended stays as it is.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // fails only if it has ended
	<-p.ended
}

// Signal sends the process a signal.
func (p *Process) Signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("sending %s to %s: %v", s, p.name, err)
	}
}

// Freeze stops the process as it stands, without its taking notice.
func (p *Process) Freeze() { p.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (p *Process) Thaw() { p.Signal(syscall.SIGCONT) }

// Terminate asks the process to end, and wants it to end well within the time.
func (p *Process) Terminate(within time.Duration) {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	p.WantEnd(within)
	if p.err != nil {
		p.t.Errorf("%s ended with %v", p.name, p.err)
	}
}

// WantEnd waits until the process has ended.
func (p *Process) WantEnd(within time.Duration) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		p.t.Fatalf("%s has not ended after %s", p.name, within)
	}
}

// WantExit waits until the process has ended, and wants it to have done so with that status.
func (p *Process) WantExit(status int) {
	p.t.Helper()
	p.WantEnd(2 * time.Minute)
	if got := p.cmd.ProcessState.ExitCode(); got != status {
		p.t.Errorf("%s ended with status %d, want %d:\n%s\n%s", p.name, got, status, p.out.tail(20), p.log.tail(20))
	}
}

// WantKill waits until the process has been killed, by its fail point.
func (p *Process) WantKill() {
	p.t.Helper()
	p.WantEnd(30 * time.Second)
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		p.t.Errorf("%s ended with %v and not by a kill", p.name, p.err)
	}
}

// WantReady waits until a synchook says that it is ready, and returns its URL.
func (p *Process) WantReady() string {
	p.t.Helper()
	var line struct{ Msg, URL string }
	Until(p.t, time.Minute, p.name+" is ready", func() bool {
		for _, text := range p.log.lines() {
			if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "ready" {
				return true
			}
		}
		if Closed(p.ended) {
			p.t.Fatalf("%s has ended before it was ready", p.name)
		}
		return false
	})
	return line.URL
}

// PeakMemory returns the most bytes of RAM that the process has used so far; zero where that is unknown.
func (p *Process) PeakMemory() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}

// output is what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// lines returns the whole lines so far.
func (o *output) lines() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := strings.Split(o.text.String(), "\n")
	return lines[:len(lines)-1]
}

func (o *output) tail(n int) string {
	lines := o.lines()
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
