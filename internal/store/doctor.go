package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// HintQueue is what the doctor needs of the queue: whether a lane's hint is on its way, and to send one.
type HintQueue interface {
	OnItsWay(ctx context.Context, lane synchook.LaneID, generation int64) (bool, error)
	Send(ctx context.Context, hints ...synchook.Hint) error
}

// Checkup says how a store is examined.
type Checkup struct {
	// Queue is asked after the hints of lanes that nobody touches, and sends those of lanes that are mended.
	Queue HintQueue
	// Repair mends what is found.
	Repair bool
	// Pause is how long a suspicion must last to count: work in motion is no fault. Zero: 2 s.
	Pause time.Duration
	// Progress is called about every 2 s while the store is read. Nil: nobody is told.
	Progress func(Progress)
}

// Progress is how far an examination has come.
type Progress struct {
	Keys, Of int64 // keys read so far, and about how many there are
	Members  int64 // rows and entries of indexes looked at
	Suspects int   // what did not look right so far
}

// Finding is something in the store that is not as it should be.
type Finding struct {
	Code       string                `json:"code"` // a stable name, such as "row_without_lane"
	Project    synchook.ProjectID    `json:"project,omitempty"`
	Connection synchook.ConnectionID `json:"connection,omitempty"` // set for what is in a connection's slot
	Member     string                `json:"member"`               // what it is about: an ID, a name or a key
	Problem    string                `json:"problem"`              // a sentence without a full stop
	Remedy     string                `json:"remedy"`               // what a repair does, or what a person can do
	ByHand     bool                  `json:"by_hand"`              // whether only a person can mend it
	Repaired   bool                  `json:"repaired"`
}

// Examined is the outcome of an examination.
type Examined struct {
	Keys     map[string]int64 `json:"keys"`    // how many there are of each kind in doc.go's table
	Members  int64            `json:"members"` // rows and entries of indexes looked at
	Findings []Finding        `json:"findings"`
}

// Left returns how many findings are not repaired.
func (e Examined) Left() int {
	n := 0
	for _, f := range e.Findings {
		if !f.Repaired {
			n++
		}
	}
	return n
}

// ErrNothingToExamine says that there is no data of ours in Redis.
var ErrNothingToExamine = errors.New("there is no synchook data in this Redis; check which one, and which database of it, is meant")

// Examine looks at everything in the store, and reports each place where the indexes and the rows
// disagree, or where something waits that nobody will be told of. It may be called while servers and
// workers work: each look is one script in one slot, and what does not look right is looked at again
// after a pause. Unless it repairs, it changes nothing but clocks, which any look at a lane moves on.
func (s *Store) Examine(ctx context.Context, c Checkup) (Examined, error) {
	have, err := s.rdb.Get(ctx, "synchook:schema").Result()
	switch {
	case isNil(err):
		return Examined{}, ErrNothingToExamine
	case err != nil:
		return Examined{}, failed("reading the schema version", err)
	}
	if err := judgeSchema(have); err != nil {
		return Examined{}, err
	}
	if c.Pause <= 0 {
		c.Pause = 2 * time.Second
	}
	return s.examine(ctx, c)
}

// rounds is how often the store is examined at most when it is repaired: mending one thing can bring
// another to light.
const rounds = 4

// examine examines the store, and again after each round of repairs that has mended something.
func (s *Store) examine(ctx context.Context, c Checkup) (Examined, error) {
	var all, before []symptom
	for round := 1; ; round++ {
		d := newDoctor(s, c)
		err := d.walk(ctx)
		var lasting []symptom
		if err == nil {
			lasting, err = d.judge(ctx)
		}
		all = append(all, lasting...)
		ended := err != nil || !c.Repair || round == rounds || len(lasting) == 0 || same(lasting, before)
		if ended {
			return Examined{Keys: d.keys, Members: d.members, Findings: findings(all, lasting)}, err
		}
		before = lasting
	}
}

// same reports whether two rounds found the same.
func same(a, b []symptom) bool {
	if len(a) != len(b) {
		return false
	}
	was := map[symptom]bool{}
	for _, s := range a {
		was[s.stable()] = true
	}
	return !slices.ContainsFunc(b, func(s symptom) bool { return !was[s.stable()] })
}
