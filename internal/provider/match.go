package provider

import "strings"

// headerPrefix begins a Match's From when the value is in a header.
const headerPrefix = "header:"

// Match is one rule that finds an event's connection: the value at From in the event is looked up at To
// in the integration's connections.
type Match struct {
	// From is a path in the item's payload, such as "installation.id" or "events.0.account", or
	// "header:X-Name".
	From string

	// To is "connection_id", "metadata.<key>" or "connection_config.<key>".
	To string
}

// Extract tries the rules in order and returns the first that finds something, with what it found. An
// array gives all its strings and numbers; objects, null and empty strings are nothing. No rule fits:
// the values are nil, and the event belongs to no connection.
func Extract(rules []Match, request Request, item Item) (Match, []string) {
	for _, rule := range rules {
		if values := rule.values(request, item); len(values) > 0 {
			return rule, values
		}
	}
	return Match{}, nil
}

func (m Match) values(request Request, item Item) []string {
	if name, ok := strings.CutPrefix(m.From, headerPrefix); ok {
		if value := request.Header.Get(name); value != "" {
			return []string{value}
		}
		return nil
	}
	return scalars(find(item.Payload, m.From))
}
