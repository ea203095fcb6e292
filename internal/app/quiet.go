package app

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// quiet keeps the log readable while Redis is away. All that stands on it fails then, several times a
// second, and says so: of these lines one of each kind is written every ten seconds, and none while the
// watch tells of the outage. Lines about one request, run or attempt are none of these.
type quiet struct {
	outage atomic.Bool
	now    func() time.Time

	mu    sync.Mutex
	kinds map[string]*repeated
}

// repeated is a kind of line.
type repeated struct {
	written time.Time
	left    int // out, since it was written
}

func newQuiet() *quiet { return &quiet{now: time.Now, kinds: map[string]*repeated{}} }

// wrap returns a logger that is quiet about outages.
func (q *quiet) wrap(log *slog.Logger) *slog.Logger { return slog.New(quietHandler{log.Handler(), q}) }

// admit reports whether a line of that kind is written, and how many were left out since the last one.
func (q *quiet) admit(kind string) (bool, int) {
	if q.outage.Load() {
		return false, 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	r := q.kinds[kind]
	if r == nil {
		r = &repeated{}
		q.kinds[kind] = r
	}
	if q.now().Sub(r.written) < tellEvery {
		r.left++
		return false, 0
	}
	left := r.left
	*r = repeated{written: q.now()}
	return true, left
}

// quietHandler gives lines to the next handler.
type quietHandler struct {
	slog.Handler
	quiet *quiet
}

// Handle implements slog.Handler.
func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	kind := kindOf(r)
	if kind == "" {
		return h.Handler.Handle(ctx, r)
	}
	admitted, left := h.quiet.admit(kind)
	if !admitted {
		return nil
	}
	if left > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", left))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(attrs), h.quiet}
}

// WithGroup implements slog.Handler.
func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name), h.quiet}
}

// kindOf returns the kind of a line that an outage repeats: a warning with an error that passes, or what
// a library says of its own troubles. Empty: it is none.
func kindOf(r slog.Record) (kind string) {
	if r.Level < slog.LevelWarn {
		return ""
	}
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok && synchook.IsKind(err, synchook.KindUnavailable) {
			kind = r.Message
		}
		if text := a.Value.String(); a.Key == libraryText && !strings.Contains(text, "panic") {
			kind = r.Message + " " + beginning(text)
		}
		return kind == ""
	})
	return kind
}

// libraryText is the attribute in which the lines of Asynq and of the Redis client carry their text.
const libraryText = "message"

// beginning returns the part of a library's text that is the same each time.
func beginning(text string) string {
	end := strings.IndexAny(text, ":=0123456789")
	if end < 0 {
		return text
	}
	return text[:end]
}
