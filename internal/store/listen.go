package store

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

const (
	// heardAtOnce is how many deliveries of each kind one look finds.
	heardAtOnce = 100
	// replaysKept is for how long whoever listens can hear of a retry.
	replaysKept = 24 * time.Hour
)

// Heard is a delivery that is news to whoever listens.
type Heard struct {
	Delivery synchook.DeliveryID
	Replay   bool   // it was made before, and is retried
	Cursor   string // where to go on after it
}

// News is what one look at a project's deliveries found.
type News struct {
	Heard  []Heard // what was made, then what was retried
	Cursor string  // where the next look goes on
	More   bool    // it will find something: now, or in a millisecond
}

// Listen finds the deliveries that were made or retried since a cursor, each once and none missed. Without a cursor, it
// returns one that begins now. Whoever the caller's key was revoked of, or the project was deleted, finds nothing.
func (s *Store) Listen(ctx context.Context, c synchook.Caller, cursor string) (News, error) {
	at, err := parseCursor(cursor)
	if err != nil {
		return News{}, err
	}
	answer, err := s.inProject(ctx, c.Project, listenScript,
		string(c.Key), at.made.score, at.made.member, at.retried.score, at.retried.member, heardAtOnce).Slice()
	switch {
	case err != nil:
		return News{}, failed("listening to deliveries", err)
	case answer[0] == "gone":
		return News{}, synchook.NotFound("project", string(c.Project))
	case answer[0] == "revoked":
		return News{}, unknownKey()
	}
	w := words(answer[1:])
	n := News{More: w[1] == "1" || w[3] == "1"}
	edge := spot{score: w[0]}
	at.made = n.hear(&at, &at.made, words(answer[3]), edge, w[1] == "1")
	at.retried = n.hear(&at, &at.retried, words(answer[5]), edge, w[3] == "1")
	n.Cursor = at.String()
	return n, nil
}

// hear adds what was found in an index, and returns where the next look at it goes on: when there is no more, from the
// moment of this one on.
func (n *News) hear(at *listening, place *spot, found []string, edge spot, more bool) spot {
	for i := 0; i+1 < len(found); i += 2 {
		id, _, replay := strings.Cut(found[i], ":")
		*place = spot{score: found[i+1], member: found[i]}
		n.Heard = append(n.Heard, Heard{Delivery: synchook.DeliveryID(id), Replay: replay, Cursor: at.String()})
	}
	if place.score == "" || !more {
		return edge
	}
	return *place
}

// listening is where whoever listens is: in what was made, and in what was retried.
type listening struct{ made, retried spot }

// String is the cursor as it is given out.
func (l listening) String() string {
	return encodeToken(l.made.score, l.made.member, l.retried.score, l.retried.member)
}

// CursorAt returns a cursor of what happened since a time.
func CursorAt(t time.Time) string {
	since := spot{score: millis(t)}
	return listening{since, since}.String()
}

func parseCursor(cursor string) (l listening, err error) {
	if cursor == "" {
		return l, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	part := strings.Split(string(raw), "|")
	if err == nil && len(part) == 4 && finite(part[0]) && finite(part[2]) {
		return listening{spot{part[0], part[1]}, spot{part[2], part[3]}}, nil
	}
	return l, synchook.Invalid("cursor", "the cursor is not one that this stream gave out",
		"Send the cursor of the last response as it came, or leave it empty to hear what comes from now on.")
}

// finite reports whether a text is a number of milliseconds.
func finite(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n >= 0
}
