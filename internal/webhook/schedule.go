package webhook

import "time"

// jitter is the part of a delay that chance may take away or add.
const jitter = 0.2

// Schedule lists how long to wait after each failed attempt. The first attempt is immediate, so there
// is one attempt more than delays.
type Schedule []time.Duration

// Default waits about three days altogether. It returns a new slice, which the caller may change.
func Default() Schedule {
	return Schedule{
		5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// ScheduleOf returns the schedule with these delays; without any, it is the default.
func ScheduleOf(delays []time.Duration) Schedule {
	if len(delays) > 0 {
		return delays
	}
	return Default()
}

// Most says how many attempts a delivery gets at most, of which so many were made, and of these so many used
// nothing of the schedule up. One whose schedule was longer then may have had more.
func (s Schedule) Most(made, free int) int {
	return max(len(s)+1+free, made)
}

// Delay says how long to wait after the given attempt failed, the first being 1, and whether there is
// another attempt at all. A delay is up to a fifth shorter or longer by chance. What the endpoint asked
// for with Retry-After is a lower bound: it is only ever made longer, since many deliveries that come
// back at the same instant are what it wants to be spared. The caller's random gives numbers in [0, 1).
func (s Schedule) Delay(attempt int, retryAfter time.Duration, random func() float64) (delay time.Duration, more bool) {
	attempt = max(attempt, 1)
	if attempt > len(s) {
		return 0, false
	}
	chance := random()
	delay = stretch(s[attempt-1], jitter*(2*chance-1))
	return max(delay, stretch(retryAfter, jitter*chance)), true
}

// Outlasted reports whether a wait after the given attempt is as long as it is because the endpoint asked for it:
// with Retry-After it asked for no less than the schedule's delay.
func (s Schedule) Outlasted(attempt int, retryAfter time.Duration) bool {
	attempt = max(attempt, 1)
	return retryAfter > 0 && attempt <= len(s) && retryAfter >= s[attempt-1]
}

func stretch(d time.Duration, by float64) time.Duration {
	return d + time.Duration(float64(d)*by)
}
