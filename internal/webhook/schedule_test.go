package webhook

import (
	"math"
	"testing"
	"time"
)

// always gives the same number for ever.
func always(number float64) func() float64 { return func() float64 { return number } }

const almostOne = 1 - 1.0/(1<<53)

func TestDefaultScheduleGrowsToAboutThreeDays(t *testing.T) {
	t.Parallel()
	want := []string{"5s", "30s", "2m", "10m", "30m", "1h", "2h", "5h", "10h", "14h", "20h", "24h"}
	var sum time.Duration
	for i, text := range want {
		length, _ := time.ParseDuration(text)
		delay, more := Default().Delay(i+1, 0, always(0.5))
		if delay != length || !more {
			t.Errorf("after attempt %d: %v, %v, want %v", i+1, delay, more, length)
		}
		sum += delay
	}
	if delay, more := Default().Delay(len(want)+1, time.Hour, always(0.5)); more || delay != 0 {
		t.Errorf("after the last attempt: %v, %v", delay, more)
	}
	if days := sum.Hours() / 24; days < 3 || days > 3.5 {
		t.Errorf("the schedule takes %.2f days", days)
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	schedule := Schedule{10 * time.Second, time.Minute}
	tests := map[string]struct {
		schedule   Schedule
		attempt    int
		retryAfter time.Duration
		chance     float64
		want       time.Duration
		more       bool
	}{
		"a fifth shorter at most":               {schedule, 1, 0, 0, 8 * time.Second, true},
		"a fifth longer at most":                {schedule, 1, 0, almostOne, 12 * time.Second, true},
		"the second delay":                      {schedule, 2, 0, 0.5, time.Minute, true},
		"exhausted":                             {schedule, 3, 0, 0.5, 0, false},
		"exhausted whatever is asked for":       {schedule, 3, time.Hour, 0.5, 0, false},
		"a longer Retry-After is kept":          {schedule, 1, time.Minute, 0, time.Minute, true},
		"a longer Retry-After is spread":        {schedule, 1, time.Minute, almostOne, 72 * time.Second, true},
		"a shorter Retry-After changes nothing": {schedule, 2, time.Second, 0.5, time.Minute, true},
		"an attempt below 1 counts as 1":        {schedule, 0, 0, 0.5, 10 * time.Second, true},
		"no delays is a single attempt":         {Schedule{}, 1, 0, 0.5, 0, false},
		"nil is a single attempt":               {nil, 1, 0, 0.5, 0, false},
		"an attempt below 1, and no delays":     {nil, 0, 0, 0.5, 0, false},
		"no wait at all":                        {Schedule{0}, 1, 0, 0.5, 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			delay, more := test.schedule.Delay(test.attempt, test.retryAfter, always(test.chance))
			if math.Abs(float64(delay-test.want)) > 1000 || more != test.more {
				t.Errorf("got %v, %v, want %v, %v", delay, more, test.want, test.more)
			}
		})
	}
}

func TestDelaysOfOneOutageDoNotComeBackTogether(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for i := range 100 {
		delay, _ := Default().Delay(3, time.Hour, always(float64(i)/100))
		seen[delay] = true
	}
	if len(seen) != 100 {
		t.Errorf("100 deliveries come back at %d instants", len(seen))
	}
}

func TestAWaitIsAsLongAsTheEndpointAskedWhenThatIsNoLessThanTheSchedules(t *testing.T) {
	t.Parallel()
	s := Schedule{10 * time.Second, time.Minute}
	for _, c := range []struct {
		attempt    int
		retryAfter time.Duration
		want       bool
	}{
		{1, 0, false}, {1, 9 * time.Second, false}, {1, 10 * time.Second, true}, {0, time.Hour, true},
		{2, 59 * time.Second, false}, {2, time.Minute, true}, {3, time.Hour, false},
	} {
		if got := s.Outlasted(c.attempt, c.retryAfter); got != c.want {
			t.Errorf("after attempt %d and asked for %v: %v", c.attempt, c.retryAfter, got)
		}
	}
	if (Schedule{0}).Outlasted(1, 0) {
		t.Error("nothing was asked for")
	}
}

func TestTheMostAttemptsAreOneMoreThanDelaysAndThoseThatWereFree(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		delays           []time.Duration
		made, free, want int
	}{
		{nil, 0, 0, 13}, {nil, 20, 5, 20}, {[]time.Duration{1}, 0, 0, 2}, {[]time.Duration{1}, 3, 2, 4}, {[]time.Duration{1}, 9, 0, 9},
	} {
		if got := ScheduleOf(c.delays).Most(c.made, c.free); got != c.want {
			t.Errorf("%d delays, %d made, %d of them free: %d, want %d", len(c.delays), c.made, c.free, got, c.want)
		}
	}
}
