package worker

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// job is one attempt of a run, with all that it needs and what is told about it.
type job struct {
	store.RunContext
	known   bool // whether the context could be read
	project synchook.ProjectID
	run     synchook.Run
	writer  store.Writer
	access  store.Access // how the API took the connection's credentials last
	sealed  *store.Sealed
	hide    synchook.Redactor // takes the connection's credentials out
	trace   string            // the span that what it owes goes on from

	requests int
	phases   phases
}

// phases are how long the parts of an attempt took.
type phases struct {
	queued time.Duration // until a worker took it; zero: it was not its first attempt
	load   time.Duration // reading what it needs
	slot   time.Duration // waiting until fewer scripts ran
	script time.Duration // the script, with its requests and saves
	save   atomic.Int64  // of the script's: nanoseconds in the store
}

// queuedFor returns how long a run waited that is attempted for the first time; zero for others, of which
// nobody knows since when they wait.
func queuedFor(run synchook.Run, now time.Time) time.Duration {
	if run.Attempts > 0 || run.Interruptions > 0 || run.Created.IsZero() {
		return 0
	}
	return max(now.Sub(run.Created), 0) // the store's clock may be ahead of ours
}

// line are the facts of the attempt's line in the log, and of its span.
func (j *job) line(done store.RunDone, state string, took time.Duration) []slog.Attr {
	run := done.Run
	line := []slog.Attr{
		slog.String("project", string(j.project)), slog.String("event", string(run.Event)), slog.String("run", string(run.ID)),
		slog.String("sync", string(run.Sync)), slog.String("connection", string(run.Connection)), slog.String("trigger", string(run.Trigger)),
		slog.String("state", state), slog.Int("attempts", run.Attempts), slog.Int("interruptions", run.Interruptions),
		slog.Duration("duration", took), slog.Duration("queued", j.phases.queued), slog.Duration("load", j.phases.load),
		slog.Duration("slot", j.phases.slot), slog.Duration("script", j.phases.script), slog.Duration("save", time.Duration(j.phases.save.Load())),
		slog.Int("requests", j.requests), slog.Any("counts", run.Counts), slog.Any("deliveries", deliveryIDs(done.Deliveries)),
	}
	if run.Error != "" {
		line = append(line, slog.String("error", run.Error))
	}
	return line
}

// deliveryIDs leaves out what is only made if it is news.
func deliveryIDs(deliveries []synchook.Delivery) []string {
	ids := make([]string, 0, len(deliveries))
	for _, d := range deliveries {
		if d.Operational == "" {
			ids = append(ids, string(d.ID))
		}
	}
	return ids
}

// describe writes an error for the person who looks at the run, with the script's stack if it has one, and
// without the connection's credentials: scripts and APIs put them into their errors.
func (j *job) describe(err error) string {
	text := err.Error()
	var scriptErr *script.ScriptError
	if errors.As(err, &scriptErr) && scriptErr.Stack != "" {
		text += "\n" + scriptErr.Stack
	}
	if text = j.hide.Text(text); len(text) > maxRunError {
		text = text[:maxRunError] + "..."
	}
	return strings.ToValidUTF8(text, "?")
}

// excerpt returns the source around the line at which a script failed. Nil: it is not known.
func (j *job) excerpt(err error) *store.SourceExcerpt {
	var failed *script.ScriptError
	if !errors.As(err, &failed) || failed.Source == nil {
		return nil
	}
	e := &store.SourceExcerpt{File: failed.Source.File, Line: failed.Source.Line, First: failed.Source.First}
	for _, line := range failed.Source.Lines {
		e.Lines = append(e.Lines, j.hide.Text(line))
	}
	return e
}

// finished is what became of a row, and what its line says.
type finished[Done any] struct {
	done  Done
	level slog.Level
	word  string // "run" or "attempt"
	trace string // ID; empty: there is none
	line  []slog.Attr
}

// outcomes returns what is handed in.
func outcomes[Done any](rows []finished[Done]) []Done {
	out := make([]Done, len(rows))
	for i, r := range rows {
		out[i] = r.done
	}
	return out
}

// teller returns what writes the line of each row, once, when it is known how it was handed in: after so
// long, or not at all, because another worker has the lane. Then that one does the work again.
func teller[Done any](log *slog.Logger) func(rows []finished[Done], took time.Duration, handedIn bool) {
	return func(rows []finished[Done], took time.Duration, handedIn bool) {
		for _, r := range rows {
			level := r.level
			if !handedIn {
				level = max(level, slog.LevelWarn)
			}
			if r.word == "" || !log.Enabled(context.Background(), level) {
				continue
			}
			r.line = append(r.line, slog.Duration("hand_in", took))
			if !handedIn {
				r.line = append(r.line, slog.Bool("lost", true))
			}
			if r.trace != "" {
				r.line = append(r.line, slog.String("trace", r.trace))
			}
			log.LogAttrs(context.Background(), level, r.word, r.line...)
		}
	}
}

// credentialSecrets are the texts that prove a connection to its API.
func credentialSecrets(c synchook.Credentials) []string {
	if c.Kind == synchook.CredentialsBasic {
		return []string{c.Value, c.Name + ":" + c.Value}
	}
	return []string{c.Value}
}

// since adds to a phase how long it has gone on.
func since(phase *time.Duration, began time.Time) { *phase += time.Since(began) }
