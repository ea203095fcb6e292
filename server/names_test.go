package server_test

import (
	"fmt"
	"slices"
	"testing"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
)

func TestConnectionsAreFoundByTheirNameInEachIntegration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.connect("user-2")
	for _, key := range []string{"github-eu", "github-us"} {
		in := githubIntegration()
		in.ProviderConfigKey = key
		if _, err := w.client.Integrations.CreateIntegration(t.Context(), &v1.CreateIntegrationRequest{Integration: in}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.client.Connections.CreateConnection(t.Context(), &v1.CreateConnectionRequest{
		Connection: &v1.Connection{ProviderConfigKey: "github-us", ConnectionId: "user-1"},
	}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		request *v1.ListConnectionsRequest
		want    []string
	}{
		"of any integration": {&v1.ListConnectionsRequest{ConnectionId: "user-1"}, []string{"github-us/user-1", "github/user-1"}},
		"page by page":       {&v1.ListConnectionsRequest{ConnectionId: "user-1", PageSize: 1}, []string{"github-us/user-1", "github/user-1"}},
		"of one integration": {&v1.ListConnectionsRequest{ConnectionId: "user-1", ProviderConfigKey: "github-us"}, []string{"github-us/user-1"}},
		"of none":            {&v1.ListConnectionsRequest{ConnectionId: "user-1", ProviderConfigKey: "github-eu"}, nil},
		"no such name":       {&v1.ListConnectionsRequest{ConnectionId: "user"}, nil},
		"any name":           {&v1.ListConnectionsRequest{}, []string{"github-us/user-1", "github/user-1", "github/user-2"}},
	} {
		var got []string
		for more := true; more; more = tt.request.GetPageToken() != "" {
			list, err := w.client.Connections.ListConnections(t.Context(), tt.request)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list.GetConnections() {
				got = append(got, c.GetProviderConfigKey()+"/"+c.GetConnectionId())
			}
			tt.request.PageToken = list.GetNextPageToken()
		}
		slices.Sort(got) // those of one millisecond are in no order
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestAMatchingRuleIsTriedOnAnEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.connect("user-2")
	event := w.ingest()
	byRule := func(from, to string) *v1.Match {
		return &v1.Match{Rules: []*v1.MatchRule{{From: from, To: to}}}
	}
	for name, tt := range map[string]struct {
		match *v1.Match
		want  string
	}{
		"as it is":  {nil, "EVENT_OUTCOME_UNMATCHED []"},
		"everybody": {&v1.Match{All: true}, "EVENT_OUTCOME_MATCHED [issues/user-1 issues/user-2]"},
		"by a rule": {byRule("nothing.there", "connection_id"), "EVENT_OUTCOME_UNMATCHED []"},
	} {
		res, err := w.client.Events.TryMatch(t.Context(), &v1.TryMatchRequest{Id: event, Match: tt.match})
		if err != nil {
			t.Fatal(err)
		}
		runs := []string{}
		for _, r := range res.GetRuns() {
			runs = append(runs, r.GetSyncName()+"/"+r.GetConnectionId())
		}
		slices.Sort(runs)
		if got := fmt.Sprint(res.GetOutcome(), " ", runs); got != tt.want || res.GetMore() || (res.GetReason() == "") != (len(runs) > 0) {
			t.Errorf("%s: %s (%v), want %s", name, got, res, tt.want)
		}
	}
	wrong := byRule("a", "connection_id")
	wrong.All = true
	wantViolation(t, w.call(&v1.TryMatchRequest{Id: event, Match: wrong}), "match.all")
	wantViolation(t, w.call(&v1.TryMatchRequest{Id: event, Match: byRule("a", "nowhere")}), "match.rules[0].to")
	wantCode(t, w.call(&v1.TryMatchRequest{Id: "evt_gone"}), "not_found")
}

// wantViolation fails unless an answer names that field alone.
func wantViolation(t *testing.T, got answer, field string) {
	t.Helper()
	wantCode(t, got, "invalid_argument")
	if !slices.Equal(got.violations, []string{field}) {
		t.Errorf("the answer names %q, want %s", got.violations, field)
	}
}
