package store_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// busyProject is a busy world that also has events, keys of the API, settings and refused webhooks.
func busyProject(t *testing.T, rdb redis.UniversalClient) (w *world, secret string) {
	t.Helper()
	w, _ = busyWorld(t, rdb)
	w.accept(t, w.event("evt_1", "x1", synchook.OutcomeUnmatched))
	_, secret, err := w.st.CreateAPIKey(t.Context(), w.p, "ci", synchook.AllScopes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.Caller(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.UpdateSettings(t.Context(), synchook.Caller{Project: w.p}, "", func(s *synchook.Settings) error { s.AlwaysSend = true; return nil }); err != nil {
		t.Fatal(err)
	}
	return w, secret
}

func TestADeletedProjectDisappearsAtOnceAndItsPurgeLeavesNothing(t *testing.T) {
	t.Parallel()
	w, secret := busyProject(t, server(t))
	other := storetest.NewSync(t, w.st, "code")
	ctx := t.Context()
	if err := w.st.DeleteProject(ctx, w.p); err != nil {
		t.Fatal(err)
	}
	_, err := w.st.Project(ctx, w.p)
	wantKind(t, err, synchook.KindNotFound, "project_not_found")
	_, err = w.st.Caller(ctx, secret)
	wantKind(t, err, synchook.KindUnauthenticated, "unknown_api_key")
	_, err = w.st.IntegrationByKey(ctx, w.p, "github")
	wantKind(t, err, synchook.KindNotFound, "integration_not_found")
	_, err = w.st.AcceptEvent(ctx, w.p, w.event("evt_2", "x2", synchook.OutcomeUnmatched))
	wantKind(t, err, synchook.KindNotFound, "project_not_found")
	_, err = w.st.CreateIntegration(ctx, w.p, synchook.Integration{Key: "late"})
	wantKind(t, err, synchook.KindNotFound, "project_not_found")
	wantWord(t, w.turn(t, w.first("late")), store.TurnLost, 0)
	if err := w.st.DeleteProject(ctx, w.p); err != nil {
		t.Errorf("deleted twice: %v", err)
	}
	if total := w.purge(t); total.Keys < 20 {
		t.Errorf("removed %+v", total)
	}
	w.wantGone(t, string(w.p))
	w.wantGone(t, w.Project.PublicID)
	if _, err := w.st.Connection(ctx, other.Project.ID, other.Connection.ID); err != nil {
		t.Errorf("the connection of another project: %v", err)
	}
	wantKind(t, w.st.DeleteProject(ctx, w.p), synchook.KindNotFound, "project_not_found")
}

func TestThePurgeOfAProjectThatIsKilledAnywhereGoesOnToTheSameEnd(t *testing.T) {
	t.Parallel()
	w, _ := busyProject(t, server(t))
	if err := w.st.DeleteProject(t.Context(), w.p); err != nil {
		t.Fatal(err)
	}
	w.purgeKilled(t)
	w.wantGone(t, string(w.p))
}

func TestTheDeletionOfAProjectThatIsKilledHappensWhollyOrNotAtAll(t *testing.T) {
	t.Parallel()
	rdb := server(t)
	process := kill(rdb)
	for n, killed := 1, true; killed; n++ {
		w, secret := busyProject(t, rdb)
		process.after(n)
		killed = w.st.DeleteProject(t.Context(), w.p) != nil
		process.after(0)
		w.purge(t)
		if _, err := w.st.Project(t.Context(), w.p); err == nil {
			if _, err := w.st.Caller(t.Context(), secret); err != nil {
				t.Errorf("killed after %d commands: the project is there, and its key: %v", n, err)
			}
			continue
		}
		w.wantGone(t, string(w.p))
	}
}

// What is written by who did not hear in time is found by the pass after the next.
func TestWhatALateRequestWritesIntoADeletedProjectIsRemovedToo(t *testing.T) {
	t.Parallel()
	w, _ := busyProject(t, server(t))
	if err := w.st.DeleteProject(t.Context(), w.p); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		for _, p := range w.duePurges(t) {
			if _, err := w.st.Purge(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.st.Reject(t.Context(), w.p, w.Integration.ID, "late"); err != nil {
			t.Fatal(err)
		}
	}
	w.purge(t)
	w.wantGone(t, string(w.p))
}

func TestAProjectWhoseMakingWasKilledIsRemoved(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	st := storetest.On(t, rdb)
	process := kill(rdb)
	for n, killed := 1, true; killed; n++ {
		process.after(n)
		p, err := st.CreateProject(t.Context(), store.NewProject{Name: "n", SigningSecret: storetest.SigningSecret})
		process.after(0)
		killed = err != nil
		w := &world{st: st, rdb: rdb, p: p.ID}
		w.purge(t)
		if _, err := st.Project(t.Context(), p.ID); err == nil {
			continue // the last reply was lost: it is whole, and listed
		}
		w.wantGone(t, string(p.ID))
		w.wantGone(t, p.PublicID)
	}
	if list, _, err := st.Projects(t.Context(), store.Page{}); err != nil || len(list) < 1 || len(list) > 2 {
		t.Errorf("%d projects are listed (%v)", len(list), err)
	}
}

func TestDeletedRecordsAreForgottenInTheirTimeAndDeltaSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, mod := t.Context(), w.Sync.Sync.Models[0].ID
	w.add(t, w.run("run_1"))
	taken := w.turn(t, w.first("a"))
	writer := store.Writer{Project: w.p, Connection: w.Connection.ID, Run: "run_1", Lane: synchook.LaneEvent, Fence: taken.Fence}
	opened, err := w.st.OpenRun(ctx, writer)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.st.SaveBatch(ctx, writer, mod, []store.RecordWrite{record("1", "a"), record("2", "b")}); err != nil {
		t.Fatal(err)
	}
	if err := w.st.DeleteBatch(ctx, writer, mod, []string{"1"}); err != nil {
		t.Fatal(err)
	}
	sealed, err := w.st.SealRun(ctx, writer, store.Ending{State: synchook.RunSucceeded})
	if err != nil || len(sealed.Buried) != 1 {
		t.Fatalf("sealed: %+v (%v)", sealed, err)
	}
	done := w.succeeded(taken.Rows[0])
	done.Buried = sealed.Buried
	w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Leave: store.LeaveIdle}, done)
	forget := func(before time.Time) (n int) {
		t.Helper()
		for {
			f, err := w.st.Forget(ctx, w.p, before, 1)
			if err != nil {
				t.Fatal(err)
			}
			if n += f.Removed; f.Done {
				return n
			}
		}
	}
	if n := forget(opened.Started); n != 0 {
		t.Errorf("%d records were forgotten before their time", n)
	}
	if n := forget(inAnHour()); n != 1 {
		t.Errorf("%d records were forgotten, want 1", n)
	}
	list, _, err := w.st.Records(ctx, w.p, store.RecordQuery{Connection: w.Connection.ID, Model: mod})
	if err != nil || len(list) != 1 || list[0].ID != "2" {
		t.Errorf("left are %+v (%v)", list, err)
	}
	if last, err := w.st.Forgotten(ctx, w.p, w.Connection.ID, mod); err != nil || last.Before(opened.Started) {
		t.Errorf("the last that was forgotten was deleted at %v (%v), the run began at %v", last, err, opened.Started)
	}
	if n := w.rdb.Exists(ctx, w.key("tombs")).Val(); n != 0 {
		t.Error("it is still to be looked at")
	}
}
