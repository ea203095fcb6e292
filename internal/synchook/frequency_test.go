package synchook

import (
	"testing"
	"time"
)

func TestParseFrequencyReadsEveryForm(t *testing.T) {
	t.Parallel()
	const day, week, month = 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour
	tests := map[string]time.Duration{
		"":                   0,
		"manual":             0,
		"every 5m":           5 * time.Minute,
		"every 5min":         5 * time.Minute,
		"every 5 min":        5 * time.Minute,
		"every 5mins":        5 * time.Minute,
		"every 30 minutes":   30 * time.Minute,
		"every 30minutes":    30 * time.Minute,
		"every 1 minute":     time.Minute,
		"every minute":       time.Minute,
		"every 30s":          30 * time.Second,
		"every 30 sec":       30 * time.Second,
		"every 45 secs":      45 * time.Second,
		"every 90 seconds":   90 * time.Second,
		"every 60 second":    time.Minute,
		"every h":            time.Hour,
		"every hour":         time.Hour,
		"every 1h":           time.Hour,
		"every 2hr":          2 * time.Hour,
		"every 3 hrs":        3 * time.Hour,
		"every 4 hours":      4 * time.Hour,
		"every half hour":    30 * time.Minute,
		"every quarter hour": 15 * time.Minute,
		"every day":          day,
		"every 2d":           2 * day,
		"every 3 days":       3 * day,
		"every half day":     12 * time.Hour,
		"every week":         week,
		"every 2w":           2 * week,
		"every 2 weeks":      2 * week,
		"every month":        month,
		"every 2 months":     2 * month,
		"every half month":   month / 2,
		"every year":         365 * day,
		"every 2 years":      730 * day,
		"Every  5  M":        5 * time.Minute,
		"5m":                 5 * time.Minute,
		"half hour":          30 * time.Minute,
	}
	for text, want := range tests {
		if got, err := ParseFrequency(text); err != nil || got != want {
			t.Errorf("ParseFrequency(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseFrequencyRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"every", "often", "every 5", "every 0 minutes", "every -5 minutes", "every 1.5 hours", "every third hour", "every half",
		"every 5 m m", "every 29s", "every second", "every quarter minute", "every 11 years", "every 99999999999999999999 days", "every 5x",
		"*/5 * * * *",
	} {
		if got, err := ParseFrequency(text); err == nil {
			t.Errorf("ParseFrequency(%q) = %v, want an error", text, got)
		}
	}
}

func TestNextRunIsStableWithinAPeriodAndSpread(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	buckets := make([]int, 6) // of ten minutes
	for i := range 600 {
		con := ConnectionID(NewID(ConnectionPrefix, now.Add(time.Duration(i))))
		next := NextRun(now, time.Hour, con, "syn_1")
		wait := next.Sub(now)
		if wait <= 0 || wait > time.Hour {
			t.Fatalf("next run in %v, want within the hour", wait)
		}
		if again := NextRun(next.Add(-time.Millisecond), time.Hour, con, "syn_1"); !again.Equal(next) {
			t.Fatalf("asked later, the next run is at %v, want %v", again, next)
		}
		if after := NextRun(next, time.Hour, con, "syn_1"); !after.Equal(next.Add(time.Hour)) {
			t.Fatalf("after %v comes %v, want an hour later", next, after)
		}
		buckets[(wait-1)/(10*time.Minute)]++
	}
	for i, n := range buckets {
		if n < 60 || n > 140 {
			t.Errorf("%d of 600 connections run in the %d. ten minutes, want about 100", n, i+1)
		}
	}
}

func TestNextRunMakesUpForMissedRunsByOne(t *testing.T) {
	t.Parallel()
	first := NextRun(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Minute, "con_1", "syn_1")
	late := first.Add(3 * time.Hour)
	if next := NextRun(late, time.Minute, "con_1", "syn_1"); !next.After(late) || next.Sub(late) > time.Minute {
		t.Errorf("after three missed hours the next run is at %v, want within a minute of %v", next, late)
	}
}
