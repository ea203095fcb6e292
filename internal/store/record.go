package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// ErrFenced is answered to a worker that has lost its run to another.
var ErrFenced = errors.New("another worker has taken over this run")

// saveBatch is how many records one script writes at most.
const saveBatch = 500

// runRemembered is how long a run's counts are kept in the connection's slot after it was opened or sealed.
const runRemembered = 7 * 24 * time.Hour

// RecordWrite is one record to write.
type RecordWrite struct {
	ID      string
	Digest  string // of the content, without regard to the order of keys
	Payload []byte // compact JSON
}

// Opened is the answer to OpenRun.
type Opened struct {
	Started time.Time // the first script start
	Sealed  *Sealed   // how the run ended, when it only needs to be handed in
}

// Ending is how a run ended.
type Ending struct {
	State  synchook.RunState
	Error  string
	Access Access // how the external API took the connection's credentials last
}

// Sealed is how a run ended and what it changed. It never changes.
type Sealed struct {
	Ending
	Counts map[synchook.ModelID]synchook.Counts
	Buried []synchook.ModelID // models of which it deleted records
}

// OpenRun opens a run for writing, or says that it is sealed. That its connection was deleted is a fault
// of KindNotFound.
func (s *Store) OpenRun(ctx context.Context, w Writer) (Opened, error) {
	answer, err := s.inConnection(ctx, w.Project, w.Connection, openScript, string(w.Run), w.Fence,
		int(runRemembered/time.Second)).Slice()
	if err != nil {
		return Opened{}, failed("opening the run", err)
	}
	switch answer[0] {
	case "open":
		return Opened{Started: fromMillis(words(answer)[1])}, nil
	case "sealed":
		// Sealed once more, because the first time too few replicas may have confirmed it.
		sealed, err := s.SealRun(ctx, w, Ending{})
		return Opened{Started: fromMillis(words(answer)[1]), Sealed: &sealed}, err
	case "gone":
		return Opened{}, synchook.NotFound("connection", string(w.Connection))
	}
	return Opened{}, ErrFenced
}

// SaveBatch puts records of a model. Of several with one ID, the last counts.
func (s *Store) SaveBatch(ctx context.Context, w Writer, model synchook.ModelID, records []RecordWrite) error {
	_, err := s.write(ctx, w, model, "p", lastOfEach(records), nil)
	return err
}

// DeleteBatch deletes records of a model; their last content is kept. IDs that are unknown, or deleted
// already, are ignored.
func (s *Store) DeleteBatch(ctx context.Context, w Writer, model synchook.ModelID, ids []string) error {
	records := make([]RecordWrite, len(ids))
	for i, id := range ids {
		records[i].ID = id
	}
	_, err := s.write(ctx, w, model, "d", lastOfEach(records), nil)
	return err
}

// Merge returns the content of a record after a part of it was changed.
type Merge func(old, part []byte) (RecordWrite, error)

// UpdateBatch merges parts into records that are there and live; unknown IDs are ignored.
func (s *Store) UpdateBatch(ctx context.Context, w Writer, model synchook.ModelID, parts []RecordWrite, merge Merge) error {
	todo := lastOfEach(parts)
	for len(todo) > 0 {
		writes, expect, err := s.merged(ctx, w, model, todo[:min(len(todo), saveBatch)], merge)
		if err != nil {
			return err
		}
		rest := todo[min(len(todo), saveBatch):]
		conflicts, err := s.write(ctx, w, model, "p", writes, expect)
		if err != nil {
			return err
		}
		for _, part := range todo[:len(todo)-len(rest)] {
			if conflicts[part.ID] { // changed by the other lane meanwhile: merge it again
				rest = append(rest, part)
			}
		}
		todo = rest
	}
	return nil
}

func (s *Store) merged(ctx context.Context, w Writer, model synchook.ModelID, parts []RecordWrite, merge Merge) (writes []RecordWrite, expect []string, err error) {
	ids := make([]string, len(parts))
	for i, part := range parts {
		ids[i] = part.ID
	}
	rows, err := s.rdb.HMGet(ctx, conKey(w.Project, w.Connection, "r:"+string(model)), ids...).Result()
	if err != nil {
		return nil, nil, failed("reading records", err)
	}
	for i, row := range rows {
		text, ok := row.(string)
		if !ok {
			continue
		}
		r, digest, err := decodeRecord(ids[i], text)
		if err != nil {
			return nil, nil, err
		}
		if r.LastAction == synchook.ActionDeleted {
			continue
		}
		write, err := merge(r.Payload, parts[i].Payload)
		if err != nil {
			return nil, nil, err
		}
		write.ID = ids[i]
		writes, expect = append(writes, write), append(expect, digest)
	}
	return writes, expect, nil
}

// lastOfEach keeps the last of the records with the same ID, in the order of the first.
func lastOfEach(records []RecordWrite) []RecordWrite {
	at := make(map[string]int, len(records))
	out := make([]RecordWrite, 0, len(records))
	for _, r := range records {
		if i, ok := at[r.ID]; ok {
			out[i] = r
			continue
		}
		at[r.ID] = len(out)
		out = append(out, r)
	}
	return out
}

// write writes in batches; it returns the IDs of records that were not as expected.
func (s *Store) write(ctx context.Context, w Writer, model synchook.ModelID, op string, records []RecordWrite, expect []string) (map[string]bool, error) {
	conflicts := map[string]bool{}
	for from := 0; from < len(records); from += saveBatch {
		batch := records[from:min(from+saveBatch, len(records))]
		args := make([]any, 0, 6+5*len(batch))
		args = append(args, string(w.Run), w.Fence, string(w.Lane), string(model), flag(w.Track), w.Writes.next())
		for i, r := range batch {
			want := ""
			if expect != nil {
				want = expect[from+i]
			}
			args = append(args, r.ID, op, r.Digest, pack(r.Payload), want)
		}
		answer, err := s.inConnection(ctx, w.Project, w.Connection, saveScript, args...).StringSlice()
		if err != nil {
			return nil, failed("saving records", err)
		}
		if answer[0] != "ok" {
			return nil, ErrFenced
		}
		w.Writes.made()
		for _, id := range answer[1:] {
			conflicts[id] = true
		}
	}
	return conflicts, nil
}

// DeleteUnseen deletes the live records of a model that this full run did not return.
func (s *Store) DeleteUnseen(ctx context.Context, w Writer, model synchook.ModelID) error {
	cursor := "0"
	for {
		answer, err := s.inConnection(ctx, w.Project, w.Connection, deleteUnseenScript, string(w.Run), w.Fence,
			string(model), cursor, saveBatch, w.Writes.next()).Text()
		if err != nil {
			return failed("deleting records that are gone", err)
		}
		if answer == "fenced" {
			return ErrFenced
		}
		w.Writes.made()
		if answer == "0" {
			return nil
		}
		cursor = answer
	}
}

// SealRun freezes a run's counts together with how it ended, and returns what it is sealed with: for a
// run that was sealed before, what it was sealed with then.
func (s *Store) SealRun(ctx context.Context, w Writer, e Ending) (Sealed, error) {
	answer, err := s.confirmed(ctx, "sealing the run", conKey(w.Project, w.Connection, ""), sealScript, string(w.Run), w.Fence,
		int(runRemembered/time.Second), string(e.State), e.Error, w.Writes.String(), e.Access.String())
	if err != nil {
		return Sealed{}, err
	}
	if answer[0] != "sealed" {
		return Sealed{}, ErrFenced
	}
	return decodeSealed(answer[1]), nil
}

func decodeSealed(v any) Sealed {
	f := fields(v)
	s := Sealed{
		Ending: Ending{State: synchook.RunState(f["sealed"]), Error: f["err"], Access: parseAccess(f["acc"])},
		Counts: map[synchook.ModelID]synchook.Counts{},
	}
	for name, text := range f {
		class, model, ok := strings.Cut(name, ":")
		if !ok {
			continue
		}
		if class == "x" {
			s.Buried = append(s.Buried, synchook.ModelID(model))
			continue
		}
		n, c := int64(number(text)), s.Counts[synchook.ModelID(model)]
		switch class {
		case "a":
			c.Added = n
		case "u":
			c.Updated = n
		case "d":
			c.Deleted = n
		}
		s.Counts[synchook.ModelID(model)] = c
	}
	return s
}

// decodeRecord reads a record as record.lua writes it.
func decodeRecord(id, text string) (synchook.Record, string, error) {
	f := strings.SplitN(text, "|", 10)
	if len(f) != 10 {
		return synchook.Record{}, "", errors.New("stored record " + strconv.Quote(id) + " is damaged")
	}
	payload, err := unpack(f[9])
	r := synchook.Record{
		ID: id, Payload: payload, FirstSeen: fromMillis(f[1]), LastModified: fromMillis(f[2]),
		Deleted: fromMillis(f[4]), Cursor: encodeToken(f[2], id),
	}
	switch f[3] {
	case "A":
		r.LastAction = synchook.ActionAdded
	case "U":
		r.LastAction = synchook.ActionUpdated
	case "D":
		r.LastAction = synchook.ActionDeleted
	}
	return r, f[0], err
}

// RecordQuery says which records are wanted.
type RecordQuery struct {
	Connection synchook.ConnectionID
	Model      synchook.ModelID
	Delta      time.Time         // changed at this time or later; zero: all
	Actions    []synchook.Action // empty: any
	IDs        []string          // empty: all
	Page       Page
}

// Records returns a page of records in the order of their last change, and the next page's token.
func (s *Store) Records(ctx context.Context, p synchook.ProjectID, q RecordQuery) ([]synchook.Record, string, error) {
	if len(q.IDs) > 0 {
		return s.recordsByID(ctx, p, q)
	}
	since, score, id := "-inf", "", ""
	if !q.Delta.IsZero() {
		since = millis(q.Delta)
	}
	if q.Page.Token != "" {
		var err error
		if score, id, err = decodeToken(q.Page.Token); err != nil {
			return nil, "", err
		}
	}
	answer, err := s.inConnection(ctx, p, q.Connection, recordsScript, string(q.Model), since, score, id, q.Page.size(), actionLetters(q.Actions)).StringSlice()
	if err != nil {
		return nil, "", failed("listing records", err)
	}
	records := make([]synchook.Record, 0, len(answer)/2)
	for i := 0; i+1 < len(answer); i += 2 {
		r, _, err := decodeRecord(answer[i], answer[i+1])
		if err != nil {
			return nil, "", err
		}
		records = append(records, r)
	}
	last := answer[len(answer)-1]
	if last == "" {
		return records, "", nil
	}
	return records, encodeToken(last), nil
}

func (s *Store) recordsByID(ctx context.Context, p synchook.ProjectID, q RecordQuery) ([]synchook.Record, string, error) {
	rows, err := s.rdb.HMGet(ctx, conKey(p, q.Connection, "r:"+string(q.Model)), q.IDs...).Result()
	if err != nil {
		return nil, "", failed("reading records", err)
	}
	wanted := actionLetters(q.Actions)
	var records []synchook.Record
	for i, row := range rows {
		text, ok := row.(string)
		if !ok {
			continue
		}
		r, _, err := decodeRecord(q.IDs[i], text)
		if err != nil {
			return nil, "", err
		}
		if strings.Contains(wanted, string(r.LastAction[:1])) && !r.LastModified.Before(q.Delta) {
			records = append(records, r)
		}
	}
	return records, "", nil
}

func actionLetters(actions []synchook.Action) string {
	if len(actions) == 0 {
		return "AUD"
	}
	letters := ""
	for _, a := range actions {
		letters += string(a[:1])
	}
	return letters
}
