package storetest_test

import (
	"testing"

	"github.com/synchook/synchook/internal/storetest"
)

func TestAReplicaThatIsCutOffTakesOverWithWhatItHas(t *testing.T) {
	t.Parallel()
	w := storetest.NewWatched(t)
	primary, replica := w.Primary(), w.Replica()
	if err := primary.Client().Set(t.Context(), "before", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	replica.CutOff(primary)
	if err := primary.Client().Set(t.Context(), "after", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	primary.Kill()
	replica.UntilPrimary()
	if n := replica.Client().Exists(t.Context(), "before", "after").Val(); n != 1 {
		t.Errorf("the new primary has %d of the two keys, want only the one from before it was cut off", n)
	}
	replica.Rejoin()
	primary.Start()
	w.WaitUntilWhole()
	if n := primary.Client().Exists(t.Context(), "after").Val(); n != 0 || w.Replica() != primary {
		t.Error("the old primary does not follow the new one")
	}
}
