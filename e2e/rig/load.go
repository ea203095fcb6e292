package rig

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Push is a webhook that was accepted.
type Push struct {
	Issue
	Event string
	At    time.Time
}

// Load is a stream of pushes to all connections of a project, in order for each of them.
type Load struct {
	project *Project
	mu      sync.Mutex
	pushes  []Push
	refused int
	sending sync.WaitGroup
}

// Push starts a load: at least so many webhooks to each connection, and on until enough is closed.
// Who is answered 503, or not at all, sends the same webhook again: GitHub itself would not, but whoever
// asks it to does.
func (p *Project) Push(least int, enough <-chan struct{}) *Load {
	l := &Load{project: p}
	for i, c := range p.Connections {
		l.sending.Go(func() {
			tick := time.NewTicker(p.Pace)
			defer tick.Stop()
			for n := 1; n <= least || !Closed(enough); n++ {
				if !l.send(Issue{Connection: c, Installation: i + 1, Number: n}, tick.C) {
					return
				}
				<-tick.C
			}
		})
	}
	return l
}

// send pushes until the webhook is accepted.
func (l *Load) send(i Issue, tick <-chan time.Time) bool {
	p, id := l.project, NewID()
	for {
		a, err := p.GitHub.Push(p.House.T.Context(), p.WebhookURL(), id, i)
		switch {
		case p.House.T.Context().Err() != nil:
			return false
		case err == nil && a.OK():
			l.note(func() { l.pushes = append(l.pushes, Push{i, a.Event, time.Now()}) })
			return true
		case err != nil: // the server died before it could answer; what it had accepted is a duplicate now
		case a.Status == http.StatusServiceUnavailable:
			l.note(func() { l.refused++ })
		default:
			p.House.T.Errorf("webhook %d to %s was answered %d", i.Number, i.Connection, a.Status)
			return false
		}
		<-tick
	}
}

func (l *Load) note(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	do()
}

// Accepted returns the webhooks that were accepted so far.
func (l *Load) Accepted() []Push {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.pushes)
}

// Refusals returns how often the answer was 503 so far.
func (l *Load) Refusals() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// End waits until all is sent, and returns it.
func (l *Load) End() []Push {
	l.sending.Wait()
	return l.Accepted()
}
