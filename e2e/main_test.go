// Package e2e tests the whole program as it runs in production: a real Redis, `synchook server` and
// `synchook worker` as processes of their own, a stand-in for GitHub that pushes signed webhooks, and a
// receiver that wants the signed webhooks that they cause.
package e2e

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// binary is the program under test, with its fail points.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	// The tests wait for leases to run out and for processes to end, and not for the machine's cores.
	if err := flag.Set("test.parallel", "24"); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "synchook-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "synchook")
	if err := build("..", binary, "./cmd/synchook", "-tags", "failpoint"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// build builds a command of the module in dir.
func build(dir, out, pkg string, flags ...string) error {
	args := append([]string{"build", "-o", out}, flags...)
	cmd := exec.Command("go", append(args, pkg)...)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, text)
	}
	return nil
}

// grpcurl returns the path of grpcurl, which is built when it is first asked for.
func grpcurl(t *testing.T) string {
	t.Helper()
	path, err := buildGrpcurl()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var buildGrpcurl = sync.OnceValues(func() (string, error) {
	out := filepath.Join(filepath.Dir(binary), "grpcurl")
	return out, build(filepath.Join("..", "tools", "grpcurl"), out, "github.com/fullstorydev/grpcurl/cmd/grpcurl")
})

// until waits for what other processes do meanwhile.
func until(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("waited %s until %s", within, what)
		case <-tick.C:
		}
	}
}
