package proxy

import (
	"net/http"
	"testing"
	"time"
)

func TestDelayIsWhatTheAPIAsksForElseExponential(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0).UTC()
	names := RetryHeader{At: "X-Reset", After: "X-After"}
	for _, test := range []struct {
		name    string
		attempt int
		header  map[string]string
		random  float64
		want    time.Duration
	}{
		{"first", 1, nil, 0.5, time.Second},
		{"second", 2, nil, 0.5, 2 * time.Second},
		{"sixth", 6, nil, 0.5, 32 * time.Second},
		{"seventh is capped", 7, nil, 0.5, time.Minute},
		{"so is the hundredth", 100, nil, 0.5, time.Minute},
		{"least jitter", 1, nil, 0, 800 * time.Millisecond},
		{"most jitter", 1, nil, 1, 1200 * time.Millisecond},
		{"reset time", 1, map[string]string{"X-Reset": "1700000030"}, 0.5, 30 * time.Second},
		{"reset time with a fraction", 1, map[string]string{"X-Reset": "1700000030.5"}, 0.5, 30500 * time.Millisecond},
		{"reset time passed", 1, map[string]string{"X-Reset": "1699999999"}, 0.5, time.Second},
		{"reset time goes before the others", 1, map[string]string{"X-Reset": "1700000009", "X-After": "5", "Retry-After": "3"}, 0.5, 9 * time.Second},
		{"seconds", 1, map[string]string{"X-After": "5", "Retry-After": "3"}, 0.5, 5 * time.Second},
		{"Retry-After in seconds", 4, map[string]string{"Retry-After": "3"}, 0.5, 3 * time.Second},
		{"Retry-After as a date", 1, map[string]string{"Retry-After": now.Add(time.Hour).Format(http.TimeFormat)}, 0.5, time.Hour},
		{"nonsense", 1, map[string]string{"X-Reset": "soon", "X-After": "-1", "Retry-After": "NaN"}, 0.5, time.Second},
		{"a number no clock has", 1, map[string]string{"X-After": "1e300"}, 0.5, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			for name, value := range test.header {
				h.Set(name, value)
			}
			if got := delay(test.attempt, h, names, now, test.random); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestRetryableStatuses(t *testing.T) {
	t.Parallel()
	for status := 100; status < 600; status++ {
		want := status == 429 || status >= 500 || status == 423
		if got := retryable(status, []int{423}); got != want {
			t.Errorf("%d: got %t, want %t", status, got, want)
		}
	}
}
