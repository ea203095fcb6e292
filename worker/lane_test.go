package worker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// workLane works a lane whose second turn fails as told, and returns how often it was asked for.
func workLane(t *testing.T, failures ...error) (asked int, err error) {
	t.Helper()
	l := &lane[string, string]{
		limit: 1, log: slog.New(slog.NewTextHandler(io.Discard, nil)), send: func(context.Context, ...synchook.Hint) {},
		do: func(context.Context, string, int64) string { return "done" },
		take: func(_ context.Context, turn store.Turn, _ []string) (store.Taken[string], error) {
			if turn.Number == 1 {
				return store.Taken[string]{Word: store.TurnOK, Rows: []string{"row"}}, nil
			}
			asked++
			if asked <= len(failures) {
				return store.Taken[string]{}, failures[asked-1]
			}
			return store.Taken[string]{Word: store.TurnLeft}, nil
		},
	}
	err = l.work(t.Context(), 1)
	return asked, err
}

func TestATurnOutlivesAnOutageAndNoFaultOfOurs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outage := &synchook.Fault{Kind: synchook.KindUnavailable, Message: "Redis is down"}
		if asked, err := workLane(t, outage, outage, outage); asked != 4 || err != nil {
			t.Errorf("after an outage: asked %d times, %v", asked, err)
		}
		bug := errors.New("WRONGTYPE Operation against a key")
		if asked, err := workLane(t, outage, bug); asked != 2 || !errors.Is(err, bug) {
			t.Errorf("after a fault of ours: asked %d times, %v", asked, err)
		}
	})
}
