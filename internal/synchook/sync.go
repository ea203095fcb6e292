package synchook

import (
	"hash/fnv"
	"time"
)

// Sync is a script enabled on an integration.
type Sync struct {
	ID            SyncID
	Integration   IntegrationID
	Name          string
	Models        []Model
	Frequency     time.Duration // zero: only by events and by hand
	Subscriptions []string      // event types, or "*"
	TrackDeletes  bool
	AutoStart     bool
	Script        ScriptID
	Description   string
	Created       time.Time
	Updated       time.Time
}

// Model is a kind of records that a sync returns.
type Model struct {
	ID   ModelID
	Name string
}

// ModelNames returns the names of the sync's models.
func (s Sync) ModelNames() []string {
	names := make([]string, len(s.Models))
	for i, m := range s.Models {
		names[i] = m.Name
	}
	return names
}

// Model returns the model of that name.
func (s Sync) Model(name string) (Model, bool) {
	for _, m := range s.Models {
		if m.Name == name {
			return m, true
		}
	}
	return Model{}, false
}

// Script is the code of a sync.
type Script struct {
	ID        ScriptID
	Code      string
	SourceMap string
}

// NewScript returns a script with its ID.
func NewScript(code, sourceMap string) Script {
	return Script{ID: ScriptID(ContentID(ScriptPrefix, code, sourceMap)), Code: code, SourceMap: sourceMap}
}

// SyncStatus is how a sync stands on a connection.
type SyncStatus struct {
	Paused   bool
	NextRun  time.Time // zero: none is scheduled
	LastSync time.Time // start of the last succeeded scheduled or manual run; zero: none
}

// NextRun returns when a sync of that frequency is due next after now on that connection. Each
// (connection, sync) has a phase of its own, the same for ever, so that a thousand connections do
// not all call an external API in the same second, and runs missed while we were away are made up by
// one.
func NextRun(now time.Time, frequency time.Duration, con ConnectionID, syn SyncID) time.Time {
	every := max(frequency.Milliseconds(), 1)
	h := fnv.New64a()
	_, _ = h.Write([]byte(string(con) + "." + string(syn)))
	phase := int64(h.Sum64() % uint64(every))
	ms := now.UnixMilli() - phase
	return time.UnixMilli((ms/every+1)*every + phase)
}
