package store_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	mini "github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// replicated is a world on a primary whose store waits for one replica.
type replicated struct {
	*world
	primary, replica *storetest.Node
}

func newReplicated(t *testing.T) *replicated {
	t.Helper()
	primary := storetest.StartNode(t)
	r := &replicated{primary: primary, replica: primary.StartReplica()}
	r.world = worldOn(t, primary.Client())
	r.st.AwaitReplicas(store.Replicas{Number: 1, Timeout: time.Minute})
	return r
}

// stopReplica stops the replica as it stands, and lets the store wait for it no longer than it must.
func (r *replicated) stopReplica() {
	r.replica.Signal(syscall.SIGSTOP)
	r.st.AwaitReplicas(store.Replicas{Number: 1, Timeout: 50 * time.Millisecond})
}

// resumeReplica lets the replica go on, and the store wait for it.
func (r *replicated) resumeReplica() {
	r.replica.Signal(syscall.SIGCONT)
	r.st.AwaitReplicas(store.Replicas{Number: 1, Timeout: time.Minute})
}

// acceptAs accepts an event that its provider knows as external, with one run.
func (w *world) acceptAs(t *testing.T, id, external string) (store.Accepted, error) {
	t.Helper()
	return w.st.AcceptEvent(t.Context(), w.p, store.Accept{
		Event: synchook.Event{
			ID: synchook.EventID(id), Integration: w.Integration.ID, ExternalID: external, Outcome: synchook.OutcomeMatched,
		},
		Content: synchook.EventContent{Body: []byte("{}")},
		Runs:    []synchook.Run{w.run("run_" + id)},
	})
}

func TestAnAcceptedEventIsOnTheReplica(t *testing.T) {
	t.Parallel()
	w := newReplicated(t)
	replica := w.replica.Client()
	for _, id := range []string{"evt_1", "evt_2", "evt_3"} {
		if _, err := w.acceptAs(t, id, id); err != nil {
			t.Fatal(err)
		}
		if n := replica.Exists(t.Context(), w.key("event", id)).Val(); n != 1 {
			t.Errorf("%s was accepted, and the replica lacks it", id)
		}
	}
}

func TestAnEventThatTooFewReplicasHaveIsRefusedButStored(t *testing.T) {
	t.Parallel()
	w := newReplicated(t)
	w.stopReplica()
	accepted, err := w.acceptAs(t, "evt_1", "1")
	wantKind(t, err, synchook.KindUnavailable, "too_few_replicas")
	wantHint(t, accepted.Hints, w.lane())
	if _, err := w.st.Event(t.Context(), w.p, "evt_1"); err != nil {
		t.Errorf("reading the event: %v", err)
	}

	again, err := w.acceptAs(t, "evt_2", "1")
	wantKind(t, err, synchook.KindUnavailable, "too_few_replicas")
	if !again.Duplicate || again.ID != "evt_1" {
		t.Errorf("the provider's second try is %+v, want a duplicate of evt_1", again)
	}
}

func TestADuplicateWaitsForTheReplicaToo(t *testing.T) {
	t.Parallel()
	w := newReplicated(t)
	w.stopReplica()
	_, err := w.acceptAs(t, "evt_1", "1")
	wantKind(t, err, synchook.KindUnavailable, "too_few_replicas")

	w.resumeReplica()
	again, err := w.acceptAs(t, "evt_2", "1")
	if err != nil || !again.Duplicate {
		t.Fatalf("the provider's second try: %+v, %v", again, err)
	}
	if n := w.replica.Client().Exists(t.Context(), w.key("event", "evt_1")).Val(); n != 1 {
		t.Error("the duplicate was confirmed, and the replica lacks the event")
	}
}

func TestADuplicateWritesNothingWhenNobodyWaits(t *testing.T) {
	t.Parallel()
	w := worldOn(t, storetest.StartNode(t).Client())
	changes := func() string {
		return w.rdb.InfoMap(t.Context(), "persistence").Item("Persistence", "rdb_changes_since_last_save")
	}
	if _, err := w.acceptAs(t, "evt_1", "1"); err != nil {
		t.Fatal(err)
	}
	before := changes()
	if again, err := w.acceptAs(t, "evt_2", "1"); err != nil || !again.Duplicate {
		t.Fatalf("accepted %+v, %v, want a duplicate", again, err)
	}
	if after := changes(); after != before || before == "" {
		t.Errorf("a duplicate wrote: %s changes, then %s", before, after)
	}
}

func TestADuplicateKeepsTheWindowOfTheFirst(t *testing.T) {
	t.Parallel()
	w := newReplicated(t)
	if _, err := w.acceptAs(t, "evt_1", "1"); err != nil {
		t.Fatal(err)
	}
	seen := w.rdb.Keys(t.Context(), w.key("seen", "*")).Val()
	if len(seen) != 1 {
		t.Fatalf("keys of seen events: %v", seen)
	}
	w.rdb.PExpire(t.Context(), seen[0], time.Hour)
	if _, err := w.acceptAs(t, "evt_2", "1"); err != nil {
		t.Fatal(err)
	}
	if left := w.rdb.PTTL(t.Context(), seen[0]).Val(); left <= 0 || left > time.Hour {
		t.Errorf("the event is de-duplicated for another %s, want at most an hour", left)
	}
}

func TestARunIsTakenWhenItIsOnTheReplica(t *testing.T) {
	t.Parallel()
	w := newReplicated(t)
	w.stopReplica()
	w.queue(t, "run_1")
	for range 2 { // sent again, it must not go through either
		_, err := w.st.TurnRuns(t.Context(), w.p, w.first("a"), nil)
		wantKind(t, err, synchook.KindUnavailable, "too_few_replicas")
	}
	w.resumeReplica()
	wantWord(t, w.turn(t, w.first("a")), store.TurnOK, 1)
	if state := w.replica.Client().HGet(t.Context(), w.key("run", "run_1"), "st").Val(); state != "running" {
		t.Errorf("the replica has the run as %q", state)
	}
}

func TestASealedRunIsOnTheReplicaBeforeItIsHandedIn(t *testing.T) {
	t.Parallel()
	w := newReplicated(t)
	w.queue(t, "run_1")
	taken := w.turn(t, w.first("a"))
	writer := store.Writer{Project: w.p, Connection: w.Connection.ID, Run: "run_1", Lane: synchook.LaneEvent, Fence: taken.Fence}
	if _, err := w.st.OpenRun(t.Context(), writer); err != nil {
		t.Fatal(err)
	}
	w.stopReplica()
	_, err := w.st.SealRun(t.Context(), writer, store.Ending{State: synchook.RunSucceeded})
	wantKind(t, err, synchook.KindUnavailable, "too_few_replicas")
	_, err = w.st.OpenRun(t.Context(), writer)
	wantKind(t, err, synchook.KindUnavailable, "too_few_replicas")

	w.resumeReplica()
	opened, err := w.st.OpenRun(t.Context(), writer)
	if err != nil || opened.Sealed == nil || opened.Sealed.State != synchook.RunSucceeded {
		t.Fatalf("opened %+v, %v, want sealed as succeeded", opened, err)
	}
	if state := w.replica.Client().HGet(t.Context(), "{"+string(w.p)+":"+string(w.Connection.ID)+"}:run:run_1", "sealed").Val(); state != "succeeded" {
		t.Errorf("the replica has the run sealed as %q", state)
	}
}

func TestReplicasThatDoNotAnswerLeaveConnectionsToOthers(t *testing.T) {
	t.Parallel()
	w := newReplicated(t)
	w.stopReplica()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	refused := make(chan error)
	for range 100 {
		go func() {
			_, err := w.st.AcceptEvent(ctx, w.p, store.Accept{Event: synchook.Event{ID: synchook.EventID(synchook.NewID(synchook.EventPrefix, time.Now()))}})
			refused <- err
		}()
	}
	for range 100 {
		wantKind(t, <-refused, synchook.KindUnavailable, "too_few_replicas")
		if err := w.st.Ping(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// newerServer is an in-process server that knows WAITAOF, and notes what is waited for.
func newerServer(t *testing.T, fsync string) (*redis.Client, func() []string) {
	t.Helper()
	mr := miniredis.RunT(t)
	var mu sync.Mutex
	var waits []string
	mr.Server().SetPreHook(func(c *mini.Peer, command string, args ...string) bool {
		switch command {
		case "CONFIG":
			c.WriteStrings([]string{"appendonly", "yes", "appendfsync", fsync})
		case "WAIT":
			c.WriteInt(1)
		case "WAITAOF":
			c.WriteLen(2)
			c.WriteInt(1)
			c.WriteInt(1)
		default:
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		waits = append(waits, command+" "+strings.Join(args[:len(args)-1], " "))
		return true
	})
	rdb := redis.NewClient(&redis.Options{Addr: mr.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.DeleteFunc(slices.Clone(waits), func(w string) bool { return strings.HasPrefix(w, "CONFIG") })
	}
}

func TestDisksOfReplicasCountWhereThePrimarySyncsAlways(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fsync string
		want  []string
	}{
		{"always", []string{"WAITAOF 0 0", "WAITAOF 1 1", "WAITAOF 1 1"}},
		{"everysec", []string{"WAIT 1", "WAIT 1"}},
	} {
		rdb, waits := newerServer(t, tt.fsync)
		w := worldOn(t, rdb)
		if _, err := w.acceptAs(t, "evt_0", "0"); err != nil { // so that the server knows the script
			t.Fatal(err)
		}
		w.st.AwaitReplicas(store.Replicas{Number: 1})
		for _, id := range []string{"evt_1", "evt_2"} {
			if _, err := w.acceptAs(t, id, id); err != nil {
				t.Fatal(err)
			}
		}
		if got := waits(); !slices.Equal(got, tt.want) {
			t.Errorf("appendfsync %s: %q for two events, want %q", tt.fsync, got, tt.want)
		}
	}
}
