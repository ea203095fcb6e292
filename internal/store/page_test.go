package store_test

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// connect makes connections with the given names.
func (w *world) connect(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		_, err := w.st.CreateConnection(t.Context(), w.p, synchook.Connection{
			Integration: w.Integration.ID, Name: fmt.Sprintf("customer-%d", i), Metadata: []byte("{}"), Config: []byte("{}"),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPagesOfConnectionsNeitherRepeatNorMissWhenSomeAreRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connect(t, 9)
	seen := map[synchook.ConnectionID]bool{}
	page := store.Page{Size: 2}
	for {
		list, next, err := w.st.Connections(t.Context(), w.p, w.Integration.ID, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if seen[c.ID] {
				t.Fatalf("%s is listed twice", c.Name)
			}
			seen[c.ID] = true
		}
		if next == "" {
			break
		}
		// The last of the page goes, and with it what the token names.
		if err := w.st.DeleteConnection(t.Context(), w.p, list[len(list)-1]); err != nil {
			t.Fatal(err)
		}
		page.Token = next
	}
	if len(seen) != 10 {
		t.Errorf("%d connections were listed, want 10", len(seen))
	}
}

func TestPagesOfRunsNeitherRepeatNorMissWhenRunsComeAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []string
	for i := range 20 { // all of one moment
		ids = append(ids, fmt.Sprintf("run_%02d", i))
	}
	w.queue(t, ids...)
	seen := map[synchook.RunID]bool{}
	page := store.Page{Size: 3}
	for n := 0; ; n++ {
		list, next, err := w.st.Runs(t.Context(), w.p, store.RunQuery{}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if seen[r.ID] {
				t.Fatalf("%s is listed twice", r.ID)
			}
			seen[r.ID] = true
		}
		if next == "" {
			break
		}
		w.queue(t, fmt.Sprintf("run_new_%d", n)) // in front of what was read
		last := string(list[len(list)-1].ID)
		w.rdb.ZRem(t.Context(), w.key("runs"), last)
		page.Token = next
	}
	for _, id := range ids {
		if !seen[synchook.RunID(id)] {
			t.Errorf("%s was missed", id)
		}
	}
}

func TestAFilteredListGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 60 {
		run := w.run(fmt.Sprintf("run_%02d", i))
		run.Event = synchook.EventID(fmt.Sprintf("evt_%d", i%10))
		w.add(t, run)
	}
	seen := map[synchook.RunID]bool{}
	page := store.Page{Size: 4}
	for {
		list, next, err := w.st.Runs(t.Context(), w.p, store.RunQuery{State: synchook.RunQueued, Event: "evt_7"}, page)
		if err != nil || len(list) > 4 {
			t.Fatalf("%d runs (%v)", len(list), err)
		}
		for _, r := range list {
			seen[r.ID] = true
		}
		if page.Token = next; next == "" {
			break
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d runs pass the filter, want 6", len(seen))
	}
}

func TestAPageTokenOfOurOwnIsTakenAndNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, token := range []string{"x", "!", "eHh8eQ", "MQ"} {
		_, _, err := w.st.Connections(t.Context(), w.p, "", store.Page{Token: token})
		wantKind(t, err, synchook.KindInvalid, "invalid_argument")
		_, _, err = w.st.Records(t.Context(), w.p, store.RecordQuery{Connection: w.Connection.ID, Page: store.Page{Token: token}})
		wantKind(t, err, synchook.KindInvalid, "invalid_argument")
	}
}

func TestPagesOfProjectsAreOldestFirst(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	for i := range 4 {
		w.rdb.ZAdd(t.Context(), "synchook:projects", redis.Z{Score: float64(i + 1), Member: string(w.p)})
	}
	list, next, err := w.st.Projects(t.Context(), store.Page{})
	if err != nil || next != "" || len(list) != 1 || list[0].ID != w.p {
		t.Errorf("projects = %+v, %q (%v)", list, next, err)
	}
}
