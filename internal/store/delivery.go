package store

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/synchook/synchook/internal/synchook"
)

var deliveryFields = []string{"f", "at", "st", "new", "due", "ls", "rs", "end", "th", "sup", "wt", "base", "again"}

func decodeDelivery(id synchook.DeliveryID, f []any) (synchook.Delivery, error) {
	w := words(f)
	if w[0] == "" {
		return synchook.Delivery{}, synchook.NotFound("delivery", string(id))
	}
	d := synchook.Delivery{
		ID: id, Attempts: int(number(w[1])), State: synchook.DeliveryState(w[2]), Created: fromMillis(w[3]),
		LastStatus: int(number(w[5])), Reason: w[6], Ended: fromMillis(w[7]), Throttled: int(number(w[8])),
		SupersededBy: synchook.DeliveryID(w[9]), Base: int(number(w[11])), Renewed: fromMillis(w[12]),
	}
	switch d.State {
	case synchook.DeliveryPending:
		d.Due, d.Cause = fromMillis(w[4]), synchook.WaitCause(w[10])
	case synchook.DeliverySuperseded:
		d.Reason = w[9] + " took its place"
	case synchook.DeliveryDelivered:
		d.Reason = strings.TrimSpace("the endpoint answered " + w[5] + " " + http.StatusText(d.LastStatus)) // not kept: most rows are of these
	}
	err := fromJSON(w[0], &d.DeliveryFacts)
	return d, err
}

// Delivery returns a delivery without its body.
func (s *Store) Delivery(ctx context.Context, p synchook.ProjectID, id synchook.DeliveryID) (synchook.Delivery, error) {
	f, err := s.rdb.HMGet(ctx, key(p, "dlv", string(id)), deliveryFields...).Result()
	if err != nil {
		return synchook.Delivery{}, failed("reading the delivery", err)
	}
	return decodeDelivery(id, f)
}

// DeliveryAttempts returns a delivery's body and its attempts, oldest first, the last 50.
func (s *Store) DeliveryAttempts(ctx context.Context, p synchook.ProjectID, id synchook.DeliveryID) ([]byte, []synchook.Attempt, error) {
	f, err := s.rdb.HGetAll(ctx, key(p, "dlv", string(id))).Result()
	if err != nil {
		return nil, nil, failed("reading the attempts", err)
	}
	n := int(number(f["at"]))
	var attempts []synchook.Attempt
	for i := max(1, n-49); i <= n; i++ {
		text, ok := f["a"+strconv.Itoa(i)]
		if !ok {
			continue
		}
		a, err := decodeAttempt(i, text)
		if err != nil {
			return nil, nil, err
		}
		attempts = append(attempts, a)
	}
	return []byte(f["b"]), attempts, nil
}

// RetryDelivery makes a delivery due now. One that has ended has all attempts of its schedule before it again; one that
// is in flight stays so.
func (s *Store) RetryDelivery(ctx context.Context, p synchook.ProjectID, d synchook.Delivery) ([]synchook.Hint, error) {
	answer, err := s.inProject(ctx, p, retryDeliveryScript, string(d.ID)).Slice()
	if err != nil {
		return nil, failed("retrying the delivery", err)
	}
	if answer[0] == "gone" {
		return nil, synchook.NotFound("delivery", string(d.ID))
	}
	return hints(p, answer[1]), nil
}

// DeliveryBody returns what is sent, byte by byte.
func (s *Store) DeliveryBody(ctx context.Context, p synchook.ProjectID, id synchook.DeliveryID) ([]byte, error) {
	body, err := s.rdb.HGet(ctx, key(p, "dlv", string(id)), "b").Bytes()
	if isNil(err) {
		return nil, synchook.NotFound("delivery", string(id))
	}
	return body, failed("reading the delivery's body", err)
}
