package worker

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/synchook/synchook/internal/failpoint"
	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/tracing"
	"github.com/synchook/synchook/internal/webhook"
)

// settingsFresh is how old an endpoint's settings may be that an attempt is made with.
const settingsFresh = 500 * time.Millisecond

// deliverer makes attempts for the deliveries of one lane.
type deliverer struct {
	project synchook.ProjectID
	id      synchook.EndpointID
	store   Store
	queue   Queue
	sender  Sender
	metrics *metrics
	tracer  *tracing.Tracer
	log     *slog.Logger
	most    int // requests in flight
	course  course

	mu       sync.Mutex
	read     time.Time
	endpoint synchook.Endpoint
	secrets  []webhook.Secret
	problem  error // why there is nothing usable
}

// do attempts a delivery once and says what became of it.
func (d *deliverer) do(ctx context.Context, delivery synchook.Delivery, _ int64) finished[store.DeliveryDone] {
	endpoint, secrets, err := d.current(ctx)
	if ctx.Err() != nil {
		return unsaid(store.DeliveryDone{Delivery: delivery, Back: true})
	}
	if reason := nobody(endpoint, err); reason != "" {
		delivery.State, delivery.Reason = synchook.DeliveryCancelled, reason
		return unsaid(store.DeliveryDone{Delivery: delivery})
	}
	if err != nil {
		return unsaid(d.tell(ctx, waiting(delivery, err), endpoint.URL))
	}
	ctx, span := d.tracer.Continue(ctx, "attempt", delivery.Trace)
	probe := d.course.begin()
	defer d.course.landed()
	attempt := d.post(ctx, webhook.Message{
		ID: string(delivery.ID), URL: endpoint.URL, Body: delivery.Body, Secrets: secrets, Header: endpoint.Headers,
	})
	if attempt.Verdict.Outcome == webhook.Interrupted {
		span.End("interrupted")
		return unsaid(store.DeliveryDone{Delivery: delivery, Back: true})
	}
	spared, change := d.course.learn(delivery.ID, attempt, probe)
	d.note(change)
	done := judgeAttempt(delivery, attempt, schedule(endpoint), rand.Float64, spared)
	return d.finish(d.tell(ctx, done, endpoint.URL), attempt, span)
}

// nobody says why a delivery is owed to nobody any more. Empty: it is.
func nobody(e synchook.Endpoint, err error) string {
	switch {
	case synchook.IsKind(err, synchook.KindNotFound):
		return "the endpoint was deleted"
	case err == nil && e.URL == "":
		return "the project has no webhook URL any more"
	}
	return ""
}

// unsaid is what no attempt was made for, so that there is nothing to tell.
func unsaid(done store.DeliveryDone) finished[store.DeliveryDone] {
	return finished[store.DeliveryDone]{done: done}
}

// broken puts a delivery back whose attempt panicked.
func (d *deliverer) broken(delivery synchook.Delivery, err error) finished[store.DeliveryDone] {
	return unsaid(waiting(delivery, err))
}

func (d *deliverer) post(ctx context.Context, m webhook.Message) webhook.Attempt {
	d.metrics.postsInFlight.Inc()
	defer d.metrics.postsInFlight.Dec()
	failpoint.Hit("delivery.post")
	attempt := d.sender.Send(ctx, m)
	failpoint.Hit("delivery.answered")
	return attempt
}

// waiting puts a delivery back that our own fault stopped, as long as it may still be attempted.
func waiting(d synchook.Delivery, err error) store.DeliveryDone {
	d.State, d.Cause, d.Reason = synchook.DeliveryPending, synchook.WaitFault, "something on our side failed: "+err.Error()
	if expired(d, time.Now()) {
		d.State = synchook.DeliveryExhausted
	}
	return store.DeliveryDone{Delivery: d, Wait: trouble}
}

// current returns the endpoint and the secrets of now, read at most every half second.
func (d *deliverer) current(ctx context.Context) (synchook.Endpoint, []webhook.Secret, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.read) < settingsFresh {
		return d.endpoint, d.secrets, d.problem
	}
	first := d.read.IsZero()
	d.endpoint, d.secrets, d.problem = d.load(ctx)
	d.read = time.Now()
	if first || d.endpoint.ID != "" { // an outage lifts no rate
		d.course.rule(webhook.FlowRules{MaxInFlight: d.most, Rate: d.endpoint.Rate, Burst: d.endpoint.Burst})
	}
	return d.endpoint, d.secrets, d.problem
}

func (d *deliverer) load(ctx context.Context) (synchook.Endpoint, []webhook.Secret, error) {
	endpoint, err := d.store.Endpoint(ctx, d.project, d.id)
	if err != nil {
		return endpoint, nil, err
	}
	stored, err := d.store.EndpointSecrets(ctx, d.project, d.id)
	if err != nil {
		return endpoint, nil, err
	}
	secrets, err := webhook.ParseSecrets(synchook.LiveSecrets(stored, time.Now()))
	if err != nil {
		return endpoint, nil, fmt.Errorf("reading the endpoint's signing secrets: %w", err)
	}
	return endpoint, secrets, nil
}

func schedule(e synchook.Endpoint) webhook.Schedule { return webhook.ScheduleOf(e.RetrySchedule) }

// judgeAttempt says what becomes of a delivery after an attempt. One that was throttled, spared because it only probed
// the endpoint, or stopped by a fault of ours, uses none of the schedule up: the wait that was due is waited again.
func judgeAttempt(delivery synchook.Delivery, a webhook.Attempt, s webhook.Schedule, random func() float64, spared bool) store.DeliveryDone {
	delivery.Attempts++
	delivery.LastStatus = a.Status
	delivery.Reason = "the endpoint " + a.Verdict.Reason
	done := store.DeliveryDone{Slowed: a.Verdict.Outcome == webhook.Throttle, Attempt: &synchook.Attempt{
		Number: delivery.Attempts, Started: a.StartedAt, Duration: a.Duration, Status: a.Status, Error: a.Error, Response: a.Response,
		URL: a.URL, RequestHeaders: a.RequestHeaders,
	}}
	if a.Verdict.Outcome != webhook.Delivered {
		done.Attempt.ResponseHeaders = a.ResponseHeaders
	}
	used := delivery.Used()
	if !a.Verdict.Outcome.Counts() || spared {
		delivery.Throttled++
		used = min(used, len(s))
	}
	wait, more := s.Delay(used, a.Verdict.RetryAfter, random)
	switch {
	case a.Verdict.Outcome == webhook.Delivered:
		delivery.State = synchook.DeliveryDelivered
	case !more:
		delivery.State = synchook.DeliveryExhausted
		delivery.Reason = fmt.Sprintf("all %d attempts%s failed; at the last one %s", used, sinceRetried(delivery), delivery.Reason)
	case expired(delivery, a.StartedAt.Add(wait)):
		delivery.State = synchook.DeliveryExhausted
		delivery.Reason = "the next attempt would come more than 7 days after the delivery was made or retried; at the last one " + delivery.Reason
	default:
		delivery.State, delivery.Cause = synchook.DeliveryPending, waitCause(a, s.Outlasted(used, a.Verdict.RetryAfter))
		done.Wait = wait
	}
	done.Delivery = delivery
	return done
}

// waitCause says why the wait after an attempt is as long as it is.
func waitCause(a webhook.Attempt, outlasted bool) synchook.WaitCause {
	switch {
	case a.Verdict.Outcome == webhook.Fault:
		return synchook.WaitFault
	case outlasted:
		return synchook.WaitAsked
	}
	return synchook.WaitSchedule
}

// expired reports whether a delivery is too old to be attempted at t.
func expired(d synchook.Delivery, t time.Time) bool {
	return t.After(d.Expires())
}

// sinceRetried says of attempts that they are not all that were made.
func sinceRetried(d synchook.Delivery) string {
	if d.Base == 0 {
		return ""
	}
	return " since it was retried"
}

// finish counts an attempt, ends its span, and prepares its line.
func (d *deliverer) finish(done store.DeliveryDone, a webhook.Attempt, span tracing.Span) finished[store.DeliveryDone] {
	d.metrics.attempts.WithLabelValues(a.Verdict.Outcome.String()).Inc()
	d.metrics.attemptTime.Observe(a.Duration.Seconds())
	level, failure := slog.LevelInfo, ""
	if a.Verdict.Outcome != webhook.Delivered {
		level, failure = slog.LevelWarn, done.Delivery.Reason
	}
	out := finished[store.DeliveryDone]{done: done, level: level, word: "attempt", trace: span.ID()}
	if span.Recording() || d.log.Enabled(context.Background(), level) {
		out.line = d.line(done, a)
	}
	span.Note(out.line...)
	span.End(failure)
	return out
}

func (d *deliverer) line(done store.DeliveryDone, a webhook.Attempt) []slog.Attr {
	dl := done.Delivery
	return append(make([]slog.Attr, 0, 19), // with room for what the teller adds
		slog.String("project", string(d.project)), slog.String("run", string(dl.Run)), slog.String("delivery", string(dl.ID)),
		slog.String("endpoint", string(dl.Endpoint)), slog.String("model", dl.Model), slog.String("type", string(dl.Operational)), slog.Int("attempt", dl.Attempts),
		slog.Int("status", a.Status), slog.Duration("duration", a.Duration), slog.String("state", string(dl.State)),
		slog.String("outcome", a.Verdict.Outcome.String()), slog.Duration("wait", done.Wait), slog.String("reason", dl.Reason))
}

// after sends a hint of its own for each delivery that waits for its next attempt: it wakes the lane in
// time, and shows the wait in Asynqmon.
func (d *deliverer) after(ctx context.Context, done []finished[store.DeliveryDone]) {
	for _, x := range outcomes(done) {
		if x.Back || x.Delivery.State != synchook.DeliveryPending {
			continue
		}
		of := 0
		if endpoint, _, err := d.current(ctx); err == nil {
			of = schedule(endpoint).Most(x.Delivery.Attempts, x.Delivery.Base+x.Delivery.Throttled)
		}
		err := d.queue.SendAttempt(ctx, queue.Attempt{
			Project: d.project, Endpoint: x.Delivery.Endpoint, Delivery: x.Delivery.ID, Model: x.Delivery.Model, Operational: x.Delivery.Operational,
			Number: x.Delivery.Attempts + 1, Of: max(of, x.Delivery.Attempts+1), LastAnswer: x.Delivery.Reason,
			At: time.Now().Add(x.Wait),
		})
		if err != nil {
			d.log.Warn("a hint for a waiting attempt could not be sent; the sweep makes up for it", "delivery", x.Delivery.ID, "error", err)
		}
	}
}
