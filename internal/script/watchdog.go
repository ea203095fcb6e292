package script

import (
	"context"
	"reflect"
	"sync/atomic"
	"time"
	"unsafe"

	"modernc.org/libquickjs"
	"modernc.org/quickjs"
)

// watchdogPeriod is how often a VM that should stop is interrupted again.
const watchdogPeriod = 50 * time.Millisecond

// countdownOf returns the VM's countdown of loop turns and calls to its next
// look at the interrupt. It starts at 10,000, which is an hour when each turn
// of a loop is one long built-in operation, such as a search in a large array:
// so a watchdog sets it to 1. The engine has no function for that; the field
// is read through reflection because it is not exported, and belongs to memory
// of the engine's that lives until the VM is closed.
func countdownOf(vm *quickjs.VM) *int32 {
	field := reflect.ValueOf(vm).Elem().FieldByName("cContext")
	return &(*(**libquickjs.TJSContext)(unsafe.Pointer(field.UnsafeAddr()))).Finterrupt_counter //nolint:gosec // G103: the comment above says why
}

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
	countdown := countdownOf(vm)
	w.cancel = context.AfterFunc(ctx, func() {
		defer close(w.gone)
		tick := time.NewTicker(watchdogPeriod)
		defer tick.Stop()
		for {
			vm.Interrupt()
			atomic.StoreInt32(countdown, 1)
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
