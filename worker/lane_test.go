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
		most: 1, log: slog.New(slog.NewTextHandler(io.Discard, nil)), send: func(context.Context, ...synchook.Hint) {},
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

func TestALaneIsKeptWhileTooFewReplicasHaveWhatItTook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tooFew := &synchook.Fault{Kind: synchook.KindUnavailable, Reason: store.TooFewReplicas}
		var turns []store.Turn
		l := &lane[string, string]{
			most: 1, log: slog.New(slog.NewTextHandler(io.Discard, nil)), send: func(context.Context, ...synchook.Hint) {},
			take: func(_ context.Context, turn store.Turn, _ []string) (store.Taken[string], error) {
				if turns = append(turns, turn); len(turns) < 100 {
					return store.Taken[string]{}, tooFew
				}
				return store.Taken[string]{Word: store.TurnLeft}, nil
			},
		}
		if err := l.work(t.Context(), 1); err != nil {
			t.Errorf("the lane was let go: %v", err)
		}
		for _, turn := range turns {
			if turn.Number != 1 || turn.Token != turns[0].Token {
				t.Fatalf("it took %+v after %+v, want the same turn", turn, turns[0])
			}
		}
	})
}

func TestALaneWhoseFirstTurnFailedIsNotKeptByAWorkerThatStops(t *testing.T) {
	t.Parallel()
	stopping := make(chan struct{})
	close(stopping)
	for _, fault := range []*synchook.Fault{
		{Kind: synchook.KindUnavailable, Reason: store.TooFewReplicas},
		{Kind: synchook.KindUnavailable, Reason: "store_unavailable"},
	} {
		l := &lane[string, string]{
			most: 1, log: slog.New(slog.NewTextHandler(io.Discard, nil)), stopping: stopping,
			take: func(context.Context, store.Turn, []string) (store.Taken[string], error) {
				return store.Taken[string]{}, fault
			},
		}
		if err := l.work(t.Context(), 1); !errors.Is(err, fault) {
			t.Errorf("%s: %v", fault.Reason, err)
		}
	}
}
