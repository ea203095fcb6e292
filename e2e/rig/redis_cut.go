package rig

import (
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// CutRedis is a Redis behind a line that is cut now and then: after a command has arrived and was
// done, and before its reply is back.
type CutRedis struct {
	*Redis
	listener net.Listener
	cutting  atomic.Bool
	cuts     atomic.Int64

	mu     sync.Mutex
	random *rand.Rand
	lines  sync.WaitGroup
	open   map[net.Conn]bool
}

// NewCutRedis starts one. The seed decides which replies are lost.
func NewCutRedis(t testing.TB, seed uint64) *CutRedis {
	t.Helper()
	c := &CutRedis{Redis: NewRedis(t), random: rand.New(rand.NewPCG(seed, 0)), open: map[net.Conn]bool{}} //nolint:gosec // a test that can be repeated
	listener, err := net.Listen("unix", filepath.Join(c.Dir(), "line.sock"))                              //nolint:noctx // it is closed with the test
	if err != nil {
		t.Fatal(err)
	}
	c.listener = listener
	c.lines.Go(c.accept)
	t.Cleanup(c.close)
	return c
}

// URL implements Backend: it is that of the line.
func (c *CutRedis) URL() string { return "unix://" + c.listener.Addr().String() }

// Cut begins to lose replies, or ends it.
func (c *CutRedis) Cut(on bool) { c.cutting.Store(on) }

// Cuts returns how many replies were lost so far.
func (c *CutRedis) Cuts() int64 { return c.cuts.Load() }

func (c *CutRedis) accept() {
	for {
		near, err := c.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("unix", c.socket()) //nolint:noctx // it is closed with the test
		if err != nil {
			_ = near.Close()
			continue
		}
		c.hold(near, far)
		c.lines.Go(func() { c.carry(far, near, nil) })
		c.lines.Go(func() { c.carry(near, far, c.lose) })
	}
}

// carry copies what one side says to the other until either ends, or what it says is to be lost.
func (c *CutRedis) carry(to, from net.Conn, lose func() bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil || (lose != nil && lose()) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// lose reports whether a reply is lost: one of a hundred.
func (c *CutRedis) lose() bool {
	if !c.cutting.Load() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.random.IntN(100) > 0 {
		return false
	}
	c.cuts.Add(1)
	return true
}

func (c *CutRedis) hold(conns ...net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range conns {
		c.open[conn] = true
	}
}

func (c *CutRedis) close() {
	_ = c.listener.Close()
	c.mu.Lock()
	for conn := range c.open {
		_ = conn.Close()
	}
	c.mu.Unlock()
	c.lines.Wait()
}
