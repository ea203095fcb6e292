package webhook

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxRetryAfter is the longest wait that an endpoint can ask for.
const MaxRetryAfter = 24 * time.Hour

// retryAfter reads Retry-After in its two forms (RFC 9110, 10.2.3), the seconds also with a fraction, as
// some gateways send them. What is neither is ignored. Of several, the longest counts: each is a time
// before which one of those who answered does not want to be called.
func retryAfter(header http.Header, now time.Time) time.Duration {
	var longest time.Duration
	for _, text := range header.Values("Retry-After") {
		longest = max(longest, parseWait(strings.TrimSpace(text), now))
	}
	return longest
}

func parseWait(text string, now time.Time) time.Duration {
	if seconds, ok := parseSeconds(text); ok {
		return seconds
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), MaxRetryAfter)
}

// parseSeconds reads a number of seconds of any length: digits, and perhaps a fraction.
func parseSeconds(text string) (time.Duration, bool) {
	whole, fraction, dotted := strings.Cut(text, ".")
	if !isDigits(whole) || dotted && !isDigits(fraction) {
		return 0, false
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || seconds >= MaxRetryAfter.Seconds() {
		return MaxRetryAfter, true
	}
	return time.Duration(seconds * float64(time.Second)), true
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
