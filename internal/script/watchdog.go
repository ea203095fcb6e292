package script

import (
	"context"
	"time"

	"modernc.org/quickjs"
)

// watchdogPeriod is how often a VM that should stop is interrupted again.
const watchdogPeriod = 50 * time.Millisecond

// watchdog interrupts a VM once its context has ended, again and again until
// it is stopped: an interrupt that falls between two entries into the engine
// is lost.
type watchdog struct {
	cancel func() bool
	left   chan struct{}
	gone   chan struct{}
}

// watch starts a watchdog. It costs a goroutine only when the context ends.
func watch(ctx context.Context, vm *quickjs.VM) watchdog {
	w := watchdog{left: make(chan struct{}), gone: make(chan struct{})}
	w.cancel = context.AfterFunc(ctx, func() {
		defer close(w.gone)
		tick := time.NewTicker(watchdogPeriod)
		defer tick.Stop()
		for {
			vm.Interrupt()
			select {
			case <-tick.C:
			case <-w.left:
				return
			}
		}
	})
	return w
}

// stop ends the watchdog and waits until it has gone.
func (w watchdog) stop() {
	close(w.left)
	if !w.cancel() {
		<-w.gone
	}
}
