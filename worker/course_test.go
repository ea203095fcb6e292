package worker

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// courseOf is the course of a lane whose turn told that flow.
func courseOf(flow string) *course {
	c := &course{}
	c.rule(webhook.FlowRules{MaxInFlight: 64})
	c.heard(&flow, 0, start)
	return c
}

// attempt has an attempt for a delivery end so.
func (c *course) attempt(id string, outcome webhook.Outcome, at time.Time) (spared bool, change turnOfEvents) {
	probe := c.begin()
	defer c.landed()
	return c.learn(synchook.DeliveryID(id), answered(outcome, at), probe)
}

const probing = "1 v1 l1 g1 o1767268000000 s1767268000000 rit answered 500 Internal Server Error"

func TestAnEndpointThatFailsIsProbedAndItsDeliveriesAreSpared(t *testing.T) {
	t.Parallel()
	c := courseOf("")
	for i := range 5 {
		want := noChange
		if i == 4 {
			want = beganToFail
		}
		if spared, change := c.attempt(fmt.Sprint("dlv_", i), webhook.Retry, start); spared || change != want {
			t.Errorf("failure %d: spared %v, change %v", i+1, spared, change)
		}
	}
	if more, again := c.allow(0, start); more != 0 || !again.After(start) {
		t.Errorf("%d more may go, and again at %v", more, again)
	}
	later := start.Add(time.Minute)
	if spared, change := c.attempt("dlv_5", webhook.Retry, later); !spared || change != noChange {
		t.Errorf("a probe that failed: spared %v, change %v", spared, change)
	}
	if spared, change := c.attempt("dlv_6", webhook.Delivered, later); spared || change != cameBack {
		t.Errorf("a probe that was answered: spared %v, change %v", spared, change)
	}
	if more, _ := c.allow(0, later); more != 1 {
		t.Errorf("%d may go, want it to begin with one", more)
	}
}

func TestWhatIsToldIsToldUntilATurnHasTakenItIn(t *testing.T) {
	t.Parallel()
	c := courseOf(probing)
	c.attempt("dlv_1", webhook.Delivered, start)
	first := c.tell(2, start)
	if !first.recovered.Equal(start) || first.flow.Hold != 0 {
		t.Errorf("told is %+v", first)
	}
	c.attempt("dlv_2", webhook.Gone, start.Add(2*time.Second))
	if again := c.tell(2, start.Add(time.Minute)); again != first {
		t.Errorf("a turn that is sent again tells %+v, and told %+v", again, first)
	}
	c.heard(nil, 0, start)
	second := c.tell(3, start)
	if !second.recovered.IsZero() || second.disabled.IsZero() || second.flow.Disable == "" {
		t.Errorf("the next turn tells %+v", second)
	}
	c.heard(nil, 0, start)
	if third := c.tell(4, start); third.flow.Disable != second.flow.Disable || third.disabled != second.disabled {
		t.Errorf("the store, which may not have taken it in, is told %+v", third)
	}
	resumed := "1 v1 l1 g1 o1767268801000"
	c.heard(&resumed, 0, start)
	if anew := c.tell(5, start); anew.flow.Disable != "" || !anew.disabled.IsZero() {
		t.Errorf("after a person resumed it, told is %+v", anew)
	}
}

func TestNothingIsToldOfWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	c := &course{}
	c.rule(webhook.FlowRules{MaxInFlight: 64, Rate: 3})
	if told := c.tell(1, start); told.flow != nil {
		t.Errorf("told is %+v", told.flow)
	}
	if more, _ := c.allow(4, start); more != 60 {
		t.Errorf("%d may go, want the store to bound it", more)
	}
	if n := c.fresh(start); n != 3 {
		t.Errorf("%d may go to a fresh endpoint, want what its rate allows", n)
	}
}

func TestALaneWithAPaceIsKeptWhileItWaitsAndTakesNoTurnMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeLane(64, rows(3, time.Millisecond)...)
		began := time.Now()
		free := began
		f.allow = func(_ int, now time.Time) (int, time.Time) {
			if free.After(now) {
				return 0, free
			}
			return 1, time.Time{}
		}
		take := f.take
		f.take = func(ctx context.Context, turn store.Turn, done []time.Duration) (store.Taken[time.Duration], error) {
			taken, err := take(ctx, turn, done)
			if len(taken.Rows) > 0 {
				free = time.Now().Add(300 * time.Millisecond)
			}
			if taken.Word == store.TurnLeft && len(f.due) > 0 && turn.Leave == store.LeaveIdle { // as turn.lua does within a short hold
				taken.Word = store.TurnOK
			}
			return taken, err
		}
		if err := f.work(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		f.shifts.wait()
		if took := f.left.Sub(began); took < 600*time.Millisecond || took > 650*time.Millisecond || len(f.turns) > 6 {
			t.Errorf("three rows took %v and %d turns", took, len(f.turns))
		}
	})
}

func TestALaneThatMayTakeNothingForLongIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeLane(64, rows(3, time.Millisecond)...)
		f.allow = func(int, time.Time) (int, time.Time) { return 0, time.Now().Add(time.Minute) }
		began := time.Now()
		if err := f.work(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if took := f.left.Sub(began); took != 0 || len(f.turns) != 1 || f.turns[0].Want != 0 || f.turns[0].Leave != store.LeaveIdle {
			t.Errorf("it was left after %v and the turns %+v", took, f.turns)
		}
	})
}

func TestAnEndpointsNewsNameItAndSayWhy(t *testing.T) {
	t.Parallel()
	ends := []synchook.Endpoint{
		{ID: "end_1", URL: "https://one.example", Operational: []synchook.OperationalType{synchook.EndpointDisabled}},
		{ID: "end_2", URL: "https://two.example", Operational: []synchook.OperationalType{synchook.EndpointDisabled}},
		{ID: "end_3", URL: "https://three.example"},
	}
	news := endpointNews(without(ends, "end_1"), ends[0], synchook.EndpointDisabled, "it answered 410", start)
	if len(news) != 1 || news[0].Endpoint != "end_2" {
		t.Fatalf("the news are %+v", news)
	}
	if body := string(news[0].Body); !strings.Contains(body, `"endpointId":"end_1"`) || !strings.Contains(body, "it answered 410") {
		t.Errorf("the body is %s", body)
	}
}
