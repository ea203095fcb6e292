package rig

import (
	"cmp"
	"fmt"
	"slices"

	synchookclient "github.com/synchook/synchook/clients/go"
)

// model is what the script in testdata/tally makes of the events of one connection: it adds a record,
// changes the one called "latest", and deletes the one that came three numbers before.
type model struct {
	counts map[string]synchookclient.Counts // of each event's run
	live   map[string]bool                  // each record that there ever was, and whether it is there still
	latest int                              // the number that the record "latest" has
}

// modelOf works out what must come of events of one connection, in the order of their numbers.
func modelOf(pushes []Push) model {
	m := model{counts: map[string]synchookclient.Counts{}, live: map[string]bool{}}
	for _, p := range slices.SortedFunc(slices.Values(pushes), func(a, b Push) int { return cmp.Compare(a.Number, b.Number) }) {
		c := synchookclient.Counts{Added: 1, Updated: 1}
		if !m.live["latest"] {
			c = synchookclient.Counts{Added: 2}
		}
		m.live[issueID(p.Number)], m.live["latest"], m.latest = true, true, p.Number
		if m.live[issueID(p.Number-3)] {
			m.live[issueID(p.Number-3)] = false
			c.Deleted = 1
		}
		m.counts[p.Event] = c
	}
	return m
}

// touched are the records that the event's run changed.
func (m model) touched(p Push) []string {
	ids := []string{"latest", issueID(p.Number)}
	if m.counts[p.Event].Deleted > 0 {
		ids = append(ids, issueID(p.Number-3))
	}
	return ids
}

func issueID(number int) string { return fmt.Sprintf("issue-%d", number) }
