package store

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// LeaseTime is how long a lane belongs to who takes a turn on it, unless the next turn comes first.
const LeaseTime = 15 * time.Second

// ShortHold is for how long a lane may be held whose worker waits for the end of that, and stays. lua/turn.lua knows it.
const ShortHold = 2 * time.Second

// Leave says when a turn gives the lane back.
type Leave int

// The ways to leave.
const (
	Stay      Leave = iota // keep the lane
	LeaveIdle              // when nothing is due and nothing in flight
	LeaveNow               // when nothing is in flight; what is due gets another hint
)

// Turn is one turn on a lane.
type Turn struct {
	Lane       synchook.LaneID
	Generation int64  // of the hint; 0: any
	Token      string // of the lane's worker; chosen anew by each
	Number     int    // of the turn, from 1; sent again, it gets the same answer
	Want       int    // how many due rows to take
	Limit      int    // how many may be in flight
	Leave      Leave
	Flow       *FlowTold // of a lane of deliveries; nil: its worker does not know the flow yet
	Fresh      int       // how many rows it takes then at most, if nothing is known of the endpoint; 0: as many as it wants
}

// FlowTold is what a lane's worker tells of its endpoint with a turn. When a person released the lane since
// the last one, it is not heard.
type FlowTold struct {
	Text    string        // of a webhook.Flow
	Hold    time.Duration // for how long nothing is taken from now on; 0: what is due may be
	Disable string        // why the endpoint is disabled now; empty: it is not
	// Deliveries are operational ones that tell of it. Those of a disabled endpoint are made if it was not held.
	Deliveries []synchook.Delivery
}

// TurnWord says how a turn went.
type TurnWord string

// The words.
const (
	TurnOK    TurnWord = "ok"
	TurnLeft  TurnWord = "left"  // the lane was given back
	TurnBusy  TurnWord = "busy"  // somebody else works it
	TurnStale TurnWord = "stale" // the hint was of an older generation
	TurnLost  TurnWord = "lost"  // the lease ran out and somebody else took the lane
)

// Taken is the answer to a turn.
type Taken[Row any] struct {
	Word  TurnWord
	Fence int64
	Now   time.Time
	Next  time.Time // when the next row may be taken; zero: there is none, or the lane is held
	Flow  *string   // the text of the lane's flow, of a lane of deliveries; nil: it is as the worker told it
	Rows  []Row
	Hints []synchook.Hint // to be sent
}

// RunDone hands in what became of a run that was in flight.
type RunDone struct {
	Run  synchook.Run // with its new state, attempts, error and counts
	Wait time.Duration
	Back bool // it was not really begun: it goes back as it was
	// Deliveries are what it owes. Those of an operational type are made only if what they tell of is new: a sync
	// that failed already fails for nobody.
	Deliveries []synchook.Delivery
	Buried     []synchook.ModelID // models of which it deleted records
	Sync       Standing           // how it leaves its sync
	Access     Access             // and its connection
}

// TurnRuns takes a turn on a lane of runs.
func (s *Store) TurnRuns(ctx context.Context, p synchook.ProjectID, t Turn, done []RunDone) (Taken[synchook.Run], error) {
	args := t.args()
	for _, d := range done {
		op := "end"
		switch {
		case d.Back:
			op = "back"
		case !d.Run.State.Ended():
			op = "again"
		}
		r := d.Run
		args = append(args, string(r.ID), op, r.Attempts, string(r.State), r.Error, toJSON(r.Counts), millis(r.Started),
			d.Wait.Milliseconds(), flag(r.Initial), strings.Join(untyped(d.Buried), ","), string(d.Sync), d.Access.String())
		args = appendDeliveries(args, d.Deliveries)
	}
	return takeTurn(ctx, s, p, turnRunsScript, args, func(id string, v any) (synchook.Run, error) {
		return decodeRun(synchook.RunID(id), fields(v))
	})
}

// appendDeliveries adds how many deliveries are to be made, and these, as lua/deliver.lua reads them.
func appendDeliveries(args []any, deliveries []synchook.Delivery) []any {
	args = append(args, len(deliveries))
	for _, d := range deliveries {
		args = append(args, string(d.ID), string(d.Operational), toJSON(d.DeliveryFacts), d.Body, string(d.Endpoint), coalescing(d))
	}
	return args
}

// DeliveryDone hands in what became of a delivery that was in flight.
type DeliveryDone struct {
	Delivery synchook.Delivery // with its new state, attempts and reason
	Attempt  *synchook.Attempt // nil: none was made
	Wait     time.Duration     // before the next attempt, when it is still pending
	Back     bool              // nothing was done: it goes back as it was
	Slowed   bool              // the endpoint asked us to slow down
	// Deliveries are operational ones that tell of it.
	Deliveries []synchook.Delivery
}

// counts are what is added to the statistics, as lua/stats.lua counts it.
func (d DeliveryDone) counts() string {
	words := ""
	if d.Attempt != nil {
		words = strconv.Itoa(synchook.LatencyBucket(d.Attempt.Duration))
		if d.Delivery.State != synchook.DeliveryDelivered {
			words += "f"
		}
	}
	if d.Slowed {
		words += "t"
	}
	if d.Delivery.State == synchook.DeliveryExhausted {
		words += "x"
	}
	return words
}

// TurnDeliveries takes a turn on a lane of deliveries. The rows it takes have their bodies.
func (s *Store) TurnDeliveries(ctx context.Context, p synchook.ProjectID, t Turn, done []DeliveryDone) (Taken[synchook.Delivery], error) {
	args := append(t.args(), t.flowArgs()...)
	for _, d := range done {
		var attempt []byte
		if d.Attempt != nil {
			attempt = encodeAttempt(*d.Attempt)
		}
		op := string(d.Delivery.State)
		switch {
		case d.Back:
			op = "back"
		case d.Delivery.State == synchook.DeliveryPending:
			op = "again"
		}
		args = append(args, string(d.Delivery.ID), op, d.Delivery.Attempts, d.Delivery.LastStatus, d.Delivery.Reason,
			d.Wait.Milliseconds(), attempt, d.Delivery.Throttled, d.counts(), string(d.Delivery.Cause))
		args = appendDeliveries(args, d.Deliveries)
	}
	return takeTurn(ctx, s, p, turnDeliveriesScript, args, func(id string, v any) (synchook.Delivery, error) {
		w := words(v)
		d := synchook.Delivery{ID: synchook.DeliveryID(id)}
		if len(w) < 8 || w[0] == "" {
			return d, synchook.NotFound("delivery", id)
		}
		d.Body, d.Attempts = []byte(w[1]), int(number(w[2]))
		d.Created, d.State, d.Throttled = fromMillis(w[3]), synchook.DeliveryState(w[4]), int(number(w[5]))
		d.Base, d.Renewed = int(number(w[6])), fromMillis(w[7])
		err := fromJSON(w[0], &d.DeliveryFacts)
		return d, err
	})
}

// FanoutDone hands in an event whose runs are all queued, or that must be tried again.
type FanoutDone struct {
	Event synchook.EventID
	Again bool
	Wait  time.Duration // before it is tried again; the lane is held meanwhile
}

// TurnFanout takes a turn on a project's lane of large fan-outs.
func (s *Store) TurnFanout(ctx context.Context, p synchook.ProjectID, t Turn, done []FanoutDone) (Taken[synchook.EventID], error) {
	args := t.args()
	for _, d := range done {
		op := "end"
		if d.Again {
			op = "again"
		}
		args = append(args, string(d.Event), op, d.Wait.Milliseconds())
	}
	return takeTurn(ctx, s, p, turnFanoutScript, args, func(id string, _ any) (synchook.EventID, error) {
		return synchook.EventID(id), nil
	})
}

func (t Turn) args() []any {
	return []any{string(t.Lane), t.Generation, t.Token, t.Number, LeaseTime.Milliseconds(), t.Want, t.Limit, int(t.Leave)}
}

// flowArgs are what a turn says of the flow; a question mark asks for it.
func (t Turn) flowArgs() []any {
	if t.Flow == nil {
		return []any{"?", cmp.Or(t.Fresh, t.Want), "", 0}
	}
	hold := (t.Flow.Hold + time.Millisecond - 1).Milliseconds()
	return appendDeliveries([]any{t.Flow.Text, hold, t.Flow.Disable}, t.Flow.Deliveries)
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// turn runs a turn's script. Runs are only taken when replicas have what they come of: an event that a
// failover forgets comes again under another ID, and what its run had done would have been done already.
func (s *Store) turn(ctx context.Context, p synchook.ProjectID, script *redis.Script, args []any) ([]any, error) {
	const doing = "taking a turn"
	if script == turnRunsScript {
		return s.confirmed(ctx, doing, projectTag(p), script, args...)
	}
	answer, err := s.inProject(ctx, p, script, args...).Slice()
	return answer, failed(doing, err)
}

func takeTurn[Row any](ctx context.Context, s *Store, p synchook.ProjectID, script *redis.Script, args []any, read func(string, any) (Row, error)) (Taken[Row], error) {
	answer, err := s.turn(ctx, p, script, args)
	if err != nil {
		return Taken[Row]{}, err
	}
	word, _ := answer[0].(string)
	taken := Taken[Row]{Word: TurnWord(word)}
	if len(answer) == 1 {
		return taken, nil
	}
	w := words(answer[1:6])
	taken.Fence, taken.Now, taken.Next = int64(number(w[0])), fromMillis(w[1]), fromMillis(w[2])
	if w[3] != "=" {
		taken.Flow = &w[3]
	}
	n, err := strconv.Atoi(w[4])
	if err != nil || len(answer) != 7+2*n {
		return taken, fmt.Errorf("a turn answered %d values for %s rows", len(answer), w[4])
	}
	for i := range n {
		id, _ := answer[6+2*i].(string)
		row, err := read(id, answer[7+2*i])
		if err != nil {
			return taken, fmt.Errorf("reading row %s: %w", id, err)
		}
		taken.Rows = append(taken.Rows, row)
	}
	taken.Hints = s.onOurClock(hints(p, answer[len(answer)-1]), taken.Now)
	return taken, nil
}

// onOurClock translates when hints are to come from Redis's clock, on which it is now, to that of this
// machine, which is what carries them. Where the two differ, hints would come late, or again and again.
func (s *Store) onOurClock(hints []synchook.Hint, now time.Time) []synchook.Hint {
	for i, h := range hints {
		if h.At > 0 {
			hints[i].At = s.now().UnixMilli() + h.At - now.UnixMilli()
		}
	}
	return hints
}

// Overdue is a lane that somebody should have touched by now.
type Overdue struct {
	Lane       synchook.LaneID
	Generation int64
	Leased     bool          // a worker took it and did not come back
	Late       time.Duration // since somebody should have touched it
}

// nodeSlack is by how much the clock of a cluster's node may be ahead of the one that is asked. The project
// itself decides what is overdue; this only spares the asking.
const nodeSlack = 15 * time.Minute

// OverdueLanes returns up to n overdue lanes of each of the projects, those with none left out.
func (s *Store) OverdueLanes(ctx context.Context, projects []synchook.ProjectID, n int) (map[synchook.ProjectID][]Overdue, error) {
	late, err := s.perhapsLate(ctx, projects)
	if err != nil {
		return nil, failed("looking for overdue lanes", err)
	}
	out := map[synchook.ProjectID][]Overdue{}
	for _, p := range late {
		answer, err := s.inProject(ctx, p, overdueScript, n).Slice()
		if err != nil {
			return nil, failed("looking for overdue lanes", err)
		}
		for _, row := range answer {
			w := words(row)
			out[p] = append(out[p], Overdue{
				Lane: synchook.LaneID(w[0]), Generation: int64(number(w[1])), Leased: w[2] == "1",
				Late: time.Duration(number(w[3])) * time.Millisecond,
			})
		}
	}
	return out, nil
}

// perhapsLate returns the projects that may have overdue lanes, in one round trip. The time of a project is
// ahead of all clocks when they were set back.
func (s *Store) perhapsLate(ctx context.Context, projects []synchook.ProjectID) ([]synchook.ProjectID, error) {
	pipe := s.rdb.Pipeline()
	theirs := pipe.Time(ctx)
	firsts := make([]*redis.ZSliceCmd, len(projects))
	clocks := make([]*redis.SliceCmd, len(projects))
	for i, p := range projects {
		firsts[i] = pipe.ZRangeWithScores(ctx, key(p, "due"), 0, 0)
		clocks[i] = pipe.MGet(ctx, key(p, "clock"), key(p, "ahead"))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	t := theirs.Val()
	if ours := s.now(); ours.After(t) {
		t = ours
	}
	var late []synchook.ProjectID
	for i, p := range projects {
		first, clock := firsts[i].Val(), words(clocks[i].Val())
		latest := max(number(clock[0]), float64(t.UnixMilli())+number(clock[1])) + float64(nodeSlack.Milliseconds())
		if len(first) > 0 && first[0].Score <= latest {
			late = append(late, p)
		}
	}
	return late, nil
}

// Rewake wakes an overdue lane again. If its hint is still on its way, it is asked after later.
func (s *Store) Rewake(ctx context.Context, p synchook.ProjectID, o Overdue, onItsWay bool) ([]synchook.Hint, error) {
	word := "wake"
	if onItsWay {
		word = "wait"
	}
	answer, err := s.inProject(ctx, p, rewakeScript, string(o.Lane), o.Generation, word).Slice()
	return hints(p, answer), failed("waking a lane", err)
}

// Lead takes or renews the lease of a role for who asks, and reports whether it has it.
func (s *Store) Lead(ctx context.Context, role, who string, d time.Duration) (bool, error) {
	n, err := leaseScript.Run(ctx, s.rdb, []string{"synchook:lease:" + role}, who, d.Milliseconds()).Int()
	return n == 1, failed("taking the lease of "+role, err)
}

// Waiting returns how many rows wait or are in flight in a lane.
func (s *Store) Waiting(ctx context.Context, p synchook.ProjectID, lane synchook.LaneID) (int64, error) {
	n, err := s.rdb.ZCard(ctx, key(p, "rows", string(lane))).Result()
	return n, failed("counting a lane", err)
}
