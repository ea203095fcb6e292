package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// LogLine is one line of a run's log.
type LogLine struct {
	Time    time.Time      `json:"t"`
	Level   string         `json:"l"`
	Message string         `json:"m"`
	Request *LoggedRequest `json:"r,omitempty"` // that it tells of
	Source  *SourceExcerpt `json:"s,omitempty"` // around the line at which an attempt failed
}

// LoggedRequest is a request that a script made to the external API, with all its attempts.
type LoggedRequest struct {
	Method   string        `json:"m"`
	URL      string        `json:"u"` // without what may be secret
	Began    time.Time     `json:"b"`
	Took     time.Duration `json:"t"`
	Status   int           `json:"s,omitempty"` // 0: there was no answer
	Attempts int           `json:"a"`
	Size     int           `json:"z,omitempty"` // of the answer's body
	Error    string        `json:"e,omitempty"` // why there was no answer
}

// SourceExcerpt is a part of a script's source.
type SourceExcerpt struct {
	File  string   `json:"f"`
	Line  int      `json:"l"` // that is meant, from 1
	First int      `json:"n"` // the number of the first line
	Lines []string `json:"t"`
}

// AppendLog adds lines to a run's log, of which the last 1,000 are kept. Lines of a connection that was
// deleted are not.
func (s *Store) AppendLog(ctx context.Context, p synchook.ProjectID, con synchook.ConnectionID, run synchook.RunID, lines []LogLine, keep time.Duration) error {
	if len(lines) == 0 {
		return nil
	}
	args := []any{string(run), int(keep / time.Second)}
	for _, l := range lines {
		args = append(args, toJSON(l))
	}
	err := s.inConnection(ctx, p, con, logScript, args...).Err()
	if isNil(err) {
		return nil // what a script answers that answers nothing
	}
	return failed("writing the log", err)
}

// Log returns a run's log, oldest first.
func (s *Store) Log(ctx context.Context, p synchook.ProjectID, con synchook.ConnectionID, run synchook.RunID) ([]LogLine, error) {
	texts, err := s.rdb.LRange(ctx, conKey(p, con, "log:"+string(run)), 0, -1).Result()
	if err != nil {
		return nil, failed("reading the log", err)
	}
	lines := make([]LogLine, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal([]byte(text), &lines[i]); err != nil {
			return nil, err
		}
	}
	return lines, nil
}
