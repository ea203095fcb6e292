package embedredis

import (
	"fmt"

	"github.com/alicebob/miniredis/v2"
)

// Memory is a Redis inside the process, for development on a machine that has none. Its data ends with
// it, and it is slower than a real one.
type Memory struct {
	server *miniredis.Miniredis
}

// InProcess starts one on a free port of the loopback address. The caller stops it.
func InProcess() (*Memory, error) {
	server := miniredis.NewMiniRedis()
	// Without this, keys with a time to live stay for ever.
	server.ClockTTL(true)
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start the in-process Redis: %w", err)
	}
	return &Memory{server: server}, nil
}

// Addr is the host and port to connect to.
func (m *Memory) Addr() string { return m.server.Addr() }

// Stop ends the server and its data. It may be called more than once.
func (m *Memory) Stop() { m.server.Close() }
