package faults

import (
	"slices"
	"testing"

	"github.com/synchook/synchook/e2e/rig"
)

// fault is one way to break the program.
type fault struct {
	name  string
	group string

	// long faults are left out of the short form.
	long bool

	// alone says that the fault cannot be one of a mix: it needs a scene as it left none, or checks what
	// others spoil.
	alone bool

	// doubles says why the receiver may get a webhook again that it has answered with 2xx. Empty: it must
	// not.
	doubles string

	// forgets are the counts that may be other than zero, because the fault makes Redis forget what it has
	// acknowledged. Empty: none.
	forgets []rig.Count

	// settings are further settings of every process.
	settings []string

	// redis makes what the scene's data is kept in. Nil: a Redis on a unix socket.
	redis func(testing.TB) rig.Backend

	// do breaks something under load and mends it. It leaves the scene as it found it: with a server, its
	// workers and a receiver that behaves.
	do func(*scene)
}

// faults is the table of all faults.
func faults() []fault {
	return slices.Concat(workerFaults(), serverFaults(), receiverFaults(), apiFaults(), leaderFaults(), redisFaults(), hintFaults(),
		clusterFaults(), sentinelFaults())
}

// mixable reports whether the fault can be one of many in the same scene.
func (f fault) mixable() bool { return !f.alone && len(f.settings) == 0 && f.redis == nil }

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, f := range faults() {
		if f.long && !*long {
			continue
		}
		t.Run(f.group+"/"+f.name, func(t *testing.T) {
			t.Parallel()
			newScene(t, f).play()
		})
	}
}
