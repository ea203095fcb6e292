package synchook_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

func TestPartsOfLatenciesAreKnownWithinAQuarter(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		exact := make([]time.Duration, 1+chance.IntN(500))
		counted := synchook.Latencies{}
		longest := time.Microsecond << chance.IntN(26) // up to about 30 s
		for i := range exact {
			exact[i] = time.Microsecond + time.Duration(chance.Int64N(int64(longest)))
			counted[synchook.LatencyBucket(exact[i])]++
		}
		slices.Sort(exact)
		for _, part := range []float64{0.01, 0.5, 0.95, 1} {
			want := exact[min(int(part*float64(len(exact))+0.999999), len(exact))-1]
			got := counted.Within(part)
			if got < want-time.Nanosecond || got > want*5/4+time.Nanosecond {
				t.Fatalf("%v of %d are within %v, and said to be within %v", part, len(exact), want, got)
			}
		}
		if counted.Total() != int64(len(exact)) {
			t.Fatalf("%d were counted of %d", counted.Total(), len(exact))
		}
	}
}

func TestLatenciesThatAreNoneAreZero(t *testing.T) {
	t.Parallel()
	var none synchook.Latencies
	if none.Total() != 0 || none.Within(0.5) != 0 {
		t.Errorf("there are %d within %v", none.Total(), none.Within(0.5))
	}
	for _, d := range []time.Duration{-time.Second, 0, time.Nanosecond, time.Microsecond} {
		if b := synchook.LatencyBucket(d); b != 0 {
			t.Errorf("%v is in bucket %d", d, b)
		}
	}
}
