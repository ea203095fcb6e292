package storetest

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// New returns an empty store on a Redis database that is the test's own.
func New(t testing.TB) *store.Store {
	t.Helper()
	return On(t, Redis(t))
}

// On returns a store on the given Redis.
func On(t testing.TB, rdb redis.UniversalClient) *store.Store {
	t.Helper()
	keyring, err := store.NewKeyring(store.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	st := store.New(rdb, keyring)
	if err := st.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	return st
}

// SigningSecret is the signing secret of the projects that this package makes.
const SigningSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// Project makes a project.
func Project(t testing.TB, st *store.Store) synchook.Project {
	t.Helper()
	p, err := st.CreateProject(context.Background(), store.NewProject{Name: "test", SigningSecret: SigningSecret})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Sync is a sync with all that it needs: integration, script and one connection.
type Sync struct {
	Project     synchook.Project
	Integration synchook.Integration
	Connection  synchook.Connection
	Sync        synchook.Sync
}

// NewSync makes a sync "issues" of model "Issue" at an integration "github" with a connection "user-1".
func NewSync(t testing.TB, st *store.Store, code string, change ...func(*synchook.Sync)) Sync {
	t.Helper()
	ctx := context.Background()
	x := Sync{Project: Project(t, st)}
	var err error
	x.Integration, err = st.CreateIntegration(ctx, x.Project.ID, synchook.Integration{
		Key: "github", Provider: "github", Secrets: []string{"provider-secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	syncs, models, err := st.ReserveNames(ctx, x.Project.ID, x.Integration.ID, []string{"issues"}, []string{"Issue"})
	if err != nil {
		t.Fatal(err)
	}
	script := synchook.NewScript(code, "")
	x.Sync = synchook.Sync{
		ID: syncs["issues"], Integration: x.Integration.ID, Name: "issues", Script: script.ID,
		Models: []synchook.Model{{ID: models["Issue"], Name: "Issue"}}, Subscriptions: []string{"issues"}, AutoStart: true,
	}
	for _, c := range change {
		c(&x.Sync)
	}
	Deploy(t, st, x.Project.ID, store.Deployment{Put: []synchook.Sync{x.Sync}, Scripts: []synchook.Script{script}})
	x.Connection, err = st.CreateConnection(ctx, x.Project.ID, synchook.Connection{
		Integration: x.Integration.ID, Name: "user-1", Metadata: []byte("{}"), Config: []byte(`{"installation_id":1}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Deploy writes a deployment as the next one of the project.
func Deploy(t testing.TB, st *store.Store, p synchook.ProjectID, d store.Deployment) {
	t.Helper()
	ctx := context.Background()
	version, err := st.DeployVersion(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	d.Version = version
	if err := st.Deploy(ctx, p, d); err != nil {
		t.Fatal(err)
	}
}
