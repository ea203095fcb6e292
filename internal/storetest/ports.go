package storetest

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// The ports that servers get. The kernel gives none of these to whoever asks it for any, on Linux as it is set up.
const (
	lowestPort  = 20_000
	highestPort = 32_000
	portsTried  = 1000
)

// kept are the locks of the ports that this process has given out. They are held until it ends: a server that was killed
// is started again at its address, and until then nobody else may answer there. A cluster would take the stranger in.
var kept struct {
	sync.Mutex
	locks []*os.File
}

// FreePort returns a loopback port that nobody listens on, and that no other process gets from here.
func FreePort(t testing.TB) int {
	t.Helper()
	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	return ports[0]
}

// freePorts returns loopback ports that nobody listens on, and that no other process gets from here.
func freePorts(n int) ([]int, error) {
	folder := filepath.Join(os.TempDir(), "synchook-test-ports-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	var ports []int
	for range portsTried {
		port := lowestPort + rand.IntN(highestPort-lowestPort) //nolint:gosec // no secret
		lock, err := lockPort(folder, port)
		if err != nil {
			continue // somebody has it
		}
		kept.Lock()
		kept.locks = append(kept.locks, lock)
		kept.Unlock()
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, errors.New("no loopback port is free")
}

// lockPort takes a port for this process, until it ends. It fails when another one has it, or somebody listens there.
func lockPort(folder string, port int) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(folder, strconv.Itoa(port)), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // a folder that we made
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			err = l.Close()
		}
	}
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	return lock, nil
}
