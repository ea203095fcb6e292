package store_test

import (
	"maps"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

func (w *world) addEndpoint(t *testing.T, e synchook.Endpoint) synchook.Endpoint {
	t.Helper()
	made, err := w.st.CreateEndpoint(t.Context(), synchook.Caller{Project: w.p}, e, "whsec_own")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestEndpointsKeepTheirOwnValuesAndSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	caller := synchook.Caller{Project: w.p}
	made := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example", Headers: map[string]string{"X-Key": "1"}, Rate: 5})
	changed, err := w.st.UpdateEndpoint(t.Context(), caller, made.ID, made.Etag, func(e *synchook.Endpoint) error {
		e.URL = "https://three.example"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.UpdateEndpoint(t.Context(), caller, made.ID, made.Etag, func(*synchook.Endpoint) error { return nil }); !synchook.IsKind(err, synchook.KindConflict) {
		t.Errorf("an update of what somebody else has changed: %v", err)
	}
	got, err := w.st.Endpoint(t.Context(), w.p, made.ID)
	if err != nil || got.URL != "https://three.example" || got.Rate != 5 || got.Etag != changed.Etag || !maps.Equal(got.Headers, made.Headers) {
		t.Errorf("the endpoint is %+v, %v", got, err)
	}
	if err := w.st.RotateEndpointSecret(t.Context(), caller, made.ID, "whsec_new", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	own, err := w.st.EndpointSecrets(t.Context(), w.p, made.ID)
	if err != nil || len(own) != 2 || own[0].Text != "whsec_new" || own[1].Text != "whsec_own" {
		t.Errorf("its secrets are %v, %v", own, err)
	}
}

func TestTheFirstEndpointIsTheOneOfTheSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	further := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"})
	_, err := w.st.UpdateSettings(t.Context(), synchook.Caller{Project: w.p}, "", func(s *synchook.Settings) error {
		s.WebhookURL, s.RetrySchedule = "https://one.example", []time.Duration{time.Second}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := w.st.Endpoints(t.Context(), w.p)
	if err != nil || len(all) != 2 || all[0].URL != "https://one.example" || all[1].ID != further.ID || len(all[1].RetrySchedule) != 1 {
		t.Errorf("the endpoints are %+v, %v", all, err)
	}
	if _, err := w.st.DeleteEndpoint(t.Context(), synchook.Caller{Project: w.p}, all[0].ID); !synchook.IsKind(err, synchook.KindNotFound) {
		t.Errorf("the first endpoint was deleted: %v", err)
	}
	if _, err := w.st.DeleteEndpoint(t.Context(), synchook.Caller{Project: w.p}, further.ID); err != nil {
		t.Fatal(err)
	}
	if all, err = w.st.Endpoints(t.Context(), w.p); err != nil || len(all) != 1 {
		t.Errorf("after deleting one, the endpoints are %+v, %v", all, err)
	}
	if _, err := w.st.Endpoint(t.Context(), w.p, further.ID); !synchook.IsKind(err, synchook.KindNotFound) {
		t.Errorf("the deleted endpoint is still there: %v", err)
	}
}
