package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/synchook/synchook/internal/embedredis"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// fakeLooker is a Redis as the watch sees it.
type fakeLooker struct {
	mu     sync.Mutex
	err    error
	memory store.Memory
}

func (f *fakeLooker) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fakeLooker) Ping(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *fakeLooker) Memory(ctx context.Context) (store.Memory, error) { return f.memory, f.Ping(ctx) }

func newWatch(f *fakeLooker) (*watch, *bytes.Buffer) {
	var log bytes.Buffer
	return &watch{store: f, log: slog.New(slog.NewTextHandler(&log, nil)), quiet: newQuiet(), reserve: 10, now: time.Now}, &log
}

func TestAnOutageIsToldWhenItBeginsEveryTenSecondsAndWhenItIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeLooker{}
		w, log := newWatch(f)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.run(ctx) }()
		time.Sleep(5500 * time.Millisecond) //nolint:forbidigo // time in the bubble
		f.fail(&synchook.Fault{Kind: synchook.KindUnavailable, Message: "Redis is down", Help: "Start it."})
		time.Sleep(60 * time.Second) //nolint:forbidigo // time in the bubble
		f.fail(nil)
		time.Sleep(5 * time.Second) //nolint:forbidigo // time in the bubble
		cancel()
		<-done
		for text, want := range map[string]int{"cannot be used; intake": 1, "still cannot be used": 5, "Redis is back": 1, "Start it.": 6, "\n": 7} {
			if got := strings.Count(log.String(), text); got != want {
				t.Errorf("%q comes %d times, want %d:\n%s", text, got, want, log)
			}
		}
	})
}

func TestIntakeLeavesTheReserveToTheWorkers(t *testing.T) {
	t.Parallel()
	f := &fakeLooker{memory: store.Memory{Used: 80 << 20, Max: 100 << 20}}
	w, log := newWatch(f)
	look := func() {
		t.Helper()
		if err := w.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.tell(nil)
	}
	look()
	if err := w.Room(1 << 20); err != nil {
		t.Errorf("with 10 MiB before the reserve: %v", err)
	}
	n := 1
	for ; w.Room(1<<20) == nil; n++ { // between two looks it counts what it lets in
		if n > 20 {
			t.Fatal("it lets in what does not fit")
		}
	}
	if n != 9 {
		t.Errorf("it let in %d MiB of 10, each with its costs", n)
	}
	f.memory.Used = 95 << 20
	look()
	err := w.Room(0)
	if !synchook.IsKind(err, synchook.KindUnavailable) || !strings.Contains(err.Error(), "95 MiB of 100 MiB") {
		t.Errorf("inside the reserve: %v", err)
	}
	if p := w.problems(t.Context()); len(p) != 1 || p[0].Part != "memory" || p[0].Fatal || p[0].Help == "" {
		t.Errorf("problems: %+v", p)
	}
	f.memory.Used = 50 << 20
	look()
	if err := w.Room(0); err != nil || len(w.problems(t.Context())) != 0 {
		t.Errorf("with memory again: %v", err)
	}
	if text := log.String(); strings.Count(text, "intake answers 503") != 1 || strings.Count(text, "takes webhooks again") != 1 {
		t.Errorf("log:\n%s", text)
	}
	f.memory = store.Memory{Used: 1 << 40}
	look()
	if err := w.Room(1 << 30); err != nil {
		t.Errorf("without a limit: %v", err)
	}
}

func TestWhyTheEmbeddedRedisEndedIsTold(t *testing.T) {
	t.Parallel()
	f := &fakeLooker{err: &synchook.Fault{Kind: synchook.KindUnavailable, Message: "the connection to Redis broke"}}
	w, _ := newWatch(f)
	for _, tt := range []struct {
		trouble error
		want    string
	}{
		{nil, "the connection to Redis broke"},
		{fmt.Errorf("%w: exit status 1", embedredis.ErrDiskFull), "the disk is full"},
		{errors.New("signal: killed"), "is started again"},
	} {
		w.trouble = func() error { return tt.trouble }
		if p := w.problems(t.Context()); len(p) != 1 || !p[0].Fatal || !strings.Contains(p[0].Message, tt.want) {
			t.Errorf("%v: %+v", tt.trouble, p)
		}
	}
	if f.err = nil; len(w.problems(t.Context())) != 0 {
		t.Error("a Redis that is back has problems")
	}
}

func TestOnlyLinesThatAnOutageRepeatsAreLeftOut(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Now()
	q := newQuiet()
	q.now = func() time.Time { return now }
	log := q.wrap(slog.New(slog.NewTextHandler(&out, nil)))
	outage := &synchook.Fault{Kind: synchook.KindUnavailable, Message: "Redis is down"}
	say := func() {
		out.Reset()
		log.Warn("sweeping failed", "error", outage)
		log.With("a", 1).Warn("pruning failed", "error", outage)
		log.Error("asynq", libraryText, "Dequeue error: dial 127.0.0.1:1")
		log.Error("asynq", libraryText, "recovering from panic")
		log.Warn("sweeping failed", "error", errors.New("WRONGTYPE"))
		log.Warn("attempt", "error", "Redis is down")
		log.Info("ready", "error", outage)
	}
	want := func(lines, leftOut int) {
		t.Helper()
		if got := strings.Count(out.String(), "\n"); got != lines || strings.Count(out.String(), "left_out=2") != leftOut {
			t.Errorf("%d lines, want %d, of which %d say what was left out:\n%s", got, lines, leftOut, out.String())
		}
	}
	say()
	want(7, 0)
	say()
	want(4, 0)
	say()
	want(4, 0)
	now = now.Add(tellEvery)
	say()
	want(7, 3)
	q.outage.Store(true)
	now = now.Add(tellEvery)
	say()
	want(4, 0)
}
