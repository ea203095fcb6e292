package synchook

import "time"

// Integration is a provider set up in a project.
type Integration struct {
	ID       IntegrationID
	Key      string // the provider_config_key, as people chose it
	Provider string
	Secrets  []string // verify incoming webhooks; several while one is being rotated
	BaseURL  string   // of the external API; empty: the provider's own
	Match    Match
	Created  time.Time
	Updated  time.Time
}

// Match says how an event finds its connections. The zero value means the provider's own rules.
type Match struct {
	Rules []MatchRule `json:",omitempty"`
	All   bool        `json:",omitempty"` // every event goes to every connection
}

// MatchRule looks the value at From in an event up at To in the connections.
type MatchRule struct {
	From string // a path in the body, or "header:Name"
	To   string // "connection_id", "metadata.<key>" or "connection_config.<key>"
}

// IsZero reports whether nothing was set, so that the provider's own rules hold.
func (m Match) IsZero() bool { return !m.All && len(m.Rules) == 0 }
