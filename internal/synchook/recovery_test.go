package synchook

import (
	"testing"
	"time"
)

func TestARecoverySaysWhyItStandsAsItDoes(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Recovery{
		"it makes deliveries pending again, the oldest first":                                                      {State: RecoveryRunning, Found: 9},
		"it makes deliveries pending again, the oldest first, 0.5 a second at most":                                {State: RecoveryRunning, Found: 9, Rate: 0.5},
		"a person paused it; 4 of 9 are left":                                                                      {State: RecoveryPaused, Found: 9, Examined: 5, Rate: 3},
		"a person cancelled it; 4 of 9 were left":                                                                  {State: RecoveryCancelled, Found: 9, Examined: 5},
		"nothing that the filter describes had been given up":                                                      {State: RecoverySucceeded},
		"all 9 are pending again":                                                                                  {State: RecoverySucceeded, Found: 9, Examined: 9, Retried: 9},
		"7 of 9 are pending again; the others had been retried meanwhile, or they or their endpoints were removed": {State: RecoverySucceeded, Found: 9, Examined: 9, Retried: 7, Skipped: 2},
	} {
		if got := r.Reason(); got != want {
			t.Errorf("%+v says %q, want %q", r, got, want)
		}
		if ended := r.State == RecoverySucceeded || r.State == RecoveryCancelled; r.State.Ended() != ended {
			t.Errorf("%s: ended is %v", r.State, !ended)
		}
	}
}

func TestARetryRenewsADeliverysAttemptsAndLifetime(t *testing.T) {
	t.Parallel()
	made := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		d       Delivery
		used    int
		expires time.Time
	}{
		"new":                 {Delivery{Created: made}, 0, made.Add(DeliveryLifetime)},
		"attempted":           {Delivery{Created: made, Attempts: 5, Throttled: 2}, 3, made.Add(DeliveryLifetime)},
		"retried":             {Delivery{Created: made, Attempts: 5, Base: 5, Renewed: made.AddDate(1, 0, 0)}, 0, made.AddDate(1, 0, 0).Add(DeliveryLifetime)},
		"attempted once more": {Delivery{Created: made, Attempts: 7, Base: 5, Throttled: 1, Renewed: made.Add(time.Hour)}, 1, made.Add(time.Hour + DeliveryLifetime)},
	} {
		if got := tt.d.Used(); got != tt.used {
			t.Errorf("%s: %d attempts used, want %d", name, got, tt.used)
		}
		if got := tt.d.Expires(); !got.Equal(tt.expires) {
			t.Errorf("%s: expires at %v, want %v", name, got, tt.expires)
		}
	}
}
