package synchook

import (
	"maps"
	"slices"
	"time"
)

// Project is an isolated world with its own settings, keys and data.
type Project struct {
	ID       ProjectID
	Name     string
	PublicID string     // the unguessable part of the project's webhook URLs
	Endpoint EndpointID // the endpoint of the settings' webhook URL
	Created  time.Time
}

// Settings are a project's settings. The zero value is what a new project has.
type Settings struct {
	WebhookURL       string            // empty: nothing is sent and nothing is owed
	AlwaysSend       bool              // whether runs without changes are told too
	RetrySchedule    []time.Duration   // empty: the default
	RunRetrySchedule []time.Duration   // empty: DefaultRunRetries
	WebhookHeaders   map[string]string // further headers of outgoing webhooks
	Retention        time.Duration     // of finished rows; zero: DefaultRetention
	DeletedRetention time.Duration     // of deleted records; zero: DefaultRetention
	Coalesce         bool              `json:",omitempty"` // see Endpoint, as are the next four
	MinInterval      time.Duration     `json:",omitempty"`
	WebhookRate      float64           `json:",omitempty"`
	WebhookBurst     int               `json:",omitempty"`
	Operational      []OperationalType `json:",omitempty"`
	Etag             string
	Updated          time.Time // zero: never
}

// DefaultRetention is how long finished events, runs and deliveries, and deleted records, are kept unless
// the settings say otherwise.
const DefaultRetention = 30 * 24 * time.Hour

// DefaultRunRetries are the waits before a failed script runs again, unless the settings say otherwise.
func DefaultRunRetries() []time.Duration {
	return []time.Duration{10 * time.Second, time.Minute}
}

// RunRetries returns the waits before a failed script runs again.
func (s Settings) RunRetries() []time.Duration {
	if len(s.RunRetrySchedule) > 0 {
		return s.RunRetrySchedule
	}
	return DefaultRunRetries()
}

// MinRetention is how long finished rows and deleted records are kept at least: people and apps look at what
// has just ended.
const MinRetention = time.Hour

// Keep returns how long finished rows are kept.
func (s Settings) Keep() time.Duration { return retention(s.Retention) }

// KeepDeleted returns how long deleted records are kept.
func (s Settings) KeepDeleted() time.Duration { return retention(s.DeletedRetention) }

func retention(set time.Duration) time.Duration {
	if set > 0 {
		return max(set, MinRetention)
	}
	return DefaultRetention
}

// Clone returns a copy that shares nothing with s.
func (s Settings) Clone() Settings {
	s.RetrySchedule = slices.Clone(s.RetrySchedule)
	s.RunRetrySchedule = slices.Clone(s.RunRetrySchedule)
	s.WebhookHeaders = maps.Clone(s.WebhookHeaders)
	s.Operational = slices.Clone(s.Operational)
	return s
}

// SigningSecret is a secret that signs outgoing webhooks.
type SigningSecret struct {
	Text    string    // "whsec_..."
	Expires time.Time // zero: never; set when a newer one has taken its place
}

// LiveSecrets returns the texts of the secrets that sign at t, newest first.
func LiveSecrets(secrets []SigningSecret, t time.Time) []string {
	var live []string
	for _, s := range secrets {
		if s.Expires.IsZero() || t.Before(s.Expires) {
			live = append(live, s.Text)
		}
	}
	return live
}

// Scope is what an API key may do.
type Scope string

// The scopes.
const (
	ScopeRead   Scope = "read"   // every Get, List and Watch
	ScopeWrite  Scope = "write"  // every change but deploying
	ScopeDeploy Scope = "deploy" // DeploySyncs
	ScopeIngest Scope = "ingest" // IngestWebhook
)

// AllScopes returns every scope.
func AllScopes() []Scope { return []Scope{ScopeRead, ScopeWrite, ScopeDeploy, ScopeIngest} }

// APIKey describes a key; the key itself is kept by nobody but its owner.
type APIKey struct {
	ID       KeyID
	Name     string
	Scopes   []Scope
	Prefix   string // the key's first characters, to recognise it by
	Created  time.Time
	LastUsed time.Time // zero: never; true within a minute
}

// Caller is who makes a request: the project that it may see and what it may do there.
type Caller struct {
	Project ProjectID
	Key     KeyID // empty for the admin
	Scopes  []Scope
	Admin   bool
}

// May reports whether the caller has the scope.
func (c Caller) May(s Scope) bool { return c.Admin || slices.Contains(c.Scopes, s) }
