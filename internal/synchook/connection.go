package synchook

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Connection is one customer's authorised account at an integration.
type Connection struct {
	ID          ConnectionID
	Integration IntegrationID
	Name        string // the connection_id, as the customer's app chose it
	Credentials Credentials
	Metadata    json.RawMessage // a JSON object; never nil once stored
	Config      json.RawMessage // a JSON object; never nil once stored
	WebhookURL  string          `json:",omitempty"` // takes the place of the project's; empty: it does not
	Created     time.Time
	Updated     time.Time
	// CredentialsVersion says which credentials these are: it is raised with each change of them.
	CredentialsVersion int `json:"-"`
	// Stand is what has become of it lately. Nobody sets it.
	Stand ConnectionStand `json:"-"`
}

// ConnectionStand is what has become of a connection lately. A zero time: that has not happened yet.
type ConnectionStand struct {
	LastEvent    time.Time // when an event last made one of its syncs run
	LastRun      RunID     // the run that ended last
	LastRunState RunState
	LastRunEnded time.Time
	RefusedSince time.Time // since when the external API has refused its credentials
}

// CredentialsKind says how credentials are sent.
type CredentialsKind string

// The kinds of credentials.
const (
	CredentialsNone   CredentialsKind = ""
	CredentialsBearer CredentialsKind = "bearer"
	CredentialsBasic  CredentialsKind = "basic"
	CredentialsHeader CredentialsKind = "header"
)

// Credentials authorise requests to an external API. They print as their kind only.
type Credentials struct {
	Kind  CredentialsKind `json:"kind,omitempty"`
	Name  string          `json:"name,omitempty"`  // the user name, or the header's name
	Value string          `json:"value,omitempty"` // the token, the password, or the header's value
}

// String returns the kind, so that no log and no error shows a secret.
func (c Credentials) String() string { return "credentials(" + string(c.Kind) + ")" }

// LogValue returns what String returns.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MatchValues returns every (to, value) pair under which the connection can be found by a matching
// rule: its name, and the scalars, or arrays of scalars, at the top of its metadata and its config.
func (c Connection) MatchValues() [][2]string {
	pairs := [][2]string{{"connection_id", c.Name}}
	pairs = appendValues(pairs, "metadata.", c.Metadata)
	return appendValues(pairs, "connection_config.", c.Config)
}

func appendValues(pairs [][2]string, prefix string, object json.RawMessage) [][2]string {
	var fields map[string]any
	d := json.NewDecoder(strings.NewReader(string(object)))
	d.UseNumber()
	if d.Decode(&fields) != nil {
		return pairs
	}
	for key, value := range fields {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, v := range list {
			if s, ok := ScalarText(v); ok {
				pairs = append(pairs, [2]string{prefix + key, s})
			}
		}
	}
	return pairs
}

// ScalarText returns the text by which a scalar of JSON is compared in matching: 123 and "123" are
// equal, 123.0 and 1.23e2 too. Objects, arrays and null have none.
func ScalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, v != ""
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return strconv.FormatInt(i, 10), true
		}
		f, err := v.Float64()
		return strconv.FormatFloat(f, 'f', -1, 64), err == nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}
