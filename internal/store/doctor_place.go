package store

import (
	"strings"

	"github.com/synchook/synchook/internal/synchook"
)

// slot is where keys live together: a project's slot, a connection's, or, without either, no one slot.
type slot struct {
	project    synchook.ProjectID
	connection synchook.ConnectionID
}

// key returns the name of a key in the slot.
func (s slot) key(name string) string {
	if s.connection != "" {
		return conKey(s.project, s.connection, name)
	}
	return key(s.project, name)
}

// place is what a key's name says about it.
type place struct {
	slot
	name string // the whole
	kind string // as in doc.go's table, such as "P:run:"; "asynq" and "other" are none of ours
	id   string // what follows the kind
}

// Kinds of keys that are not in doc.go's table.
const (
	kindAsynq   = "asynq"   // Asynq's own
	kindOther   = "other"   // somebody else's, in the same database
	kindUnknown = "unknown" // in our name space, and of no kind that we know
)

// kinds returns all kinds of keys in doc.go's table. One that ends in ":" goes on with an ID.
func kinds() []string {
	return []string{
		"synchook:schema", "synchook:projects", "synchook:public", "synchook:keys", "synchook:lease:", "synchook:ping", "synchook:purges",
		"P:project", "P:audit", "P:keys", "P:keys:used", "P:names", "P:integrations", "P:integrations:last", "P:endpoint:", "P:endpoints", "P:endpoints:", "P:con:", "P:connections",
		"P:connections:", "P:match:", "P:syncs:", "P:removed:", "P:models:", "P:deployed", "P:script:", "P:status:",
		"P:schedules", "P:seen:", "P:event:", "P:events", "P:events:", "P:rejected:", "P:run:", "P:runs", "P:runs:",
		"P:dlv:", "P:deliveries", "P:deliveries:", "P:deliveries:exhausted:", "P:deferred:", "P:co:", "P:sent:", "P:owed", "P:stat:", "P:work:", "P:replays", "P:recovery:", "P:recoveries", "P:lane:", "P:rows:", "P:due", "P:tombs", "P:purge", "P:purge:", "P:clock", "P:seq", "P:ahead",
		"C:clock", "C:runs", "C:kept", "C:run:", "C:log:", "C:open", "C:r:", "C:m:", "C:d:", "C:pruned", "C:gone",
	}
}

// placeOf reads a key's name.
func placeOf(name string) place {
	p := place{name: name, kind: kindUnknown}
	switch {
	case strings.HasPrefix(name, "asynq:"):
		p.kind = kindAsynq
		return p
	case strings.HasPrefix(name, "synchook:"):
		return p.as("", name)
	case !strings.HasPrefix(name, "{"+synchook.ProjectPrefix):
		p.kind = kindOther
		return p
	}
	tag, rest, _ := strings.Cut(name[1:], "}:")
	project, connection, inConnection := strings.Cut(tag, ":")
	p.slot = slot{synchook.ProjectID(project), synchook.ConnectionID(connection)}
	if inConnection {
		return p.as("C:", rest)
	}
	return p.as("P:", rest)
}

// as returns the place with the longest kind that a name begins with.
func (p place) as(prefix, name string) place {
	longest := 0
	for _, kind := range kinds() {
		own, ok := strings.CutPrefix(kind, prefix)
		id, begins := strings.CutPrefix(name, own)
		goesOn := strings.HasSuffix(own, ":")
		if ok && begins && goesOn == (id != "") && len(own) > longest {
			longest, p.kind, p.id = len(own), kind, id
		}
	}
	return p
}

// set is what a sorted set is called in its slot.
func (p place) set() string { return p.kind[strings.IndexByte(p.kind, ':')+1:] + p.id }
