package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/synchook/synchook/internal/embedredis"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/server"
)

const (
	lookEvery   = time.Second
	lookTimeout = 2 * time.Second  // after which Redis counts as frozen; /readyz answers within 3 s
	tellEvery   = 10 * time.Second // while an outage lasts

	// eventCost is what an event costs in Redis at most beside its body: itself, its runs, their indexes.
	eventCost = 4 << 10
)

// looker is what the watch asks of the store. *store.Store is one.
type looker interface {
	Ping(context.Context) error
	Memory(context.Context) (store.Memory, error)
}

// watch looks after Redis once a second: whether it answers and takes writes, and how much memory is
// left. It tells the log when an outage begins, that it lasts, and when it is over.
type watch struct {
	store   looker
	trouble func() error // why the embedded Redis ended a moment ago; nil: it is not embedded
	log     *slog.Logger
	quiet   *quiet // which is told of an outage, so that nobody else repeats it
	reserve int    // per cent of the memory that intake leaves to the workers
	now     func() time.Time

	since, told time.Time // of the outage; zero: there is none
	scarce      bool      // whether the reserve was begun at the last look

	mu     sync.Mutex
	memory store.Memory // of the last look
	taken  atomic.Int64 // bytes that this process let in since
}

// run looks until the context ends.
func (w *watch) run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		err := w.look(ctx)
		if ctx.Err() != nil {
			return
		}
		w.tell(err)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look asks Redis once, and remembers what it says.
func (w *watch) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	taken := w.taken.Swap(0)
	memory, err := w.store.Memory(ctx)
	if err != nil {
		w.taken.Add(taken)
		return w.explain(err)
	}
	w.mu.Lock()
	w.memory = memory
	w.mu.Unlock()
	return w.explain(w.store.Ping(ctx))
}

// explain says why the embedded Redis is away, when its last words tell.
func (w *watch) explain(err error) error {
	if err == nil || w.trouble == nil {
		return err
	}
	trouble := w.trouble()
	switch {
	case trouble == nil:
		return err
	case errors.Is(trouble, embedredis.ErrDiskFull):
		return &synchook.Fault{
			Kind: synchook.KindUnavailable, Reason: "store_unavailable", Message: "the embedded Redis ended, because the disk is full",
			Help: "Make space on the disk with the data folder; it is started again by itself.", Err: trouble,
		}
	}
	return &synchook.Fault{
		Kind: synchook.KindUnavailable, Reason: "store_unavailable", Message: "the embedded Redis ended, and is started again",
		Help: "If it lasts, its last words in the log say why.", Err: trouble,
	}
}

// tell writes what has changed since the last look, and every so often that it has not.
func (w *watch) tell(err error) {
	now := w.now()
	wasGood := w.since.IsZero()
	w.quiet.outage.Store(err != nil)
	switch {
	case err == nil && !wasGood:
		w.log.Info("Redis is back; work goes on", "outage", now.Sub(w.since))
		w.since = time.Time{}
	case err != nil && wasGood:
		w.since, w.told = now, now
		w.log.Error("Redis cannot be used; intake answers 503, and work waits until it can", "error", err, "help", helpOf(err))
	case err != nil && now.Sub(w.told) >= tellEvery:
		w.told = now
		w.log.Error("Redis still cannot be used", "outage", now.Sub(w.since), "error", err, "help", helpOf(err))
	}
	w.tellMemory(err)
}

// tellMemory writes when the reserve is begun, and when it is free again.
func (w *watch) tellMemory(err error) {
	if err != nil {
		return
	}
	fault := w.room(0)
	switch {
	case fault != nil && !w.scarce:
		w.log.Error("intake answers 503: "+fault.Message, "help", fault.Help)
	case fault == nil && w.scarce:
		w.log.Info("intake takes webhooks again: Redis has memory left")
	}
	w.scarce = fault != nil
}

func helpOf(err error) string {
	if p, ok := problemOf(err); ok {
		return p.Help
	}
	return ""
}

// Room returns an error when Redis has no room for an event of that size. What is left then is for the
// workers, which could finish nothing without it.
func (w *watch) Room(size int) error {
	if fault := w.room(int64(size) + eventCost); fault != nil {
		return fault
	}
	return nil
}

// last returns the memory of the last look.
func (w *watch) last() store.Memory {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.memory
}

// room takes size bytes of what intake may use, unless that is used up.
func (w *watch) room(size int64) *synchook.Fault {
	memory := w.last()
	left, limited := memory.Left(w.reserve)
	if !limited || left > w.taken.Add(size) {
		return nil
	}
	w.taken.Add(-size)
	return &synchook.Fault{
		Kind: synchook.KindUnavailable, Reason: "store_full",
		Message: fmt.Sprintf("Redis uses %d MiB of %d MiB, and the last %d%% are kept for finishing what was accepted", memory.Used>>20, memory.Max>>20, w.reserve),
		Help:    "Raise its maxmemory, or shorten the projects' retention; intake goes on by itself when there is memory again.",
	}
}

// problems says what is wrong with Redis now.
func (w *watch) problems(ctx context.Context) []server.Problem {
	if p, failed := problemOf(w.look(ctx)); failed {
		return []server.Problem{p}
	}
	if fault := w.room(0); fault != nil {
		return []server.Problem{{Part: "memory", Message: "intake answers 503: " + fault.Message, Help: fault.Help}}
	}
	return nil
}

// problemOf says why Redis cannot be used, if it cannot.
func problemOf(err error) (p server.Problem, failed bool) {
	if err == nil {
		return p, false
	}
	p = server.Problem{Part: "redis", Message: err.Error(), Help: "This is a fault of synchook's; its log says more.", Fatal: true}
	var fault *synchook.Fault
	if errors.As(err, &fault) {
		p.Message, p.Help = fault.Message, fault.Help
	}
	return p, true
}
