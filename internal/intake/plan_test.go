package intake_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/synchook/synchook/internal/provider"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

func TestAnUnmatchedEventSaysWhy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prepare func(*testing.T, *world)
		request provider.Request
		want    string
	}{
		"no syncs": {
			func(t *testing.T, w *world) {
				t.Helper()
				w.deploy(t, store.Deployment{Remove: []synchook.Sync{w.Sync.Sync}})
			},
			issues("d1", 1), `the integration "github" has no syncs; deploy one and replay the event`,
		},
		"not subscribed": {
			nil, github("star", "d1", `{"action":"created","installation":{"id":1}}`),
			`no sync of "github" subscribes to "star.created"; add it to a sync's webhook-subscriptions, deploy, and replay the event`,
		},
		"no such connection": {
			nil, issues("d1", 2),
			`no connection of "github" has connection_config.installation_id = "2" (from installation.id of the event); create or update the connection and replay the event`,
		},
		"nothing to match by": {
			nil, github("issues", "d1", `{"action":"opened"}`),
			"the event has nothing at installation.id or repository.owner.login or organization.login, by which the matching rule finds its connection",
		},
		"nothing at the rule's place": {
			func(t *testing.T, w *world) {
				t.Helper()
				w.match(t, synchook.Match{Rules: []synchook.MatchRule{{From: "header:X-Team", To: "metadata.team"}}})
			},
			issues("d1", 1), "the event has nothing at header:X-Team, by which the matching rule finds its connection",
		},
		"all of none": {
			func(t *testing.T, w *world) {
				t.Helper()
				w.match(t, synchook.Match{All: true})
				if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
					t.Fatal(err)
				}
			},
			issues("d1", 1), `the integration "github" has no connections; create one and replay the event`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tt.prepare != nil {
				tt.prepare(t, w)
			}
			receipt := w.receive(t, tt.request)
			if receipt.Runs != 0 || receipt.Reason != tt.want {
				t.Errorf("receipt = %+v\nwant the reason %s", receipt, tt.want)
			}
			if e := w.event(t, receipt.Event); e.Outcome != synchook.OutcomeUnmatched || e.Reason != tt.want {
				t.Errorf("event = %+v", e)
			}
		})
	}
}

func TestAnEventOfAProviderWithoutARuleIsUnmatched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.incoming(issues("d1", 1))
	in.Provider = noRules{in.Provider}
	receipt, err := w.intake.Receive(t.Context(), in)
	want := `the integration "github" has no matching rule, and its provider has none of its own; set ` + "`match`" + ` and replay the event`
	if err != nil || receipt.Reason != want {
		t.Errorf("receipt = %+v (%v), want the reason %s", receipt, err, want)
	}
}

// noRules is a provider that has no matching rule of its own.
type noRules struct{ provider.Provider }

// DefaultMatch implements provider.Provider.
func (noRules) DefaultMatch() []provider.Match { return nil }

// deploy deploys to the world's integration.
func (w *world) deploy(t *testing.T, d store.Deployment) {
	t.Helper()
	storetest.Deploy(t, w.st, w.p, d)
}

func TestOneCustomersEventReachesNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connect(t, "user-11", "{}", `{"installation_id":11}`)
	w.connect(t, "user-1x", `{"installation_id":1}`, `{"owner":"octo"}`)
	w.connect(t, "1", "{}", "{}")
	w.connect(t, "user-one", "{}", `{"installation_id":"1 "}`)
	w.receive(t, issues("d1", 1))
	if runs := w.runs(t); len(runs) != 1 || len(runs["user-1"]) != 1 {
		t.Errorf("runs = %+v, want one, of user-1", runs)
	}
	for n, installation := range []string{`null`, `""`, `{}`, `[]`, `"1\u0000"`, `"*"`} { // none of them is a wish for all
		w.receive(t, github("issues", fmt.Sprint("none", n), `{"action":"opened","installation":{"id":`+installation+`}}`))
	}
	if runs := w.runs(t); len(runs) != 1 || len(runs["user-1"]) != 1 {
		t.Errorf("runs = %+v, want still one", runs)
	}
}

func TestTheNextDefaultRuleCountsWhenTheFirstFindsNothingInTheEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connect(t, "by-owner", "{}", `{"owner":"octo"}`)
	w.receive(t, github("issues", "d1", `{"action":"opened","repository":{"owner":{"login":"octo"}}}`))
	if runs := w.runs(t); len(runs) != 1 || len(runs["by-owner"]) != 1 {
		t.Errorf("runs = %+v, want one, of by-owner", runs)
	}
}

func TestAConfiguredRuleReplacesTheDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connect(t, "acme", `{"team":"T1"}`, "{}")
	w.match(t, synchook.Match{Rules: []synchook.MatchRule{{From: "header:X-Team", To: "metadata.team"}, {From: "sender.login", To: "connection_id"}}})
	request := issues("d1", 1) // of user-1, by the default rule
	request.Header.Set("X-Team", "T1")
	w.receive(t, request)
	w.receive(t, github("issues", "d2", `{"action":"opened","sender":{"login":"user-1"}}`))
	if runs := w.runs(t); len(runs["acme"]) != 1 || len(runs["user-1"]) != 1 {
		t.Errorf("runs = %+v, want one of each", runs)
	}
}

func TestMatchAllReachesEveryConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connect(t, "a", "{}", "{}")
	w.connect(t, "b", "{}", "{}")
	w.match(t, synchook.Match{All: true})
	if receipt := w.receive(t, issues("d1", 99)); receipt.Runs != 3 {
		t.Errorf("receipt = %+v, want 3 runs", receipt)
	}
	if runs := w.runs(t); len(runs) != 3 {
		t.Errorf("runs = %+v", runs)
	}
}

func TestAnArrayInTheEventReachesEachOfItsConnectionsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connect(t, "both", `{"teams":["T1","T2"]}`, "{}")
	w.connect(t, "second", `{"teams":"T2"}`, "{}")
	w.connect(t, "other", `{"teams":["T3"]}`, "{}")
	w.match(t, synchook.Match{Rules: []synchook.MatchRule{{From: "teams", To: "metadata.teams"}}})
	receipt := w.receive(t, github("issues", "d1", `{"action":"opened","teams":["T1","T2","T1","T9"]}`))
	runs := w.runs(t)
	if len(runs) != 2 || len(runs["both"]) != 1 || len(runs["second"]) != 1 {
		t.Errorf("runs = %+v, want one of both and one of second", runs)
	}
	if e := w.event(t, receipt.Event); receipt.Runs != 2 || len(e.Runs) != 2 {
		t.Errorf("receipt = %+v, event = %+v; want 2 runs", receipt, e)
	}
}

func TestEverySubscribedSyncHasItsRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, subscriptions := range map[string][]string{"exact": {"issues.opened"}, "all": {"*"}, "other": {"issues.closed", "star"}, "none": nil} {
		sy := w.Sync.Sync
		sy.ID, sy.Name, sy.Subscriptions = synchook.SyncID("syn_"+name), name, subscriptions
		w.deploy(t, store.Deployment{Put: []synchook.Sync{sy}})
	}
	w.receive(t, issues("d1", 1))
	got := map[synchook.SyncID]bool{}
	for _, r := range w.runs(t)["user-1"] {
		got[r.Sync] = true
	}
	if len(got) != 3 || !got[w.Sync.Sync.ID] || !got["syn_exact"] || !got["syn_all"] {
		t.Errorf("runs of %v, want of three syncs", got)
	}
}

func TestAReplayUsesTodaysMatching(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt := w.receive(t, issues("d1", 7))
	if receipt.Runs != 0 {
		t.Fatalf("receipt = %+v", receipt)
	}
	w.connect(t, "late", "{}", `{"installation_id":7}`)
	var seen []synchook.RunID
	for n := range 2 {
		event, runs, err := w.intake.Replay(t.Context(), w.p, receipt.Event)
		if err != nil || event.Replays != n+1 || event.Outcome != synchook.OutcomeMatched || len(runs) != 1 {
			t.Fatalf("replay %d: %+v, runs %q (%v)", n+1, event, runs, err)
		}
		seen = append(seen, runs...)
	}
	if seen[0] == seen[1] || len(w.runs(t)["late"]) != 2 {
		t.Errorf("runs = %q, want two different ones", seen)
	}
	if e := w.event(t, receipt.Event); e.Outcome != synchook.OutcomeMatched || e.Reason != "" || len(e.Runs) != 2 {
		t.Errorf("event = %+v", e)
	}
	if len(w.queue.hints) == 0 {
		t.Error("nobody was told of the replay")
	}
}

func TestAReplayOfWhatIsGoneIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.intake.Replay(t.Context(), w.p, "evt_none")
	wantFault(t, err, synchook.KindNotFound, "event_not_found")
	receipt := w.receive(t, issues("d1", 1))
	w.Integration.Provider = "from-the-future"
	if _, err := w.st.UpdateIntegration(t.Context(), w.p, w.Integration); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.intake.Replay(t.Context(), w.p, receipt.Event)
	wantFault(t, err, synchook.KindState, "unknown_provider")
}

func TestAFormIsTakenApartAgainAtItsReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := github("issues", "d1", "payload=%7B%22action%22%3A%22opened%22%2C%22installation%22%3A%7B%22id%22%3A1%7D%7D")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	receipt := w.receive(t, request)
	if receipt.Runs != 1 {
		t.Fatalf("receipt = %+v", receipt)
	}
	if _, runs, err := w.intake.Replay(t.Context(), w.p, receipt.Event); err != nil || len(runs) != 1 {
		t.Errorf("runs of the replay: %q (%v)", runs, err)
	}
}

func TestAFanOutOverAThousandConnectionsIsFinishedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const all = 1203
	for i := range all - 1 {
		w.connect(t, fmt.Sprintf("customer-%d", i), "{}", "{}")
	}
	w.match(t, synchook.Match{All: true})
	receipt := w.receive(t, issues("d1", 99))
	if receipt.Runs != 1000 {
		t.Errorf("%d runs with the event, want 1000", receipt.Runs)
	}
	lane := synchook.FanoutLane(w.p)
	if n, err := w.st.Waiting(t.Context(), w.p, lane); err != nil || n != 1 {
		t.Errorf("%d events wait for their fan-out (%v), want 1", n, err)
	}
	if last := w.queue.hints[len(w.queue.hints)-1]; last.Lane != lane {
		t.Errorf("last hint = %+v, want one for lane %s", last, lane)
	}
	for range 2 { // again is harmless
		if err := w.intake.FanOut(t.Context(), w.p, receipt.Event); err != nil {
			t.Fatal(err)
		}
		if runs := w.runs(t); len(runs) != all {
			t.Errorf("%d connections have runs, want %d", len(runs), all)
		}
	}
	for name, runs := range w.runs(t) {
		if len(runs) != 1 {
			t.Errorf("%s has %d runs, want 1", name, len(runs))
		}
	}
	if len(w.queue.hints) != all+1 {
		t.Errorf("%d hints were sent, want one for each lane", len(w.queue.hints))
	}
}

func TestAFanOutOfAnEventThatMatchesNobodyAnyMoreEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt := w.receive(t, issues("d1", 1))
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	if err := w.intake.FanOut(t.Context(), w.p, receipt.Event); err != nil {
		t.Errorf("error = %v, want none", err)
	}
}

func TestEachItemOfABatchHasItsRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.incoming(issues("d1", 1))
	in.Provider = batching{in.Provider}
	receipt, err := w.intake.Receive(t.Context(), in)
	if err != nil || receipt.Runs != 2 {
		t.Fatalf("receipt = %+v (%v), want 2 runs", receipt, err)
	}
	items := map[int]bool{}
	for _, r := range w.runs(t)["user-1"] {
		items[r.Item] = true
	}
	if len(items) != 2 || !items[0] || !items[2] {
		t.Errorf("runs of the items %v, want of 0 and 2", items)
	}
}

// batching is a provider that sends three things at a time: the second is of somebody else.
type batching struct{ provider.Provider }

// Parse implements provider.Provider.
func (batching) Parse(r provider.Request) (provider.Event, error) {
	e := provider.Event{ID: r.Header.Get("X-GitHub-Delivery"), Type: "issues"}
	for n, installation := range []int{1, 2, 1} {
		e.Items = append(e.Items, provider.Item{
			ID: fmt.Sprint(n), Type: "issues", Payload: []byte(strings.ReplaceAll(`{"installation":{"id":N}}`, "N", fmt.Sprint(installation))),
		})
	}
	return e, nil
}

func TestAnotherRuleIsTriedOnAnEventAndChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connect(t, "of team 7", `{"team":"7"}`, `{}`)
	receipt := w.receive(t, github("issues", "d1", `{"action":"opened","installation":{"id":999},"team":7}`))
	if receipt.Runs != 0 {
		t.Fatalf("the event set %d runs off", receipt.Runs)
	}
	before := w.event(t, receipt.Event)
	byTeam := &synchook.Match{Rules: []synchook.MatchRule{{From: "team", To: "metadata.team"}}}
	for name, tt := range map[string]struct {
		match   *synchook.Match
		runs    int
		outcome synchook.Outcome
		reason  string
	}{
		"as it is":      {nil, 0, synchook.OutcomeUnmatched, before.Reason},
		"by team":       {byTeam, 1, synchook.OutcomeMatched, ""},
		"to all":        {&synchook.Match{All: true}, 2, synchook.OutcomeMatched, ""},
		"by what lacks": {&synchook.Match{Rules: []synchook.MatchRule{{From: "nothing", To: "metadata.team"}}}, 0, synchook.OutcomeUnmatched, "the event has nothing at nothing, by which the matching rule finds its connection"},
	} {
		got, err := w.intake.Try(t.Context(), w.p, receipt.Event, tt.match)
		if err != nil || len(got.Runs) != tt.runs || got.Outcome != tt.outcome || got.Reason != tt.reason || got.More {
			t.Errorf("%s: %+v, %v; want %d runs, %s, %q", name, got, err, tt.runs, tt.outcome, tt.reason)
		}
	}
	if len(w.runs(t)) != 0 || !reflect.DeepEqual(w.event(t, receipt.Event), before) {
		t.Error("a trial changed something")
	}
}
