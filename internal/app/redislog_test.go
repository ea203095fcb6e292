package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestTheRedisClientWritesToOurLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	redisLog{slog.New(slog.NewJSONHandler(&log, nil))}.Printf(t.Context(), "redis: failed to dial after %d attempts", 2)
	if got := log.String(); !strings.Contains(got, `"level":"WARN"`) || !strings.Contains(got, `"message":"redis: failed to dial after 2 attempts"`) {
		t.Errorf("log: %s", got)
	}
}
