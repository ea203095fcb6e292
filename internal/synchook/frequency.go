package synchook

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MinFrequency is the shortest time between two scheduled runs of a sync.
const MinFrequency = 30 * time.Second

var frequencyUnits = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	"w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
	"month": 30 * 24 * time.Hour, "months": 30 * 24 * time.Hour,
	"year": 365 * 24 * time.Hour, "years": 365 * 24 * time.Hour,
}

var frequencyFractions = map[string]int64{"half": 2, "quarter": 4}

// ParseFrequency reads how often a sync runs: "every 5m", "every 30 minutes", "every hour", "every
// half day", "every quarter hour". A month is 30 days. Empty and "manual" mean never by itself.
func ParseFrequency(text string) (time.Duration, error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 || (len(words) == 1 && words[0] == "manual") {
		return 0, nil
	}
	if words[0] == "every" {
		words = words[1:]
	}
	d, ok := frequencyOf(words)
	switch {
	case !ok:
		return 0, fmt.Errorf("frequency %q is not understood; write for example \"every 30 minutes\", \"every hour\" or \"every half day\"", text)
	case d < MinFrequency:
		return 0, fmt.Errorf("frequency %q is too short; the shortest is every 30 seconds", text)
	}
	return d, nil
}

func frequencyOf(words []string) (time.Duration, bool) {
	switch len(words) {
	case 1:
		if d, ok := frequencyUnits[words[0]]; ok {
			return d, true
		}
		digits := strings.TrimRight(words[0], "abcdefghijklmnopqrstuvwxyz")
		return multiple(digits, words[0][len(digits):])
	case 2:
		if parts, ok := frequencyFractions[words[0]]; ok {
			d, known := frequencyUnits[words[1]]
			return d / time.Duration(parts), known
		}
		return multiple(words[0], words[1])
	}
	return 0, false
}

func multiple(number, unit string) (time.Duration, bool) {
	n, err := strconv.Atoi(number)
	d, ok := frequencyUnits[unit]
	if err != nil || !ok || n < 1 || int64(n) > int64(10*365*24*time.Hour/d) {
		return 0, false
	}
	return time.Duration(n) * d, true
}
