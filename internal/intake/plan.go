package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/synchook/synchook/internal/provider"
	"github.com/synchook/synchook/internal/synchook"
)

const (
	firstRuns = 1000 // how many runs are queued together with their event
	pageSize  = 500  // how many connections are read at a time
)

// plan is what an event triggers.
type plan struct {
	runs   []synchook.Run
	more   bool   // there are more than these
	reason string // why there are none
}

func (p plan) outcome(handshake bool) (synchook.Outcome, string) {
	switch {
	case len(p.runs) > 0:
		return synchook.OutcomeMatched, ""
	case handshake:
		return synchook.OutcomeHandshake, "the provider only says hello; there is nothing to do"
	}
	return synchook.OutcomeUnmatched, p.reason
}

// plan plans up to n runs of an event.
func (i *Intake) plan(ctx context.Context, in Incoming, parsed provider.Event, event synchook.Event, n int) (plan, error) {
	var p plan
	err := i.each(ctx, in, parsed, event, func(runs []synchook.Run) (bool, error) {
		p.runs = append(p.runs, runs...)
		return len(p.runs) <= n, nil
	})
	var none unmatched
	if errors.As(err, &none) {
		p.reason, err = none.Error(), nil
	}
	if len(p.runs) > n {
		p.runs, p.more = p.runs[:n], true
	}
	return p, err
}

// unmatched says why an event triggers nothing.
type unmatched struct{ reason string }

func (u unmatched) Error() string { return u.reason }

// each gives the runs of an event to use, some at a time, until it wants no more. When there are none,
// the error is unmatched.
func (i *Intake) each(ctx context.Context, in Incoming, parsed provider.Event, event synchook.Event, use func([]synchook.Run) (bool, error)) error {
	syncs, err := i.Store.Syncs(ctx, in.Project, in.Integration.ID)
	if err != nil {
		return err
	}
	matched, reason := false, ""
	for n, item := range parsed.Items {
		wanted := subscribed(syncs, item.Type)
		if len(wanted) == 0 {
			reason = notSubscribed(in.Integration.Key, item.Type, len(syncs))
			continue
		}
		var more bool
		why, err := i.connections(ctx, in, item, func(cons []synchook.ConnectionID) (bool, error) {
			matched = true
			var err error
			more, err = use(runsOf(in, event, n, wanted, cons))
			return more, err
		})
		if err != nil {
			return err
		}
		if why != "" {
			reason = why
		} else if !more {
			return nil
		}
	}
	if !matched {
		return unmatched{reason}
	}
	return nil
}

func subscribed(syncs []synchook.Sync, eventType string) []synchook.Sync {
	var wanted []synchook.Sync
	for _, s := range syncs {
		if provider.Subscribes(s.Subscriptions, eventType) {
			wanted = append(wanted, s)
		}
	}
	return wanted
}

func notSubscribed(integration, eventType string, syncs int) string {
	if syncs == 0 {
		return fmt.Sprintf("the integration %q has no syncs; deploy one and replay the event", integration)
	}
	return fmt.Sprintf("no sync of %q subscribes to %q; add it to a sync's webhook-subscriptions, deploy, and replay the event", integration, eventType)
}

func runsOf(in Incoming, event synchook.Event, item int, syncs []synchook.Sync, cons []synchook.ConnectionID) []synchook.Run {
	runs := make([]synchook.Run, 0, len(cons)*len(syncs))
	for _, con := range cons {
		for _, s := range syncs {
			runs = append(runs, synchook.Run{
				ID:          synchook.EventRunID(event.ID, item, con, s.ID, event.Replays),
				Integration: in.Integration.ID, Connection: con, Sync: s.ID,
				Trigger: synchook.TriggerEvent, Event: event.ID, Item: item, Trace: event.Trace,
			})
		}
	}
	return runs
}

// connections gives the connections that an item belongs to to use, some at a time. It returns why
// there are none.
func (i *Intake) connections(ctx context.Context, in Incoming, item provider.Item, use func([]synchook.ConnectionID) (bool, error)) (string, error) {
	if in.Integration.Match.All {
		found, err := pages(use, func(after synchook.ConnectionID) ([]synchook.ConnectionID, error) {
			return i.Store.ConnectionIDs(ctx, in.Project, in.Integration.ID, after, pageSize)
		})
		if !found && err == nil {
			return fmt.Sprintf("the integration %q has no connections; create one and replay the event", in.Integration.Key), nil
		}
		return "", err
	}
	rules := rulesOf(in)
	if len(rules) == 0 {
		return fmt.Sprintf("the integration %q has no matching rule, and its provider has none of its own; set `match` and replay the event", in.Integration.Key), nil
	}
	rule, values := provider.Extract(rules, in.Request, item)
	if len(values) == 0 {
		return "the event has nothing at " + froms(rules) + ", by which the matching rule finds its connection", nil
	}
	any, once := false, onceEach(use)
	for _, value := range values {
		found, err := pages(once, func(after synchook.ConnectionID) ([]synchook.ConnectionID, error) {
			return i.Store.MatchConnections(ctx, in.Project, in.Integration.ID, rule.To, value, after, pageSize)
		})
		if err != nil {
			return "", err
		}
		any = any || found
	}
	if !any {
		return fmt.Sprintf("no connection of %q has %s = %q (from %s of the event); create or update the connection and replay the event",
			in.Integration.Key, rule.To, strings.Join(values, ", "), rule.From), nil
	}
	return "", nil
}

// onceEach gives each connection to use only the first time that it comes: several values of one event
// may belong to the same.
func onceEach(use func([]synchook.ConnectionID) (bool, error)) func([]synchook.ConnectionID) (bool, error) {
	seen := map[synchook.ConnectionID]bool{}
	return func(cons []synchook.ConnectionID) (bool, error) {
		fresh := make([]synchook.ConnectionID, 0, len(cons))
		for _, con := range cons {
			if !seen[con] {
				fresh = append(fresh, con)
			}
			seen[con] = true
		}
		return use(fresh)
	}
}

func rulesOf(in Incoming) []provider.Match {
	if len(in.Integration.Match.Rules) == 0 {
		return in.Provider.DefaultMatch()
	}
	rules := make([]provider.Match, len(in.Integration.Match.Rules))
	for n, r := range in.Integration.Match.Rules {
		rules[n] = provider.Match(r)
	}
	return rules
}

func froms(rules []provider.Match) string {
	names := make([]string, len(rules))
	for n, r := range rules {
		names[n] = r.From
	}
	return strings.Join(names, " or ")
}

// pages reads page after page and gives each to use, until there are no more or use wants none.
func pages(use func([]synchook.ConnectionID) (bool, error), read func(after synchook.ConnectionID) ([]synchook.ConnectionID, error)) (found bool, err error) {
	after := synchook.ConnectionID("")
	for {
		page, err := read(after)
		if err != nil || len(page) == 0 {
			return found, err
		}
		found = true
		more, err := use(page)
		if err != nil || !more || len(page) < pageSize {
			return true, err
		}
		after = page[len(page)-1]
	}
}
