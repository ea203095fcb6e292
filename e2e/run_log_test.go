package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

const failingScript = `interface Answer { url: string }

export async function onWebhookPayloadReceived(nango: any, payload: any) {
  await nango.log('asking');
  const answer = await nango.get({ endpoint: '/repos/octo/hello/issues/1?secret=in-the-query', retries: 0 });
  const first: Answer = answer.data.answers[0];
  await nango.batchSave([{ id: first.url }], 'Issue');
}
`

// The log of a run that failed tells the person who reads it what the script asked of the API, and shows the line at
// which it failed.
func TestTheLogOfARunTellsItsRequestsAndShowsTheLineAtWhichItFailed(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("log", "user-1")
	folder := t.TempDir()
	for name, text := range map[string]string{
		"nango.yaml": "integrations:\n  github:\n    failing:\n      type: sync\n      returns: [Issue]\n      webhook-subscriptions: issues\nmodels:\n  Issue:\n    id: string\n",
		"failing.ts": failingScript,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.Deploy(folder)
	p.Set(&synchookv1.ProjectSettings{RunRetrySchedule: []*durationpb.Duration{{Seconds: 1}}}, "run_retry_schedule")
	p.GitHub.Misbehave(func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"answers":[]}`))
	})
	h.StartWorker()
	p.Push(1, rig.Now()).End()
	rig.Until(t, 30*time.Second, "the run has failed", func() bool { return hasRun(t, p, synchookv1.RunState_RUN_STATE_FAILED) })

	list, err := p.Client().Runs.ListRuns(t.Context(), &synchookv1.ListRunsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Client().Runs.GetRun(t.Context(), &synchookv1.GetRunRequest{Id: list.GetRuns()[0].GetId()})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, line := range got.GetLog() {
		switch r, source := line.GetRequest(), line.GetSource(); {
		case r != nil:
			kinds = append(kinds, "request")
			if r.GetMethod() != http.MethodGet || !strings.HasSuffix(r.GetUrl(), "/repos/octo/hello/issues/1") || r.GetStatus() != http.StatusOK || r.GetAttempts() != 1 ||
				r.GetResponseSize() != 14 || r.GetDuration().AsDuration() <= 0 || time.Since(r.GetStartTime().AsTime()) > time.Minute {
				t.Errorf("the log tells of a request %v", r)
			}
		case source != nil:
			kinds = append(kinds, "failure")
			if source.GetFile() != "failing.ts" || source.GetLine() != 7 || source.GetFirstLine() != 3 || !slices.Equal(source.GetLines(), strings.Split(failingScript, "\n")[2:]) {
				t.Errorf("the source around the error is %v", source)
			}
			if line.GetLevel() != "error" || !strings.Contains(line.GetMessage(), "failing.ts:7") {
				t.Errorf("its line is %v", line)
			}
		default:
			kinds = append(kinds, line.GetMessage())
		}
	}
	attempt := []string{"asking", "request", "failure"}
	if want := slices.Concat(attempt, attempt); !slices.Equal(kinds, want) {
		t.Errorf("the log tells %q, want %q", kinds, want)
	}
}
