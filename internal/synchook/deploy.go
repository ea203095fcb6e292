package synchook

import (
	"cmp"
	"slices"
)

// ChangeKind says what a deployment does to a sync.
type ChangeKind string

// The kinds of changes.
const (
	ChangeAdded     ChangeKind = "added"     // the sync is new
	ChangeChanged   ChangeKind = "changed"   // its script or definition differs
	ChangeRemoved   ChangeKind = "removed"   // it is no longer there
	ChangeUnchanged ChangeKind = "unchanged" // it stays as it is
)

// SyncChange is what a deployment does to one sync.
type SyncChange struct {
	Kind ChangeKind
	// Sync is the sync as it will be; of a removed one, as it was. The IDs and times of a sync that is
	// there already are kept; a new one has none yet.
	Sync Sync
	// Differences names what differs, by the contract's field names, and "script". Empty unless the
	// sync is changed.
	Differences []string
	// Scheduled says that the sync begins to run by itself on connections that are there already.
	Scheduled bool
	// Hastened says that the sync runs more often than before, so that runs which are scheduled already
	// may be due earlier.
	Hastened bool
}

// PlanDeployment says what makes the old syncs equal to the wanted ones, by integration and name. Each
// pair of integration and name may occur once in each list.
func PlanDeployment(old, wanted []Sync) []SyncChange {
	before := make(map[deployKey]Sync, len(old))
	for _, sy := range old {
		before[keyOf(sy)] = sy
	}
	changes := make([]SyncChange, 0, len(old)+len(wanted))
	for _, sy := range wanted {
		changes = append(changes, planSync(before, sy))
		delete(before, keyOf(sy))
	}
	for _, sy := range before {
		changes = append(changes, SyncChange{Kind: ChangeRemoved, Sync: sy})
	}
	slices.SortFunc(changes, func(a, b SyncChange) int {
		return cmp.Or(cmp.Compare(a.Sync.Integration, b.Sync.Integration), cmp.Compare(a.Sync.Name, b.Sync.Name))
	})
	return changes
}

type deployKey struct {
	integration IntegrationID
	name        string
}

func keyOf(sy Sync) deployKey { return deployKey{sy.Integration, sy.Name} }

func planSync(before map[deployKey]Sync, wanted Sync) SyncChange {
	old, ok := before[keyOf(wanted)]
	if !ok {
		return SyncChange{Kind: ChangeAdded, Sync: wanted, Scheduled: wanted.runsByItself()}
	}
	wanted.ID, wanted.Created, wanted.Updated = old.ID, old.Created, old.Updated
	change := SyncChange{Kind: ChangeUnchanged, Sync: wanted, Differences: differences(old, wanted)}
	if len(change.Differences) == 0 {
		change.Sync = old
		return change
	}
	change.Kind = ChangeChanged
	change.Scheduled = wanted.runsByItself() && !old.runsByItself()
	change.Hastened = wanted.Frequency > 0 && wanted.Frequency < old.Frequency
	return change
}

func (s Sync) runsByItself() bool { return s.AutoStart && s.Frequency > 0 }

func differences(old, wanted Sync) []string {
	var names []string
	for _, d := range []struct {
		name    string
		differs bool
	}{
		{"script", old.Script != wanted.Script},
		{"models", !sameSet(old.ModelNames(), wanted.ModelNames())},
		{"frequency", old.Frequency != wanted.Frequency},
		{"webhook_subscriptions", !sameSet(old.Subscriptions, wanted.Subscriptions)},
		{"track_deletes", old.TrackDeletes != wanted.TrackDeletes},
		{"auto_start", old.AutoStart != wanted.AutoStart},
		{"description", old.Description != wanted.Description},
	} {
		if d.differs {
			names = append(names, d.name)
		}
	}
	return names
}

// sameSet reports whether two lists hold the same texts, in whatever order.
func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
