package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a child process. It dies with this one, and its log is shown when the test fails.
type process struct {
	name  string
	cmd   *exec.Cmd
	log   *output
	out   *output
	ended chan struct{}
	err   error // how it ended, once it has
}

// start starts a process with our environment, without what sets up a synchook, and more.
func start(t *testing.T, name string, env []string, command string, args ...string) *process {
	t.Helper()
	p := &process{name: name, log: &output{}, out: &output{}, ended: make(chan struct{})}
	p.cmd = exec.Command(command, args...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.log
	p.cmd.Env = append(environment(), env...)
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
		p.kill()
		if t.Failed() {
			t.Logf("the end of the log of %s (process %d, %v):\n%s", name, p.cmd.Process.Pid, p.cmd.ProcessState, p.log.tail(40))
		}
	})
	return p
}

// environment is ours, without what sets up a synchook.
func environment() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "SYNCHOOK_") {
			env = append(env, e)
		}
	}
	return env
}

// kill ends the process as kill -9 does, and waits for its end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails only if it has ended
	<-p.ended
}

// terminate asks the process to end, and wants it to end well within the time.
func (p *process) terminate(t *testing.T, within time.Duration) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("asking %s to end: %v", p.name, err)
	}
	p.wantEnd(t, within)
	if p.err != nil {
		t.Errorf("%s ended with %v", p.name, p.err)
	}
}

// wantEnd waits until the process has ended.
func (p *process) wantEnd(t *testing.T, within time.Duration) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		t.Fatalf("%s has not ended after %s", p.name, within)
	}
}

// wantKill waits until the process has been killed, by its fail point.
func (p *process) wantKill(t *testing.T) {
	t.Helper()
	p.wantEnd(t, 30*time.Second)
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("%s ended with %v and not by a kill", p.name, p.err)
	}
}

// wantReady waits until a synchook says that it is ready, and returns its URL.
func (p *process) wantReady(t *testing.T) string {
	t.Helper()
	var line struct{ Msg, URL string }
	until(t, 30*time.Second, p.name+" is ready", func() bool {
		for _, text := range p.log.lines() {
			if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "ready" {
				return true
			}
		}
		select {
		case <-p.ended:
			t.Fatalf("%s has ended before it was ready", p.name)
		default:
		}
		return false
	})
	return line.URL
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
