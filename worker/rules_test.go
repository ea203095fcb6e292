package worker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// settingsStore answers with an endpoint, or with a fault.
type settingsStore struct {
	Store
	endpoint synchook.Endpoint
	err      error // of reading it
	problem  error // of reading its secrets
}

func (s *settingsStore) Endpoint(context.Context, synchook.ProjectID, synchook.EndpointID) (synchook.Endpoint, error) {
	return s.endpoint, s.err
}

func (s *settingsStore) EndpointSecrets(context.Context, synchook.ProjectID, synchook.EndpointID) ([]synchook.SigningSecret, error) {
	return nil, s.problem
}

func TestAnOutageOfTheStoreLiftsNoRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &settingsStore{endpoint: synchook.Endpoint{ID: "end_1", URL: "https://one.example", Rate: 2}}
		d := &deliverer{store: s, most: 64}
		read := func(want float64) {
			t.Helper()
			time.Sleep(settingsFresh) //nolint:forbidigo // a bubble's time
			_, _, _ = d.current(t.Context())
			if d.course.rules.Rate != want || d.course.rules.MaxInFlight != 64 {
				t.Errorf("the rules are %+v, want a rate of %v", d.course.rules, want)
			}
		}
		read(2)
		s.endpoint, s.err = synchook.Endpoint{}, &synchook.Fault{Kind: synchook.KindUnavailable}
		read(2)
		s.endpoint, s.err = synchook.Endpoint{ID: "end_1", Rate: 5}, nil
		read(5)
		s.endpoint, s.problem = synchook.Endpoint{ID: "end_1", Rate: 7}, store.ErrNoKey
		read(7)
	})
}
