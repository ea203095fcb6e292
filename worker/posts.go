package worker

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/synchook/synchook/internal/synchook"
)

// posts are the requests that may be in flight in the process. Lanes ask for them before they take rows. It may
// be used concurrently.
type posts struct {
	mu        sync.Mutex
	allotment *allotment
}

func newPosts(most int) *posts { return &posts{allotment: newAllotment(most)} }

// seat is a shift's place among those who share the posts. That of a lane whose rows are no requests is nil.
type seat struct {
	posts *posts
	share *share
}

// seat gives a shift a seat, which it must leave, and says what is known of its lane's pace.
func (p *posts) seat(project synchook.ProjectID, lane synchook.LaneID) (*seat, pace) {
	if p == nil {
		return nil, unknown
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &share{project: project, lane: lane, room: make(chan struct{}, 1)}
	p.allotment.enter(s, time.Now())
	return &seat{p, s}, s.last
}

// ask returns how many of n more requests may begin now. When that is not all, room tells when there may be
// more.
func (s *seat) ask(f flight, n int) int {
	if s == nil {
		return n
	}
	s.posts.mu.Lock()
	defer s.posts.mu.Unlock()
	s.posts.allotment.ask(s.share, f, n, time.Now())
	s.forget()
	return s.share.spare
}

// forget forgets that there was room.
func (s *seat) forget() {
	select {
	case <-s.share.room:
	default:
	}
}

// settle says what is in flight, gives back what was asked for beside that, and waits for room for n more.
func (s *seat) settle(f flight, n int) {
	if s == nil {
		return
	}
	s.posts.mu.Lock()
	defer s.posts.mu.Unlock()
	s.forget()
	s.posts.allotment.settle(s.share, f, n, time.Now())
}

// room tells that there is room for more.
func (s *seat) room() <-chan struct{} {
	if s == nil {
		return nil
	}
	return s.share.room
}

func (s *seat) leave() {
	if s == nil {
		return
	}
	s.posts.mu.Lock()
	defer s.posts.mu.Unlock()
	s.posts.allotment.leave(s.share, time.Now())
}

// waiting counts the lanes that have nothing in flight because there is no room.
func (p *posts) waiting() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, s := range p.allotment.waiting {
		if s.held() == 0 {
			n++
		}
	}
	return float64(n)
}

// collectors are the metrics of the posts.
func (p *posts) collectors() []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "synchook_posts", Help: "Outgoing webhooks that may wait for an answer at once in this process.",
		}, func() float64 { return float64(p.allotment.most) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "synchook_posts_waiting", Help: "Endpoints that nothing can be sent to now, because too many others do not answer.",
		}, p.waiting),
	}
}
