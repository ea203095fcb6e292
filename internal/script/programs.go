package script

import (
	"container/list"
	"sync"

	"modernc.org/quickjs"
)

// maxPrograms is how many compiled scripts are kept. One is about as large as
// its source.
const maxPrograms = 256

// gcThreshold is how much a VM allocates before it first looks for garbage
// cycles. Most runs end before, with the VM, which is the cheapest collection.
const gcThreshold = 8 << 20

// programs keeps the bytecode of the scripts that ran last, by their hash. It
// lives in the process only: bytecode belongs to one version of the engine,
// and the engine trusts it.
type programs struct {
	mu     sync.Mutex
	order  *list.List // of compiled, the one used last in front
	byHash map[string]*list.Element
}

// compiled is one entry of the cache.
type compiled struct {
	hash     string
	bytecode []byte
}

func newPrograms() *programs {
	return &programs{order: list.New(), byHash: map[string]*list.Element{}}
}

// get returns the bytecode of a script and marks it as used.
func (p *programs) get(hash string) ([]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, found := p.byHash[hash]
	if !found {
		return nil, false
	}
	p.order.MoveToFront(e)
	return e.Value.(compiled).bytecode, true
}

// put keeps bytecode and forgets the one that was not used for the longest.
func (p *programs) put(hash string, bytecode []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, found := p.byHash[hash]; found {
		return
	}
	p.byHash[hash] = p.order.PushFront(compiled{hash, bytecode})
	if p.order.Len() > maxPrograms {
		oldest := p.order.Remove(p.order.Back()).(compiled)
		delete(p.byHash, oldest.hash)
	}
}

// compile turns code into bytecode within the limits of a run.
func compile(code string, limits Limits) ([]byte, error) {
	vm, err := newVM(limits)
	if err != nil {
		return nil, err
	}
	defer func() { _ = vm.Close() }() // nothing of it is used any more
	return vm.Compile(code, quickjs.EvalGlobal)
}

// newVM returns a VM with the limits set.
func newVM(limits Limits) (*quickjs.VM, error) {
	vm, err := quickjs.NewVM()
	if err != nil {
		return nil, err
	}
	vm.SetMemoryLimit(uintptr(limits.Memory))
	vm.SetMaxStackSize(uintptr(limits.Stack))
	vm.SetGCThreshold(uintptr(min(gcThreshold, limits.Memory/4)))
	return vm, nil
}
