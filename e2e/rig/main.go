package rig

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// binary is the path of the program under test. Run sets it before any test begins.
var binary string

// Run builds the program under test with its fail points, runs the tests of a package, and returns the
// code to exit with: also that of a failure when a goroutine is left. It is called in TestMain, once.
// So many tests run at once as parallel says: they wait for leases to run out and for processes to end,
// and not for the machine's cores.
func Run(m *testing.M, parallel int) int {
	flag.Parse()
	if err := flag.Set("test.parallel", fmt.Sprint(parallel)); err != nil {
		return fail(err)
	}
	dir, err := os.MkdirTemp("", "synchook-e2e-")
	if err != nil {
		return fail(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "synchook")
	if err := build(Root(), binary, "./cmd/synchook", "-tags", "failpoint"); err != nil {
		return fail(err)
	}
	code := m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		return fail(err)
	}
	return code
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// Binary returns the path of the program under test.
func Binary() string { return binary }

// Root returns the folder of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
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

// Grpcurl returns the path of grpcurl, which is built when it is first asked for.
func Grpcurl(t testing.TB) string {
	t.Helper()
	path, err := buildGrpcurl()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var buildGrpcurl = sync.OnceValues(func() (string, error) {
	out := filepath.Join(filepath.Dir(binary), "grpcurl")
	return out, build(filepath.Join(Root(), "tools", "grpcurl"), out, "github.com/fullstorydev/grpcurl/cmd/grpcurl")
})

// Until waits for what other processes do meanwhile, and fails the test when they do not do it in time.
func Until(t testing.TB, within time.Duration, what string, holds func() bool) {
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

// Now is closed from the beginning: a load that is not to go on.
func Now() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// Closed reports whether a channel is closed.
func Closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Wait waits until a channel is closed, and fails the test when that does not come in time.
func Wait(t testing.TB, within time.Duration, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(within):
		t.Fatalf("waited %s until %s", within, what)
	}
}
