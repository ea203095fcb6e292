package proxy

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	firstDelay = time.Second
	maxDelay   = time.Minute
)

// retryable reports whether a response with this status is worth another
// attempt: 429, every 5xx, and what the script listed itself.
func retryable(status int, retryOn []int) bool {
	return status == http.StatusTooManyRequests || status >= 500 || slices.Contains(retryOn, status)
}

// delay returns how long to wait after the given attempt (1 is the first)
// before the next: until the time that the API names, else exponentially with
// 20 % of jitter each way. The random number is in [0, 1).
func delay(attempt int, h http.Header, names RetryHeader, now time.Time, random float64) time.Duration {
	if d := askedDelay(h, names, now); d > 0 {
		return d
	}
	d := maxDelay
	if shift := attempt - 1; shift < 6 {
		d = firstDelay << shift
	}
	return time.Duration(float64(d) * (0.8 + 0.4*random))
}

// askedDelay returns the delay that the response headers ask for: the API's
// own header first, then Retry-After (RFC 9110, section 10.2.3). Zero means
// that they ask for none, or for a time that has passed.
func askedDelay(h http.Header, names RetryHeader, now time.Time) time.Duration {
	if at, ok := seconds(h, names.At); ok {
		return unixSeconds(at).Sub(now)
	}
	if after, ok := seconds(h, names.After); ok {
		return fromSeconds(after)
	}
	if after, ok := seconds(h, "Retry-After"); ok {
		return fromSeconds(after)
	}
	if date, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		return date.Sub(now)
	}
	return 0
}

// maxSeconds bounds what a header may say, so that no value overflows a
// time.Duration. It is the year 2243, or 273 years from now.
const maxSeconds = 1 << 33

// seconds reads a non-negative number of seconds, fractions allowed.
func seconds(h http.Header, name string) (float64, bool) {
	if name == "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(h.Get(name), 64)
	return n, err == nil && n >= 0 && n <= maxSeconds
}

// fromSeconds converts a number of seconds.
func fromSeconds(n float64) time.Duration {
	return time.Duration(n * float64(time.Second))
}

// unixSeconds converts a time in unix seconds.
func unixSeconds(n float64) time.Time {
	whole := int64(n)
	return time.Unix(whole, int64(fromSeconds(n-float64(whole))))
}
