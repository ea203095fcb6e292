package store_test

import (
	"testing"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func TestAScriptThatNoSyncNamesIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ttl := func(id synchook.ScriptID) bool { return w.rdb.TTL(t.Context(), w.key("script", string(id))).Val() > 0 }
	deploy := func(code string) synchook.ScriptID {
		script := synchook.NewScript(code, "")
		sy := w.Sync.Sync
		sy.Script = script.ID
		version, err := w.st.DeployVersion(t.Context(), w.p)
		if err != nil {
			t.Fatal(err)
		}
		d := store.Deployment{Version: version, Put: []synchook.Sync{sy}, Scripts: []synchook.Script{script}}
		if err := w.st.Deploy(t.Context(), w.p, d); err != nil {
			t.Fatal(err)
		}
		return script.ID
	}
	first, second := deploy("first"), deploy("second")
	if !ttl(first) || ttl(second) {
		t.Errorf("the former script expires: %v; the present one: %v", ttl(first), ttl(second))
	}
	if deploy("first"); ttl(first) || !ttl(second) {
		t.Errorf("after going back, the present script expires: %v; the former one: %v", ttl(first), ttl(second))
	}
}

func TestOfTwoDeploymentsThatWerePlannedTogetherOneIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	version, err := w.st.DeployVersion(t.Context(), w.p)
	if err != nil {
		t.Fatal(err)
	}
	d := store.Deployment{Version: version, Put: []synchook.Sync{w.Sync.Sync}}
	if err := w.st.Deploy(t.Context(), w.p, d); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.st.Deploy(t.Context(), w.p, d), synchook.KindConflict, "deployed_meanwhile")
}

func TestADeletedIntegrationLeavesNeitherScriptsNorReservedNames(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	ctx := t.Context()
	if _, _, err := w.st.ReserveNames(ctx, w.p, w.Integration.ID, []string{"never-deployed"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.st.DeleteConnection(ctx, w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	if err := w.st.DeleteIntegration(ctx, w.p, w.Integration); err != nil {
		t.Fatal(err)
	}
	if left := w.mentions(t, "never-deployed"); len(left) > 0 {
		t.Errorf("a reserved name is left in %v", left)
	}
	if ttl := w.rdb.TTL(ctx, w.key("script", string(w.Sync.Sync.Script))).Val(); ttl <= 0 {
		t.Errorf("the script of a deleted integration is kept for ever (%v)", ttl)
	}
}
