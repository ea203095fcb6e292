package faults

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// mixSeed is the seed of the mix: the one that was asked for, or a new one.
var mixSeed = sync.OnceValue(func() uint64 {
	if *seed != 0 {
		return *seed
	}
	return rand.Uint64N(1_000_000) + 1
})

func mixName() string { return fmt.Sprintf("seed %d", mixSeed()) }

// The seed fixes which faults there are, in which order, and the times between them. Recovery from one
// takes longer than that, so that they overlap in effect.
func TestAMixOfFaultsLosesNothing(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(mixSeed(), 0))
	chosen := mixOf(random, byLength(4, 40))
	pauses := make([]time.Duration, len(chosen))
	for i := range pauses {
		pauses[i] = time.Duration(random.Int64N(int64(2 * time.Second)))
	}
	whole := fault{name: fmt.Sprintf("%d at random, %s", len(chosen), mixName()), group: "mixed", doubles: doublesOf(chosen)}
	whole.do = func(s *scene) {
		for i, f := range chosen {
			progress("mixed: %s: %s", f.group, f.name)
			f.do(s)
			s.ended = time.Time{}
			s.wait(pauses[i])
		}
	}
	newScene(t, whole).play()
}

// mixOf chooses n faults that can be mixed.
func mixOf(random *rand.Rand, n int) []fault {
	var all, chosen []fault
	for _, f := range faults() {
		if f.mixable() {
			all = append(all, f)
		}
	}
	for range n {
		chosen = append(chosen, all[random.IntN(len(all))])
	}
	return chosen
}

// doublesOf are the reasons for duplicates of several faults.
func doublesOf(chosen []fault) string {
	var reasons []string
	for _, f := range chosen {
		if f.doubles != "" {
			reasons = append(reasons, f.doubles)
		}
	}
	return strings.Join(reasons, "; ")
}

func TestASeedRepeatsItsMix(t *testing.T) {
	t.Parallel()
	names := func(seed uint64) string {
		var all []string
		for _, f := range mixOf(rand.New(rand.NewPCG(seed, 0)), 40) {
			all = append(all, f.group+" "+f.name)
		}
		return strings.Join(all, ", ")
	}
	first, again, other := names(7), names(7), names(8)
	if first != again || first == other {
		t.Errorf("seed 7 gives\n%s\nand\n%s, seed 8\n%s", first, again, other)
	}
}
