package server

import (
	"net/netip"
	"sync"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// How many log-ins of one client may fail: so many at once, and then one each time that loginRefill has passed.
const (
	loginBurst   = 10
	loginRefill  = 10 * time.Second
	loginClients = 10_000 // that are remembered
)

// failedLogins counts the log-ins that failed, by client, in this process.
type failedLogins struct {
	mu      sync.Mutex
	clients map[string]time.Time // by when all that failed is forgotten
}

func newFailedLogins() *failedLogins { return &failedLogins{clients: map[string]time.Time{}} }

// wait returns how long a client must wait until it may try again. Zero: it may.
func (f *failedLogins) wait(client string, now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	until, ok := f.clients[client]
	if !ok {
		return 0
	}
	return max(0, until.Sub(now)-(loginBurst-1)*loginRefill)
}

// note counts a log-in that failed.
func (f *failedLogins) note(client string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.clients) >= loginClients {
		f.forget(now)
	}
	from := f.clients[client]
	if from.Before(now) {
		from = now
	}
	f.clients[client] = from.Add(loginRefill)
}

// forget makes room: of those whose failures are long ago, and if that is not enough, of all.
func (f *failedLogins) forget(now time.Time) {
	for client, until := range f.clients {
		if until.Before(now) {
			delete(f.clients, client)
		}
	}
	if len(f.clients) >= loginClients {
		clear(f.clients)
	}
}

// clientOf returns who is counted as one client: an address, or for IPv6 the /64 that one subscriber has whole.
func clientOf(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	addr := at.Addr().Unmap()
	if addr.Is6() {
		if prefix, err := addr.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}

func tooManyLogins() *synchook.Fault {
	return &synchook.Fault{
		Kind: synchook.KindExhausted, Reason: "too_many_log_ins", Message: "too many log-ins from your address have failed",
		Help: "Wait half a minute, check the key, and try again.",
	}
}
