package webhook

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/synchook/synchook/internal/synchook"
)

// maxTold is how many bytes of an error or a reason are told.
const maxTold = 2 << 10

// Names are what the customer's app knows a sync's webhook by.
type Names struct {
	ConnectionID      string `json:"connectionId"`
	ProviderConfigKey string `json:"providerConfigKey"`
	SyncName          string `json:"syncName"`
	Model             string `json:"model"`
}

// NamesIn returns the names in the body of a sync's webhook. Of what is none, they are empty.
func NamesIn(body []byte) Names {
	var n Names
	if json.Unmarshal(body, &n) != nil {
		return Names{}
	}
	return n
}

// OperationalBody is what an endpoint is told about our own work. Which of its values are told depends on
// the type. Nothing in it may be secret: the endpoint's URL is told without its query.
type OperationalBody struct {
	Type      synchook.OperationalType
	Timestamp time.Time // when it happened

	Names
	RunID      string
	EndpointID string
	URL        string // of the endpoint
	DeliveryID string
	Attempts   int    // of the run, or of the delivery
	LastStatus int    // that was answered; zero: there was no answer
	Reason     string // for people
	Error      string // of the run
}

// Bytes are the body as it is posted: compact JSON with the keys of its type in the documented order, all
// of them always there.
func (b OperationalBody) Bytes() []byte {
	out := appendString(append(make([]byte, 0, 512), `{"type":`...), string(b.Type))
	out = b.Timestamp.UTC().AppendFormat(append(out, `,"timestamp":"`...), timeLayout)
	out = append(out, `","data":{`...)
	for i, m := range b.data() {
		if i > 0 {
			out = append(out, ',')
		}
		out = m.append(out)
	}
	return append(out, "}}"...)
}

func (b OperationalBody) data() []member {
	sync := []member{text("connectionId", b.ConnectionID), text("providerConfigKey", b.ProviderConfigKey), text("syncName", b.SyncName)}
	endpoint := []member{text("endpointId", b.EndpointID), text("url", Redact(b.URL))}
	switch b.Type {
	case synchook.SyncFailed:
		return append(sync, text("runId", b.RunID), count("attempts", b.Attempts), text("error", cut(b.Error)))
	case synchook.SyncRecovered:
		return append(sync, text("runId", b.RunID))
	case synchook.ConnectionRefused:
		return append(sync, text("runId", b.RunID), count("lastStatus", b.LastStatus), text("reason", cut(b.Reason)))
	case synchook.EndpointDisabled:
		return append(endpoint, text("reason", cut(b.Reason)))
	case synchook.EndpointRecovered:
		return endpoint
	case synchook.DeliveryGivenUp:
		about := append([]member{text("deliveryId", b.DeliveryID)}, endpoint...)
		about = append(append(about, sync...), text("model", b.Model), text("runId", b.RunID))
		return append(about, count("attempts", b.Attempts), count("lastStatus", b.LastStatus), text("reason", cut(b.Reason)))
	}
	return nil
}

// member is a member of a JSON object: a text, or else a number.
type member struct {
	key, text string
	number    *int
}

func text(key, value string) member { return member{key: key, text: value} }

func count(key string, n int) member { return member{key: key, number: &n} }

func (m member) append(out []byte) []byte {
	out = append(appendString(out, m.key), ':')
	if m.number != nil {
		return strconv.AppendInt(out, int64(*m.number), 10)
	}
	return appendString(out, m.text)
}

// cut bounds a text, between two characters.
func cut(text string) string {
	if len(text) <= maxTold {
		return text
	}
	end := maxTold
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}
