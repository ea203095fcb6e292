package script

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"modernc.org/quickjs"
)

// run is one run of a script: a VM, the goroutine that drives it, and the
// calls it has made to the host. All fields belong to that goroutine; the
// goroutines of calls get what they need and answer through the channel.
type run struct {
	ctx    context.Context
	cancel context.CancelFunc
	vm     *quickjs.VM
	limits Limits
	in     Input
	host   Host
	log    journal
	extras []byte // the runtime's second part, not loaded yet

	ready         bool // the runtime has given the two functions below
	start, settle quickjs.Value

	calls   map[int]ongoing
	timers  map[int]time.Time
	held    int64 // bytes of arguments that calls have not used up yet
	reads   gate
	writes  gate
	answers chan answer
	working sync.WaitGroup

	ended   bool  // the script's promise is settled
	failure error // what it was rejected with

	watchdog watchdog
}

// newRun returns a run that has not loaded anything yet.
func newRun(ctx context.Context, limits Limits, in Input, host Host, extras []byte) (*run, error) {
	vm, err := newVM(limits)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEngine, err)
	}
	r := &run{
		vm: vm, limits: limits, in: in, host: host, extras: extras,
		calls:   map[int]ongoing{},
		timers:  map[int]time.Time{},
		reads:   gate{limit: maxParallel},
		writes:  gate{limit: 1},
		answers: make(chan answer),
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.log = journal{host: host, left: limits.LogLines}
	r.watchdog = watch(r.ctx, vm)
	return r, nil
}

// close ends the calls still on their way, waits for them, and frees the VM.
func (r *run) close() error {
	r.cancel()
	r.working.Wait()
	r.watchdog.stop()
	r.log.close(context.WithoutCancel(r.ctx))
	if r.ready {
		r.start.Free()
		r.settle.Free()
	}
	if err := r.vm.Close(); err != nil {
		return fmt.Errorf("%w: closing: %w", ErrEngine, err)
	}
	return nil
}

// execute loads the runtime and the script, starts it and sees it to its end.
func (r *run) execute(main, program []byte) error {
	if err := r.register(); err != nil {
		return fmt.Errorf("%w: %w", ErrEngine, err)
	}
	for _, code := range [][]byte{main, program} {
		if err := r.load(code); err != nil {
			return err
		}
	}
	if err := r.begin(); err != nil {
		return err
	}
	return r.loop()
}

// load runs the top level of compiled code.
func (r *run) load(code []byte) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	v, err := r.vm.EvalBytecodeValue(code)
	if err != nil {
		return err
	}
	v.Free()
	return nil
}

// begin calls the script's function.
func (r *run) begin() error {
	facts, err := factsJSON(r.in)
	if err != nil {
		return err
	}
	var payload any = quickjs.Undefined{}
	if r.in.Webhook != nil {
		payload = string(r.in.Webhook.Payload)
	}
	_, err = r.start.Call(quickjs.UndefinedValue, facts, payload)
	return err
}

// loop turns until the script's promise is settled and no call of its is left.
func (r *run) loop() error {
	for {
		if err := r.drain(); err != nil {
			return err
		}
		if r.ended && (r.failure != nil || len(r.calls) == 0) {
			return r.failure
		}
		if err := r.turn(); err != nil {
			return err
		}
	}
}

// drain runs the VM's jobs until none is left. The engine forgets an
// interrupt that came between two entries, so the context is asked before
// each one.
func (r *run) drain() error {
	for {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		n, err := r.vm.ExecutePendingJobs()
		var thrown *quickjs.Error
		if errors.As(err, &thrown) {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}

// turn waits for one thing to happen and tells the script.
func (r *run) turn() error {
	id, due := r.nextTimer()
	if len(r.calls) == 0 && due == nil {
		return ErrStalled
	}
	var alarm <-chan time.Time
	if due != nil {
		t := time.NewTimer(time.Until(*due))
		defer t.Stop()
		alarm = t.C
	}
	select {
	case <-r.ctx.Done():
		return r.ctx.Err()
	case a := <-r.answers:
		return r.answer(a)
	case <-alarm:
		delete(r.timers, id)
		return r.tell(id)
	}
}

// tell calls the runtime's settle. An exception is one that a timer's
// function threw.
func (r *run) tell(id int, outcome ...any) error {
	_, err := r.settle.Call(quickjs.UndefinedValue, append([]any{id}, outcome...)...)
	return err
}

// nextTimer returns the timer that is due first, the older of two.
func (r *run) nextTimer() (id int, due *time.Time) {
	for i, t := range r.timers {
		if due == nil || t.Before(*due) || t.Equal(*due) && i < id {
			id, due = i, &t
		}
	}
	return id, due
}
