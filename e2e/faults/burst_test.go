package faults

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/synchook/synchook/e2e/rig"
)

// bursts is for a machine that has nothing else to do: 100,000 events and the audit of them take it some
// twenty minutes.
var bursts = flag.Int("burst", 0, "how many `events` a burst has; 0: 2,000, in the long form 20,000")

// A burst comes faster than it can be worked off. Nobody is answered 503, and what one connection sent is
// worked off in the order in which it came: its counts tell.
func TestABurstIsAcceptedAtOnceAndWorkedOffInOrder(t *testing.T) {
	t.Parallel()
	const connections = 20
	each := byLength(2_000, 20_000) / connections
	if *bursts > 0 {
		each = *bursts / connections
	}
	f := fault{group: "limits", name: fmt.Sprintf("a burst of %d events", each*connections)}
	progress("begins: %s: %s", f.group, f.name)
	began := time.Now()
	h := rig.NewHouse(t, rig.HouseOptions{})
	names := make([]string, connections)
	for i := range names {
		names[i] = fmt.Sprintf("user-%d", i+1)
	}
	s := &scene{t: t, fault: f, house: h, project: h.NewProject("burst", names...)}
	s.project.Pace = time.Millisecond
	s.project.Set(patience())
	s.startWorkers()

	sent := time.Now()
	s.load = s.project.Push(each, rig.Now())
	pushes := s.load.End()
	s.over()
	progress("limits: %d events were accepted at %.0f a second", len(pushes), float64(len(pushes))/time.Since(sent).Seconds())
	if n := s.load.Refusals(); n > 0 {
		t.Errorf("%d webhooks of a burst were answered 503", n)
	}
	audit := s.project.Audit(pushes, byLength(2*time.Minute, 30*time.Minute))
	row := row{fault: f, audit: audit, recovery: audit.Recovery(pushes, s.ended), took: time.Since(began)}
	s.want(row)
	row.failed = t.Failed()
	table.add(row)
	progress("ended after %s: %s: %s: %s", row.took.Round(time.Second), f.group, f.name, row)
}
