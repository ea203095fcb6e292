package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/intake"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/server"
)

// countingStore counts how often a refused webhook is written.
type countingStore struct {
	*store.Store
	writes atomic.Int64
}

// Reject implements intake.Store.
func (c *countingStore) Reject(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, reason string) error {
	c.writes.Add(1)
	return c.Store.Reject(ctx, p, in, reason)
}

// TestAnUnverifiedFloodLeavesOneRingInTheStore sends what nobody signed as fast as it can.
func TestAnUnverifiedFloodLeavesOneRingInTheStore(t *testing.T) {
	t.Parallel()
	const flood = 20_000
	rdb := storetest.Redis(t)
	st := &countingStore{Store: storetest.On(t, rdb)}
	x := storetest.NewSync(t, st.Store, "code")
	s := server.New(server.Options{
		Store: st, Queue: new(fakeQueue), Log: slog.New(slog.DiscardHandler),
		Intake: &intake.Intake{Store: st, Queue: new(fakeQueue), Log: slog.New(slog.DiscardHandler), Now: time.Now},
	})
	t.Cleanup(func() { _ = s.Close() })
	before, began := rdb.DBSize(t.Context()).Val(), time.Now()
	var next atomic.Int64
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for n := next.Add(1); n <= flood; n = next.Add(1) {
				path, want := "/webhook/"+x.Project.PublicID+"/github", http.StatusUnauthorized
				if n%10 == 0 {
					path, want = fmt.Sprintf("/webhook/nobody-%d/github", n), http.StatusNotFound
				}
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(issueBody))
				r.Header = signed(fmt.Sprint("another body ", n))
				w := httptest.NewRecorder()
				if s.Handler().ServeHTTP(w, r); w.Code != want {
					t.Errorf("%s: %d %s", path, w.Code, w.Body)
					return
				}
			}
		})
	}
	senders.Wait()
	if got := rdb.DBSize(t.Context()).Val(); got != before+1 {
		t.Errorf("the store has %d keys, and had %d", got, before)
	}
	if most := int64(time.Since(began)/(500*time.Millisecond)) + 1; st.writes.Load() > most {
		t.Errorf("%d writes, want %d at most", st.writes.Load(), most)
	}
	lines, err := st.Rejected(t.Context(), x.Project.ID, x.Integration.ID)
	if err != nil || len(lines) == 0 || (len(lines) > 1 && !strings.Contains(lines[0].Reason, "more were refused")) {
		t.Errorf("the ring: %+v, %v", lines, err)
	}
}
