package webhook

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfterIsReadInItsForms(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"":                                0,
		"0":                               0,
		"1":                               time.Second,
		"120":                             2 * time.Minute,
		" 120 ":                           2 * time.Minute,
		"007":                             7 * time.Second,
		"86400":                           24 * time.Hour,
		"86401":                           24 * time.Hour,
		"9223372036854775807":             24 * time.Hour,
		"99999999999999999999999999":      24 * time.Hour,
		"1.5":                             1500 * time.Millisecond,
		"0.0":                             0,
		"0.000000000001":                  0,
		"86399.9":                         24*time.Hour - 100*time.Millisecond,
		"99999999999999999999.9":          24 * time.Hour,
		"Tue, 24 Nov 2026 12:00:30 GMT":   30 * time.Second,
		"Tuesday, 24-Nov-26 12:00:30 GMT": 30 * time.Second,
		"Tue Nov 24 12:00:30 2026":        30 * time.Second,
		"Tue, 24 Nov 2026 12:00:00 GMT":   0,
		"Tue, 24 Nov 2026 11:59:59 GMT":   0,
		"Thu, 01 Jan 1970 00:00:00 GMT":   0,
		"Fri, 31 Dec 9999 23:59:59 GMT":   24 * time.Hour,
		"Tue, 24 Nov 2026 12:00:30 +0100": 0,
		"2026-11-24T12:00:30Z":            0,
		"Tue, 31 Feb 2026 12:00:30 GMT":   0,
		"-1":                              0,
		"-1.5":                            0,
		"+5":                              0,
		"1.":                              0,
		".5":                              0,
		"1.5.1":                           0,
		"1,5":                             0,
		"1e3":                             0,
		"0x10":                            0,
		"NaN":                             0,
		"Inf":                             0,
		"1_000":                           0,
		"soon":                            0,
		"12 seconds":                      0,
		"\"12\"":                          0,
		"12, 13":                          0,
		"\u0661":                          0,
	}
	for text, want := range tests {
		header := http.Header{"Retry-After": {text}}
		for _, status := range []int{302, 400, 429, 500, 503} {
			got := Judge(status, header, nil, noon).RetryAfter
			if got.Round(time.Microsecond) != want {
				t.Errorf("%d with %q: %v, want %v", status, text, got, want)
			}
		}
		for _, status := range []int{200, 410} {
			if got := Judge(status, header, nil, noon).RetryAfter; got != 0 {
				t.Errorf("%d with %q: %v, want none", status, text, got)
			}
		}
	}
}

func TestTheLongestOfSeveralRetryAftersCounts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []string
		want   time.Duration
	}{
		{nil, 0},
		{[]string{"1", "120"}, 2 * time.Minute},
		{[]string{"120", "1"}, 2 * time.Minute},
		{[]string{"soon", "5"}, 5 * time.Second},
		{[]string{"5", "Tue, 24 Nov 2026 12:00:30 GMT"}, 30 * time.Second},
		{[]string{"", "-1"}, 0},
	} {
		if got := Judge(429, http.Header{"Retry-After": test.values}, nil, noon).RetryAfter; got != test.want {
			t.Errorf("%q: %v, want %v", test.values, got, test.want)
		}
	}
}
