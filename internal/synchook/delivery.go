package synchook

import (
	"strconv"
	"time"
)

// DeliveryState is where a delivery stands. The state machine is drawn in doc.go.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryExhausted DeliveryState = "exhausted"
	DeliveryCancelled DeliveryState = "cancelled"
	// DeliverySuperseded is replaced by a later one, which tells what it would have told.
	DeliverySuperseded DeliveryState = "superseded"
)

// WaitCause says why a delivery that is pending is not due at once.
type WaitCause string

// The causes of waits.
const (
	WaitSchedule WaitCause = ""         // its last attempt failed, and the retry schedule says when the next is due
	WaitAsked    WaitCause = "asked"    // the endpoint asked to be called no sooner
	WaitFault    WaitCause = "fault"    // something on our side failed
	WaitInterval WaitCause = "interval" // the endpoint's least time between webhooks of its connection, sync and model
)

// DeliveryLifetime is how long a delivery is attempted at most, whatever happens, since it was made or retried.
const DeliveryLifetime = 7 * 24 * time.Hour

// DeliveryFacts are what never changes about a delivery.
type DeliveryFacts struct {
	Endpoint    EndpointID    `json:"e"`
	Run         RunID         `json:"r"`
	Integration IntegrationID `json:"i"`
	Connection  ConnectionID  `json:"c"`
	Sync        SyncID        `json:"s"`
	Model       string        `json:"m"`
	Trace       string        `json:"tp,omitempty"` // the span of its run, as W3C Trace Context writes it
	// Operational is the type of an operational webhook, about the run, connection or sync if one is named.
	// Empty: it is a sync's webhook.
	Operational OperationalType `json:"o,omitempty"`
}

// Delivery is one outgoing webhook owed to one endpoint.
type Delivery struct {
	ID DeliveryID
	DeliveryFacts
	Body       []byte // fixed when the delivery is made
	State      DeliveryState
	Attempts   int // that got an answer, or none in time
	Base       int // of these, those made before it was retried last, after it had ended: the schedule begins anew then
	Throttled  int // of those after Base, the ones that asked us to slow down or that a fault of ours stopped: they use none of the schedule up
	Due        time.Time
	Cause      WaitCause // of the wait until Due
	LastStatus int
	Reason     string
	Created    time.Time
	Renewed    time.Time // when it was retried last, after it had ended; zero: never
	Ended      time.Time // zero: it has not
	// SupersededBy is the delivery that took its place. Empty: none did.
	SupersededBy DeliveryID

	// Coalesces says, of one that is about to be made, that it may take the place of others of its connection, sync and
	// model that wait for its endpoint; and Interval, how long after the last of these it is sent at the earliest.
	Coalesces bool
	Interval  time.Duration
}

// Used returns how many attempts have used the retry schedule up, since it began.
func (d Delivery) Used() int { return d.Attempts - d.Base - d.Throttled }

// Expires returns when the delivery is attempted no more, whatever happens.
func (d Delivery) Expires() time.Time {
	since := d.Created
	if d.Renewed.After(since) {
		since = d.Renewed
	}
	return since.Add(DeliveryLifetime)
}

// Attempt is one HTTP request made for a delivery.
type Attempt struct {
	Number   int
	Started  time.Time
	Duration time.Duration
	Status   int    // zero: no answer
	Error    string // empty: nothing went wrong
	Response []byte // the first 4 KiB of the answer's body

	// URL is where the request went, without its password and query. Empty: an older version made the attempt.
	URL string
	// RequestHeaders and ResponseHeaders are those of an attempt that failed. What is told in confidence has no values.
	RequestHeaders, ResponseHeaders map[string]string
}

// SyncDeliveryID returns the ID of the delivery that a run owes an endpoint for a model: the same each
// time, so that handing a run in again makes no second delivery.
func SyncDeliveryID(run RunID, model string, end EndpointID) DeliveryID {
	return DeliveryID(DerivedID(DeliveryPrefix, IDTime(string(run)), string(run), model, string(end)))
}

// OperationalDeliveryID returns the ID of the delivery that tells an endpoint what happened to a run, or
// to a delivery since it was retried after base attempts: the same each time, so that handing in again what happened
// tells it once.
func OperationalDeliveryID(t OperationalType, about string, base int, end EndpointID) DeliveryID {
	return DeliveryID(DerivedID(DeliveryPrefix, IDTime(about), string(t), about, strconv.Itoa(base), string(end)))
}
