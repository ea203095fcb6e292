package intake

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/synchook/synchook/internal/failpoint"
	"github.com/synchook/synchook/internal/provider"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/tracing"
)

// Store is what intake needs of the store.
type Store interface {
	AcceptEvent(context.Context, synchook.ProjectID, store.Accept) (store.Accepted, error)
	ReplayEvent(context.Context, synchook.ProjectID, int, store.Accept) ([]synchook.Hint, error)
	AddRuns(context.Context, synchook.ProjectID, []synchook.Run) ([]synchook.Hint, error)
	Reject(context.Context, synchook.ProjectID, synchook.IntegrationID, string) error
	EventReader
	Subscribers
}

// EventReader reads stored events.
type EventReader interface {
	Event(context.Context, synchook.ProjectID, synchook.EventID) (synchook.Event, error)
	EventContent(context.Context, synchook.ProjectID, synchook.EventID) (synchook.EventContent, error)
	Integration(context.Context, synchook.ProjectID, synchook.IntegrationID) (synchook.Integration, error)
}

// Subscribers finds syncs and connections.
type Subscribers interface {
	Syncs(context.Context, synchook.ProjectID, synchook.IntegrationID) ([]synchook.Sync, error)
	ConnectionIDs(context.Context, synchook.ProjectID, synchook.IntegrationID, synchook.ConnectionID, int) ([]synchook.ConnectionID, error)
	MatchConnections(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, to, value string, after synchook.ConnectionID, n int) ([]synchook.ConnectionID, error)
}

// Queue sends hints.
type Queue interface {
	Send(context.Context, ...synchook.Hint) error
}

// Intake accepts incoming webhooks. Its fields but Room and Tracer are required, and its methods may be
// called concurrently.
type Intake struct {
	Store  Store
	Queue  Queue
	Room   func(size int) error // why the store has no room for an event of that size; nil: it always has
	Log    *slog.Logger
	Now    func() time.Time
	Tracer *tracing.Tracer // nil: no traces

	refused refusals
}

// Incoming is a webhook as it came, for an integration.
type Incoming struct {
	Project     synchook.ProjectID
	Integration synchook.Integration
	Provider    provider.Provider
	Request     provider.Request
}

// Receipt says what became of a webhook.
type Receipt struct {
	Event     synchook.EventID
	Duplicate bool   // it had been accepted before, as Event; nothing else happened
	Runs      int    // how many runs it triggered; of a very large fan-out, how many so far
	Reason    string // why it triggered none
	Reply     *provider.Reply
	Trace     string        // the ID of its trace; empty: it has none
	Accept    time.Duration // how long the durable write took
}

// Receive verifies and accepts a webhook. Its errors are faults that say what to tell the sender.
func (i *Intake) Receive(ctx context.Context, in Incoming) (Receipt, error) {
	if i.Room != nil {
		if err := i.Room(len(in.Request.Body)); err != nil {
			return Receipt{}, err
		}
	}
	if err := in.Provider.Verify(in.Request, provider.Config{Secrets: in.Integration.Secrets}); err != nil {
		i.reject(ctx, in, err)
		return Receipt{}, refusal(err)
	}
	parsed, err := in.Provider.Parse(in.Request)
	if err != nil {
		i.reject(ctx, in, err)
		return Receipt{}, refusal(err)
	}
	ctx, span := i.Tracer.Receive(ctx, "webhook", in.Request.Header, in.Request.Received)
	receipt, err := i.accept(ctx, in, parsed)
	receipt.Trace = span.ID()
	finish(span, in, receipt, err)
	return receipt, err
}

// finish ends a webhook's span.
func finish(span tracing.Span, in Incoming, r Receipt, err error) {
	span.Note(slog.String("project", string(in.Project)), slog.String("integration", string(in.Integration.ID)),
		slog.String("provider", in.Provider.Name()), slog.String("event", string(r.Event)), slog.Bool("duplicate", r.Duplicate),
		slog.Int("runs", r.Runs), slog.Int("size", len(in.Request.Body)))
	span.Finish(err)
}

// accept stores a verified webhook as an event with its runs.
func (i *Intake) accept(ctx context.Context, in Incoming, parsed provider.Event) (Receipt, error) {
	event := synchook.Event{
		ID:          synchook.EventID(synchook.NewID(synchook.EventPrefix, i.Now())),
		Integration: in.Integration.ID, ExternalID: externalID(parsed, in.Request.Body), Type: parsed.Type,
		Size: int64(len(in.Request.Body)), Trace: tracing.Parent(ctx),
	}
	plan, err := i.plan(ctx, in, parsed, event, firstRuns)
	if err != nil {
		return Receipt{}, err
	}
	reply, handshake := in.Provider.Handshake(in.Request)
	event.Outcome, event.Reason = plan.outcome(handshake)
	began := time.Now()
	accepted, err := i.write(ctx, in.Project, store.Accept{
		Event: event, Content: synchook.EventContent{Body: in.Request.Body, Header: visible(in.Request.Header)},
		Runs: plan.runs, Fanout: plan.more,
	})
	took := time.Since(began)
	i.send(ctx, accepted.Hints) // also of an event that too few replicas have: it is stored
	if err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{Event: accepted.ID, Runs: len(plan.runs), Reason: event.Reason, Accept: took}
	if accepted.Duplicate {
		receipt.Duplicate, receipt.Runs, receipt.Reason = true, 0, "the same webhook was accepted before; nothing else happened"
	}
	if reply.Status != 0 {
		receipt.Reply = &reply
	}
	return receipt, nil
}

// write is the one durable write of an event.
func (i *Intake) write(ctx context.Context, p synchook.ProjectID, a store.Accept) (store.Accepted, error) {
	ctx, span := tracing.Step(ctx, "accept")
	failpoint.Hit("accept.before")
	accepted, err := i.Store.AcceptEvent(ctx, p, a)
	failpoint.Hit("accept.after")
	span.Finish(err)
	return accepted, err
}

// Replay processes an event again, with today's syncs, scripts and matching.
func (i *Intake) Replay(ctx context.Context, p synchook.ProjectID, id synchook.EventID) (synchook.Event, []synchook.RunID, error) {
	event, in, parsed, err := i.read(ctx, p, id)
	if err != nil {
		return event, nil, err
	}
	event.Replays++
	event.Trace = tracing.Parent(ctx)
	plan, err := i.plan(ctx, in, parsed, event, firstRuns)
	if err != nil {
		return event, nil, err
	}
	_, handshake := in.Provider.Handshake(in.Request)
	event.Outcome, event.Reason = plan.outcome(handshake)
	hints, err := i.Store.ReplayEvent(ctx, p, event.Replays, store.Accept{Event: event, Runs: plan.runs, Fanout: plan.more})
	if err != nil {
		return event, nil, err
	}
	i.send(ctx, hints)
	ids := make([]synchook.RunID, len(plan.runs))
	for n, run := range plan.runs {
		ids[n] = run.ID
	}
	return event, ids, nil
}

// Trial is what an event would set off.
type Trial struct {
	Outcome synchook.Outcome
	Reason  string // why it would set nothing off
	Runs    []synchook.Run
	More    bool // there would be more than these
}

// Try says what an event would set off now, with that matching rule unless it is nil. It writes nothing.
func (i *Intake) Try(ctx context.Context, p synchook.ProjectID, id synchook.EventID, match *synchook.Match) (Trial, error) {
	event, in, parsed, err := i.read(ctx, p, id)
	if err != nil {
		return Trial{}, err
	}
	if match != nil {
		in.Integration.Match = *match
	}
	plan, err := i.plan(ctx, in, parsed, event, firstRuns)
	if err != nil {
		return Trial{}, err
	}
	_, handshake := in.Provider.Handshake(in.Request)
	outcome, reason := plan.outcome(handshake)
	return Trial{Outcome: outcome, Reason: reason, Runs: plan.runs, More: plan.more}, nil
}

// FanOut queues all runs of an event that triggers more than one write can hold. Runs that are there
// already stay as they are, so that it can be done again. That there is nobody left to run for is no
// error.
func (i *Intake) FanOut(ctx context.Context, p synchook.ProjectID, id synchook.EventID) error {
	event, in, parsed, err := i.read(ctx, p, id)
	if err != nil {
		return err
	}
	err = i.each(ctx, in, parsed, event, func(runs []synchook.Run) (bool, error) {
		hints, err := i.Store.AddRuns(ctx, p, runs)
		if err == nil {
			i.send(ctx, hints)
		}
		return true, err
	})
	if errors.As(err, &unmatched{}) {
		return nil
	}
	return err
}

// read reads an event back as it came.
func (i *Intake) read(ctx context.Context, p synchook.ProjectID, id synchook.EventID) (event synchook.Event, in Incoming, parsed provider.Event, err error) {
	if event, err = i.Store.Event(ctx, p, id); err != nil {
		return
	}
	content, err := i.Store.EventContent(ctx, p, id)
	if err != nil {
		return
	}
	in = Incoming{Project: p, Request: provider.Stored(content.Header, content.Body)}
	if in.Integration, err = i.Store.Integration(ctx, p, event.Integration); err != nil {
		return
	}
	var ok bool
	if in.Provider, ok = provider.Lookup(in.Integration.Provider); !ok {
		err = &synchook.Fault{
			Kind: synchook.KindState, Reason: "unknown_provider", Subject: in.Integration.Provider,
			Message: "this synchook does not know the provider \"" + in.Integration.Provider + "\"", Help: "Run the version that made the integration.",
		}
		return
	}
	parsed, err = in.Provider.Parse(in.Request)
	return
}

// sendTime is how long the answer to a webhook that is accepted waits for its hints.
const sendTime = 2 * time.Second

// send sends hints. One that cannot be sent is made up for by the sweep, so the event stays accepted.
func (i *Intake) send(ctx context.Context, hints []synchook.Hint) {
	if len(hints) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	if err := i.Queue.Send(ctx, hints...); err != nil {
		i.Log.Warn("a hint could not be sent; the sweep makes up for it", "error", err)
	}
}

func refusal(err error) error {
	f := &synchook.Fault{
		Kind: synchook.KindUnauthenticated, Reason: "wrong_signature", Message: "the webhook was refused: " + err.Error(),
		Help: "Compare the integration's webhook secret with the provider's; the last refused webhooks are in ListEvents.",
	}
	switch {
	case errors.Is(err, provider.ErrNoSecret):
		f.Reason = "no_webhook_secret"
	case errors.Is(err, provider.ErrMissingSignature):
		f.Reason = "missing_signature"
	case errors.Is(err, provider.ErrStale):
		f.Reason = "stale_signature"
	case errors.Is(err, provider.ErrBody):
		f.Kind, f.Reason, f.Help = synchook.KindInvalid, "malformed_webhook", "Send the body exactly as the provider sends it."
	}
	return f
}

// externalID is what an event is de-duplicated by.
func externalID(e provider.Event, body []byte) string {
	if e.ID != "" {
		return e.ID
	}
	return synchook.ContentID("body_", string(body))
}
