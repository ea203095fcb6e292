package synchook

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// The typed IDs. Each is a prefix, a time-sortable part and a part that no two share, so that IDs
// sort by when they were made and say what they name wherever they turn up.
type (
	// ProjectID names a project, "prj_...".
	ProjectID string
	// KeyID names an API key, "key_...". It is no secret.
	KeyID string
	// IntegrationID names an integration, "int_...".
	IntegrationID string
	// ConnectionID names a connection, "con_...". It is not the connection_id that people chose:
	// that is Connection.Name.
	ConnectionID string
	// SyncID names a sync, "syn_...".
	SyncID string
	// ModelID names a model of an integration, "mod_...".
	ModelID string
	// ScriptID names the content of a script, "scr_...": equal scripts have equal IDs.
	ScriptID string
	// EventID names an event, "evt_...".
	EventID string
	// RunID names a run, "run_...".
	RunID string
	// EndpointID names an endpoint, "end_...".
	EndpointID string
	// DeliveryID names a delivery, "dlv_..."; it is sent as webhook-id.
	DeliveryID string
	// RecoveryID names a recovery, "rec_...".
	RecoveryID string
)

// Prefixes of the IDs.
const (
	ProjectPrefix     = "prj_"
	KeyPrefix         = "key_"
	IntegrationPrefix = "int_"
	ConnectionPrefix  = "con_"
	SyncPrefix        = "syn_"
	ModelPrefix       = "mod_"
	ScriptPrefix      = "scr_"
	EventPrefix       = "evt_"
	RunPrefix         = "run_"
	EndpointPrefix    = "end_"
	DeliveryPrefix    = "dlv_"
	RecoveryPrefix    = "rec_"
)

// crockford is lower-case base32 in an order that sorts as the bytes do.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns a new ID with the given prefix, made at t: 6 bytes of milliseconds and 9 random ones.
func NewID(prefix string, t time.Time) string {
	var b [15]byte
	putMillis(b[:6], t)
	_, _ = rand.Read(b[6:]) // crypto/rand.Read never fails
	return prefix + crockford.EncodeToString(b[:])
}

// DerivedID returns the ID that belongs to the given parts and no others: calling it again gives the
// same ID, which is what makes repeated work harmless. It sorts by t, which must be the same each time.
func DerivedID(prefix string, t time.Time, parts ...string) string {
	var b [15]byte
	putMillis(b[:6], t)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	copy(b[6:], sum[:])
	return prefix + crockford.EncodeToString(b[:])
}

// ContentID returns the ID of a content: equal contents have equal IDs.
func ContentID(prefix string, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return prefix + crockford.EncodeToString(h.Sum(nil)[:15])
}

func putMillis(b []byte, t time.Time) {
	ms := uint64(max(t.UnixMilli(), 0))
	var full [8]byte
	binary.BigEndian.PutUint64(full[:], ms)
	copy(b, full[2:])
}

// IDTime returns when an ID was made, or the zero time for what is no ID with a time in it.
func IDTime(id string) time.Time {
	_, part, ok := strings.Cut(id, "_")
	if !ok || len(part) != 24 {
		return time.Time{}
	}
	b, err := crockford.DecodeString(part)
	if err != nil {
		return time.Time{}
	}
	var full [8]byte
	copy(full[2:], b[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(full[:])))
}
