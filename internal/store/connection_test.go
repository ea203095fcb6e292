package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// create makes a connection with that metadata.
func (w *world) create(t *testing.T, name, metadata string) synchook.Connection {
	t.Helper()
	c, err := w.st.CreateConnection(t.Context(), w.p, synchook.Connection{
		Integration: w.Integration.ID, Name: name, Metadata: []byte(metadata), Config: []byte("{}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// found returns the names of the connections that are found by the value.
func (w *world) found(t *testing.T, to, value string) []synchook.ConnectionID {
	t.Helper()
	ids, err := w.st.MatchConnections(t.Context(), w.p, w.Integration.ID, to, value, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestAConnectionIsFoundByItsNameAndByEachScalar(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create(t, "acme", `{"team":"T1","ids":[1,"2",true,{"no":1}],"deep":{"a":1},"none":null,"float":1.5}`)
	other := w.create(t, "other", `{"team":"T10"}`)
	tests := []struct {
		to, value string
		want      []synchook.ConnectionID
	}{
		{"connection_id", "acme", []synchook.ConnectionID{c.ID}},
		{"metadata.team", "T1", []synchook.ConnectionID{c.ID}},
		{"metadata.team", "T10", []synchook.ConnectionID{other.ID}},
		{"metadata.team", "T", nil},
		{"metadata.team", "", nil},
		{"metadata.ids", "1", []synchook.ConnectionID{c.ID}},
		{"metadata.ids", "2", []synchook.ConnectionID{c.ID}},
		{"metadata.ids", "true", []synchook.ConnectionID{c.ID}},
		{"metadata.float", "1.5", []synchook.ConnectionID{c.ID}},
		{"metadata.deep", "1", nil},
		{"metadata.none", "null", nil},
		{"connection_config.team", "T1", nil},
		{"connection_config.installation_id", "1", []synchook.ConnectionID{w.Connection.ID}},
	}
	for _, tt := range tests {
		if got := w.found(t, tt.to, tt.value); !slices.Equal(got, tt.want) {
			t.Errorf("%s = %q finds %q, want %q", tt.to, tt.value, got, tt.want)
		}
	}
}

func TestMatchingConnectionsComeInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var want, got []synchook.ConnectionID
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		want = append(want, w.create(t, name, `{"team":"T1"}`).ID)
	}
	slices.Sort(want)
	after := synchook.ConnectionID("")
	for {
		ids, err := w.st.MatchConnections(t.Context(), w.p, w.Integration.ID, "metadata.team", "T1", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(ids) == 0 {
			break
		}
		got, after = append(got, ids...), ids[len(ids)-1]
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

func TestTheIndexFollowsUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create(t, "acme", `{"team":["T1","T2"]}`)
	_, err := w.st.UpdateConnection(t.Context(), w.p, c.ID, func(c *synchook.Connection) error {
		c.Metadata = []byte(`{"team":["T2","T3"]}`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]int{"T1": 0, "T2": 1, "T3": 1} {
		if got := w.found(t, "metadata.team", value); len(got) != want {
			t.Errorf("%s finds %d connections, want %d", value, len(got), want)
		}
	}
}

func TestUpdatesOfAConnectionLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create(t, "acme", `{}`)
	errs := make(chan error)
	for range 8 {
		go func() {
			_, err := w.st.UpdateConnection(t.Context(), w.p, c.ID, func(c *synchook.Connection) error {
				c.Credentials.Value += "x"
				return nil
			})
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	got, err := w.st.Connection(t.Context(), w.p, c.ID)
	if err != nil || got.Credentials.Value != "xxxxxxxx" {
		t.Errorf("after 8 updates: %q (%v)", got.Credentials.Value, err)
	}
}

func TestAChangeThatIsRefusedStoresNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused := errors.New("refused")
	_, err := w.st.UpdateConnection(t.Context(), w.p, w.Connection.ID, func(c *synchook.Connection) error {
		c.Metadata = []byte(`{"a":1}`)
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("error = %v", err)
	}
	if c, _ := w.st.Connection(t.Context(), w.p, w.Connection.ID); string(c.Metadata) != "{}" {
		t.Errorf("metadata = %s", c.Metadata)
	}
}

func TestTheNameOfAConnectionIsTakenOnceAtEachIntegration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.st.CreateConnection(t.Context(), w.p, synchook.Connection{Integration: w.Integration.ID, Name: "user-1", Metadata: []byte("{}"), Config: []byte("{}")})
	wantKind(t, err, synchook.KindExists, "connection_exists")
	other, err := w.st.CreateIntegration(t.Context(), w.p, synchook.Integration{Key: "other", Provider: "github"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.CreateConnection(t.Context(), w.p, synchook.Connection{Integration: other.ID, Name: "user-1", Metadata: []byte("{}"), Config: []byte("{}")}); err != nil {
		t.Errorf("the same name at another integration: %v", err)
	}
	c, err := w.st.ConnectionByName(t.Context(), w.p, w.Integration.ID, "user-1")
	if err != nil || c.ID != w.Connection.ID {
		t.Errorf("by name: %s (%v), want %s", c.ID, err, w.Connection.ID)
	}
}

func TestANameIsFreeAfterItsConnectionIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	next := w.create(t, "user-1", "{}")
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil { // again, by a late hand
		t.Fatal(err)
	}
	if c, err := w.st.ConnectionByName(t.Context(), w.p, w.Integration.ID, "user-1"); err != nil || c.ID != next.ID {
		t.Errorf("the new connection of that name: %s (%v), want %s", c.ID, err, next.ID)
	}
}

// workOnce has a run queued, opened, saved, logged, sealed and handed in.
func (w *world) workOnce(t *testing.T, run synchook.Run) {
	t.Helper()
	w.add(t, run)
	turn := w.first("work")
	turn.Lane = run.Lane()
	taken := w.turn(t, turn)
	writer := store.Writer{Project: w.p, Connection: run.Connection, Run: run.ID, Lane: run.Trigger.Lane(), Fence: taken.Fence}
	if _, err := w.st.OpenRun(t.Context(), writer); err != nil {
		t.Fatal(err)
	}
	if err := w.st.SaveBatch(t.Context(), writer, w.Sync.Sync.Models[0].ID, []store.RecordWrite{record("1", string(run.ID))}); err != nil {
		t.Fatal(err)
	}
	if err := w.st.AppendLog(t.Context(), w.p, run.Connection, run.ID, []store.LogLine{{Message: "hello"}}, time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.SealRun(t.Context(), writer, store.Ending{State: synchook.RunSucceeded}); err != nil {
		t.Fatal(err)
	}
	turn.Number, turn.Leave = 2, store.LeaveIdle
	wantWord(t, w.turn(t, turn, w.succeeded(taken.Rows[0])), store.TurnLeft, 0)
}
