package synchook

import (
	"maps"
	"math"
	"slices"
	"time"
)

// latencyStep is by how much the bounds of two buckets of latencies differ.
const latencyStep = 1.25

// LatencyBucket returns the number of the bucket that a latency belongs to: the first, 0, holds those of up to
// a microsecond, and each of the others those of up to a quarter more than the one before.
func LatencyBucket(d time.Duration) int {
	if d <= time.Microsecond {
		return 0
	}
	return int(math.Ceil(math.Log(float64(d)/float64(time.Microsecond)) / math.Log(latencyStep)))
}

// Latencies counts latencies by their bucket. The zero value holds none, and may be read.
type Latencies map[int]int64

// Total returns how many there are.
func (l Latencies) Total() int64 {
	var n int64
	for _, count := range l {
		n += count
	}
	return n
}

// Within returns a time within which that part of them was, from above 0 to 1: the bound of a bucket, which
// is at most a quarter more than the least such time. Without latencies it is zero.
func (l Latencies) Within(part float64) time.Duration {
	wanted := int64(math.Ceil(part * float64(l.Total())))
	for _, bucket := range slices.Sorted(maps.Keys(l)) {
		if wanted -= l[bucket]; wanted <= 0 {
			return time.Duration(math.Pow(latencyStep, float64(bucket)) * float64(time.Microsecond))
		}
	}
	return 0
}
