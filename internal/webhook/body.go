package webhook

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// timeLayout is ISO 8601 with milliseconds, as JavaScript's Date.toISOString writes it.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Counts are how many records of a model a run changed, net.
type Counts struct {
	Added, Updated, Deleted int64
}

// SyncBody is what the customer's app is told about one model after a run.
type SyncBody struct {
	ConnectionID      string
	ProviderConfigKey string
	SyncName          string
	Model             string
	Counts            Counts

	// Initial says that no full run had succeeded before. QueryTimeStamp is then null, whatever it holds.
	Initial bool

	// QueryTimeStamp is the instant just before the run's script first started. It is written in
	// UTC and cut, not rounded, to milliseconds.
	QueryTimeStamp time.Time
}

// Bytes are the body as it is posted: compact JSON with its keys in the documented order, nothing
// escaped that JSON does not ask to be escaped, and no newline at the end. Receivers sign and compare
// bytes, so the same value gives the same bytes for ever. Invalid UTF-8 becomes U+FFFD.
func (b SyncBody) Bytes() []byte {
	out := make([]byte, 0, 256+len(b.ConnectionID)+len(b.ProviderConfigKey)+len(b.SyncName)+2*len(b.Model))
	out = appendString(append(out, `{"connectionId":`...), b.ConnectionID)
	out = appendString(append(out, `,"providerConfigKey":`...), b.ProviderConfigKey)
	out = appendString(append(out, `,"syncName":`...), b.SyncName)
	out = appendString(append(out, `,"model":`...), b.Model)
	out = appendString(append(out, `,"responseResults":{`...), b.Model)
	out = append(b.Counts.append(append(out, ':')), '}')
	if b.Initial {
		return append(out, `,"syncType":"INITIAL","queryTimeStamp":null}`...)
	}
	out = append(out, `,"syncType":"INCREMENTAL","queryTimeStamp":"`...)
	out = b.QueryTimeStamp.UTC().AppendFormat(out, timeLayout)
	return append(out, `"}`...)
}

func (c Counts) append(out []byte) []byte {
	out = strconv.AppendInt(append(out, `{"added":`...), c.Added, 10)
	out = strconv.AppendInt(append(out, `,"updated":`...), c.Updated, 10)
	out = strconv.AppendInt(append(out, `,"deleted":`...), c.Deleted, 10)
	return append(out, '}')
}

// appendString writes a JSON string as JavaScript's JSON.stringify does. encoding/json cannot: it
// escapes U+2028 and U+2029 even when it is told not to escape HTML.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r < ' ':
			out = appendControl(out, byte(r))
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}

func appendControl(out []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '\b':
		return append(out, `\b`...)
	case '\f':
		return append(out, `\f`...)
	case '\n':
		return append(out, `\n`...)
	case '\r':
		return append(out, `\r`...)
	case '\t':
		return append(out, `\t`...)
	}
	return append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
