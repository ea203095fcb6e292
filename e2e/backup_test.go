package e2e

import (
	"encoding/base64"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// sent is a webhook as GitHub knows it: it can send it again.
type sent struct {
	rig.Push
	id string
}

// stream pushes issues of a project's connections, one after the other, until it is told to stop.
type stream struct {
	project *rig.Project
	mu      sync.Mutex
	pushes  []sent
}

func (s *stream) run(enough <-chan struct{}) {
	p := s.project
	for n := 1; !rig.Closed(enough); n++ {
		for i, c := range p.Connections {
			issue := rig.Issue{Connection: c, Installation: i + 1, Number: n}
			one := sent{id: rig.NewID()}
			a, err := p.GitHub.Push(p.House.T.Context(), p.WebhookURL(), one.id, issue)
			if err != nil || !a.OK() {
				p.House.T.Errorf("issue %d of %s was answered %d, %v", n, c, a.Status, err)
				return
			}
			one.Push = rig.Push{Issue: issue, Event: a.Event, At: time.Now()}
			s.mu.Lock()
			s.pushes = append(s.pushes, one)
			s.mu.Unlock()
		}
	}
}

func (s *stream) accepted() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pushes[:len(s.pushes):len(s.pushes)]
}

func TestACopyTakenUnderLoadIsCarriedOnByOtherProcessesWithNothingLostOrDoubled(t *testing.T) {
	t.Parallel()
	key := "SYNCHOOK_ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString([]byte("no secret: it is among the tests"))
	data, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	p := rig.NewHouse(t, rig.HouseOptions{Data: data, Settings: []string{key}}).NewProject("backup", "user-1", "user-2", "user-3")
	before, all := copyUnderLoad(t, p, data, copied)
	p.House.Server.Kill()

	// What came after the copy is lost, and GitHub is asked to send it again.
	redis := rig.NewRedis(t, "--dir", copied)
	p.House = rig.NewHouse(t, rig.HouseOptions{Redis: redis, Settings: []string{key}})
	owed := deliveriesIn(t, p)
	p.Receiver.Forget(func(a rig.Arrival) bool { return owed[a.ID] == nil || owed[a.ID].GetDelivery().GetEndTime() == nil })
	pushes := sendAgain(t, p, all, len(before))
	p.House.StartWorker()
	p.House.StartWorker()
	p.WantAll(pushes)
	wantSameBytes(t, p, owed)
	wantHealthy(t, p.House)
}

// copyUnderLoad has a copy made while webhooks come, and returns those that were accepted before it began,
// and all.
func copyUnderLoad(t *testing.T, p *rig.Project, data, copied string) (before, all []sent) {
	t.Helper()
	s, enough := &stream{project: p}, make(chan struct{})
	var sending sync.WaitGroup
	sending.Go(func() { s.run(enough) })
	flows := func(n int) {
		t.Helper()
		had := len(p.Receiver.Got())
		rig.Until(t, time.Minute, "webhooks flow", func() bool { return len(p.Receiver.Got()) >= had+n })
	}
	flows(20)
	before = s.accepted()
	backup := rig.Start(t, "backup", []string{"SYNCHOOK_DATA=" + data}, rig.Binary(), "backup", "--to", copied)
	backup.WantEnd(time.Minute)
	flows(20)
	close(enough)
	sending.Wait()
	all = s.accepted()
	t.Logf("%d events before the copy, %d in all: %s", len(before), len(all), backup.Output())
	return before, all
}

// deliveriesIn returns the deliveries that a store has, with their bodies.
func deliveriesIn(t *testing.T, p *rig.Project) map[string]*synchookv1.GetDeliveryResponse {
	t.Helper()
	found := map[string]*synchookv1.GetDeliveryResponse{}
	for _, d := range p.Deliveries() {
		whole, err := p.Client().Deliveries.GetDelivery(t.Context(), &synchookv1.GetDeliveryRequest{Id: d.GetId()})
		if err != nil {
			t.Fatal(err)
		}
		found[d.GetId()] = whole
	}
	return found
}

// sendAgain has GitHub send all webhooks again. Those that are in the copy, which the first ones must be,
// are recognised.
func sendAgain(t *testing.T, p *rig.Project, all []sent, known int) []rig.Push {
	t.Helper()
	var pushes []rig.Push
	for i, one := range all {
		a, err := p.GitHub.Push(t.Context(), p.WebhookURL(), one.id, one.Issue)
		if err != nil || !a.OK() || a.Duplicate && a.Event != one.Event {
			t.Fatalf("issue %d of %s, which was event %s, was answered %+v, %v", one.Number, one.Connection, one.Event, a, err)
		}
		if i < known && !a.Duplicate {
			t.Errorf("event %s was accepted before the copy was begun, and is not in it", one.Event)
		}
		pushes = append(pushes, rig.Push{Issue: one.Issue, Event: a.Event, At: time.Now()})
	}
	return pushes
}

// wantSameBytes wants webhooks that were owed in the copy, and may have been sent before, to have come under
// their IDs with their bytes.
func wantSameBytes(t *testing.T, p *rig.Project, owed map[string]*synchookv1.GetDeliveryResponse) {
	t.Helper()
	for _, a := range p.Receiver.Got() {
		if d := owed[a.ID]; d != nil && string(d.GetBody()) != a.Raw {
			t.Errorf("webhook %s came as %q, and was stored as %q", a.ID, a.Raw, d.GetBody())
		}
	}
}

// wantHealthy wants the doctor to find nothing amiss.
func wantHealthy(t *testing.T, h *rig.House) {
	t.Helper()
	for _, ailment := range h.Examine().Ailments() {
		t.Error(ailment)
	}
}
