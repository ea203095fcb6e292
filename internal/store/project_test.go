package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

func TestAProjectIsFoundByItsPublicID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := w.st.ProjectByPublicID(t.Context(), w.Project.PublicID)
	if err != nil || id != w.p {
		t.Errorf("found %s (%v), want %s", id, err, w.p)
	}
	if len(w.Project.PublicID) < 20 || strings.Contains(w.Project.PublicID, strings.TrimPrefix(string(w.p), "prj_")) {
		t.Errorf("the public ID %s can be guessed", w.Project.PublicID)
	}
	got, err := w.st.Project(t.Context(), w.p)
	if err != nil || got.Endpoint != w.Project.Endpoint || got.Name != "test" {
		t.Errorf("project = %+v (%v)", got, err)
	}
	_, err = w.st.ProjectByPublicID(t.Context(), "nobody")
	wantKind(t, err, synchook.KindNotFound, "project_not_found")
	_, err = w.st.Project(t.Context(), "prj_none")
	wantKind(t, err, synchook.KindNotFound, "project_not_found")
}

func TestSettingsOfAnOldEtagAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	caller := synchook.Caller{Project: w.p, Admin: true}
	set := func(etag, url string) (synchook.Settings, error) {
		return w.st.UpdateSettings(t.Context(), caller, etag, func(s *synchook.Settings) error { s.WebhookURL = url; return nil })
	}
	first, err := set("", "https://one.example")
	if err != nil || first.Etag == "" {
		t.Fatalf("%+v (%v)", first, err)
	}
	second, err := set(first.Etag, "https://two.example")
	if err != nil || second.Etag == first.Etag {
		t.Fatalf("%+v (%v)", second, err)
	}
	_, err = set(first.Etag, "https://three.example")
	wantKind(t, err, synchook.KindConflict, "etag_mismatch")
	if got, err := w.st.Settings(t.Context(), w.p); err != nil || got.WebhookURL != "https://two.example" || got.Etag != second.Etag {
		t.Errorf("settings = %+v (%v)", got, err)
	}
}

func TestSettingsChangedAtTheSameTimeLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	errs := make(chan error)
	for range 4 {
		go func() {
			_, err := w.st.UpdateSettings(t.Context(), synchook.Caller{Project: w.p}, "", func(s *synchook.Settings) error {
				s.Retention += time.Hour
				return nil
			})
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got, err := w.st.Settings(t.Context(), w.p); err != nil || got.Retention != 4*time.Hour {
		t.Errorf("retention = %v (%v), want 4 h", got.Retention, err)
	}
}

func TestSettingsThatAreRefusedStayAsTheyWere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused := errors.New("refused")
	_, err := w.st.UpdateSettings(t.Context(), synchook.Caller{Project: w.p}, "", func(s *synchook.Settings) error { s.AlwaysSend = true; return refused })
	if !errors.Is(err, refused) {
		t.Errorf("error = %v", err)
	}
	if got, _ := w.st.Settings(t.Context(), w.p); got.AlwaysSend || got.Etag != "" {
		t.Errorf("settings = %+v", got)
	}
	_, err = w.st.UpdateSettings(t.Context(), synchook.Caller{Project: "prj_none"}, "", func(*synchook.Settings) error { return nil })
	wantKind(t, err, synchook.KindNotFound, "project_not_found")
}

func TestARevokedKeyEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scopes := []synchook.Scope{synchook.ScopeRead, synchook.ScopeIngest}
	k, secret, err := w.st.CreateAPIKey(t.Context(), w.p, "ci", scopes)
	if err != nil || !strings.HasPrefix(secret, "sk_") || !strings.HasPrefix(secret, k.Prefix) {
		t.Fatalf("key = %+v (%v)", k, err)
	}
	caller, err := w.st.Caller(t.Context(), secret)
	if err != nil || caller.Project != w.p || caller.Key != k.ID || !slices.Equal(caller.Scopes, scopes) || caller.Admin {
		t.Errorf("caller = %+v (%v)", caller, err)
	}
	if caller.May(synchook.ScopeWrite) || !caller.May(synchook.ScopeRead) {
		t.Errorf("scopes = %q", caller.Scopes)
	}
	if err := w.st.RevokeAPIKey(t.Context(), "prj_other", k.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.Caller(t.Context(), secret); err != nil {
		t.Errorf("another project revoked it: %v", err)
	}
	for range 2 {
		if err := w.st.RevokeAPIKey(t.Context(), w.p, k.ID); err != nil {
			t.Fatal(err)
		}
		_, err = w.st.Caller(t.Context(), secret)
		wantKind(t, err, synchook.KindUnauthenticated, "unknown_api_key")
	}
	if left := w.mentions(t, string(k.ID)); len(left) != 0 {
		t.Errorf("the revoked key is still in %q", left)
	}
}

func TestTheLastUseOfAKeyIsNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret, err := w.st.CreateAPIKey(t.Context(), w.p, "used", synchook.AllScopes())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.st.CreateAPIKey(t.Context(), w.p, "unused", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.Caller(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	keys, err := w.st.APIKeys(t.Context(), w.p)
	if err != nil || len(keys) != 2 {
		t.Fatalf("keys = %+v (%v)", keys, err)
	}
	for _, k := range keys {
		if used := time.Since(k.LastUsed) < time.Minute; used != (k.Name == "used") {
			t.Errorf("%s was last used at %v", k.Name, k.LastUsed)
		}
	}
}

func TestTheNameOfAnIntegrationIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.st.CreateIntegration(t.Context(), w.p, synchook.Integration{Key: "github"})
	wantKind(t, err, synchook.KindExists, "integration_exists")
	other := storetest.Project(t, w.st)
	if _, err := w.st.CreateIntegration(t.Context(), other.ID, synchook.Integration{Key: "github"}); err != nil {
		t.Errorf("in another project: %v", err)
	}
	if list, err := w.st.Integrations(t.Context(), w.p); err != nil || len(list) != 1 {
		t.Errorf("integrations = %+v (%v)", list, err)
	}
}

func TestAnIntegrationIsReadAsItWasStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.Integration
	in.Secrets, in.BaseURL = []string{"s1", "s2"}, "https://github.example"
	in.Match = synchook.Match{Rules: []synchook.MatchRule{{From: "header:X", To: "connection_id"}}}
	if _, err := w.st.UpdateIntegration(t.Context(), w.p, in); err != nil {
		t.Fatal(err)
	}
	got, err := w.st.IntegrationByKey(t.Context(), w.p, "github")
	if err != nil || !slices.Equal(got.Secrets, in.Secrets) || got.BaseURL != in.BaseURL || !slices.Equal(got.Match.Rules, in.Match.Rules) {
		t.Errorf("integration = %+v (%v)", got, err)
	}
	_, err = w.st.IntegrationByKey(t.Context(), w.p, "gitlab")
	wantKind(t, err, synchook.KindNotFound, "integration_not_found")
}

func TestAnIntegrationIsDeletedAfterItsConnectionsAndLeavesNoKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wantKind(t, w.st.DeleteIntegration(t.Context(), w.p, w.Integration), synchook.KindState, "integration_has_connections")
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	w.purge(t)
	if err := w.st.DeleteIntegration(t.Context(), w.p, w.Integration); err != nil {
		t.Fatal(err)
	}
	if left := w.mentions(t, string(w.Integration.ID)); len(left) != 0 {
		t.Errorf("it is still in %q", left)
	}
}

func TestSyncsAndModelsKeepTheirIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	syncs, models, err := w.st.ReserveNames(t.Context(), w.p, w.Integration.ID, []string{"issues", "new"}, []string{"Issue", "New"})
	if err != nil || syncs["issues"] != w.Sync.Sync.ID || models["Issue"] != w.Sync.Sync.Models[0].ID || syncs["new"] == "" || models["New"] == "" {
		t.Errorf("%v %v (%v)", syncs, models, err)
	}
	storetest.Deploy(t, w.st, w.p, store.Deployment{Remove: []synchook.Sync{w.Sync.Sync}})
	_, err = w.st.SyncByName(t.Context(), w.p, w.Integration.ID, "issues")
	wantKind(t, err, synchook.KindNotFound, "sync_not_found")
	if id, err := w.st.ModelByName(t.Context(), w.p, w.Integration.ID, "Issue"); err != nil || id != w.Sync.Sync.Models[0].ID {
		t.Errorf("the model outlives its sync: %s (%v)", id, err)
	}
	_, err = w.st.ModelByName(t.Context(), w.p, w.Integration.ID, "None")
	wantKind(t, err, synchook.KindNotFound, "model_not_found")
}

func TestAScriptIsReadAsItWasDeployed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sc := synchook.NewScript(strings.Repeat("const a = 1;\n", 1000), "{}")
	storetest.Deploy(t, w.st, w.p, store.Deployment{Scripts: []synchook.Script{sc}})
	if got, err := w.st.Script(t.Context(), w.p, sc.ID); err != nil || got != sc {
		t.Errorf("script of %d bytes (%v), want %d", len(got.Code), err, len(sc.Code))
	}
	_, err := w.st.Script(t.Context(), w.p, "scr_none")
	wantKind(t, err, synchook.KindNotFound, "script_not_found")
}

func TestDataOfAnotherVersionIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	if err := w.st.Open(t.Context()); err != nil {
		t.Errorf("opened twice: %v", err)
	}
	for have, says := range map[string]string{
		"2":    "a newer release has worked on it; run that one",
		"10":   "schema version 10",
		"0":    "run the release before this one first",
		"else": "give it one of its own",
	} {
		w.rdb.Set(t.Context(), "synchook:schema", have, 0)
		if err := w.st.Open(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("version %s: the error is %v, want it to say %q", have, err, says)
		}
		if now := w.rdb.Get(t.Context(), "synchook:schema").Val(); now != have {
			t.Errorf("version %s became %s", have, now)
		}
	}
}

func TestAStoreThatDoesNotAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	keyring, err := store.NewKeyring(store.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: t.TempDir() + "/nobody", MaxRetries: -1, DialerRetries: 1})
	defer rdb.Close()
	st := store.New(rdb, keyring)
	_, err = st.Project(t.Context(), "prj_1")
	wantKind(t, err, synchook.KindUnavailable, "store_unavailable")
	wantKind(t, st.Ping(t.Context()), synchook.KindUnavailable, "store_unavailable")
}
