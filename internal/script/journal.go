package script

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// maxLogLine is the longest log line in bytes.
const maxLogLine = 8 << 10

// journal is the bounded log of one run.
type journal struct {
	host    Host
	left    int
	dropped int
}

// write logs a line, or counts it when the run has logged enough. An unknown
// level is info.
func (j *journal) write(ctx context.Context, level, message string) {
	if j.left == 0 {
		j.dropped++
		return
	}
	j.left--
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, level) {
		level = "info"
	}
	j.host.Log(ctx, level, shorten(message))
}

// close says how many lines were dropped.
func (j *journal) close(ctx context.Context) {
	if j.dropped > 0 {
		j.host.Log(ctx, "warn", fmt.Sprintf("%d more lines were dropped: a run may log a limited number", j.dropped))
	}
}

// shorten cuts a message that is too long for one line.
func shorten(message string) string {
	if len(message) <= maxLogLine {
		return message
	}
	return strings.ToValidUTF8(message[:maxLogLine], "") + fmt.Sprintf("... (%d bytes in all)", len(message))
}
