package e2e

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// makeStore is the binary of a release, which is to make the store that later ones are held to:
//
//	git worktree add /tmp/release v0.1.0 && (cd /tmp/release && go build -o synchook ./cmd/synchook)
//	go test ./e2e -run TestTheStoreOfTheFormerVersion -make-store /tmp/release/synchook
var makeStore = flag.String("make-store", "", "make testdata/upgrade anew by this binary of a former version")

// The store that a former version made, what is known of it, and its syncs.
const (
	formerStore = "testdata/upgrade/store.jsonl"
	formerFacts = "testdata/upgrade/facts.json"
	formerSyncs = "testdata/upgrade/syncs"
)

// former is what is known of the store that a former version made.
type former struct {
	Made          time.Time         `json:"made"`
	Version       string            `json:"version"`
	EncryptionKey string            `json:"encryption_key"`
	Project       string            `json:"project"`
	PublicID      string            `json:"public_id"`
	Key           string            `json:"key"`
	SigningSecret string            `json:"signing_secret"`
	WebhookSecret string            `json:"webhook_secret"`
	Token         string            `json:"token"`
	Connections   []string          `json:"connections"`
	Waiting       map[string]string `json:"waiting"` // events whose runs or webhooks are not done, by what they wait for
	Answers       answers           `json:"answers"` // of the API
}

// ledger is a project with all that a store can hold.
type ledger struct {
	*rig.Project
	worker  *rig.Process
	waiting map[string]string
}

// makeFormer has a binary make the store.
func makeFormer(t *testing.T, binary string) {
	t.Helper()
	key := base64.StdEncoding.EncodeToString([]byte("no secret: it is among the tests"))
	h := rig.NewHouse(t, rig.HouseOptions{Binary: binary, Settings: []string{"SYNCHOOK_ENCRYPTION_KEY=" + key}})
	l := &ledger{Project: h.NewProject("ledger", "user-1", "user-2", "user-3", "user-4"), worker: h.StartWorker(), waiting: map[string]string{}}
	l.Set(&synchookv1.ProjectSettings{WebhookHeaders: map[string]string{"x-app": "ledger"}, RetrySchedule: seconds(1), RunRetrySchedule: seconds(1)},
		"webhook_headers", "retry_schedule", "run_retry_schedule")
	l.redeploy(binary)
	l.finish()
	l.refuse()
	l.leave()
	f := former{
		Made: time.Now().UTC().Truncate(time.Millisecond), Version: versionOf(t, binary), EncryptionKey: key, Project: l.ID, PublicID: l.PublicID, Key: l.Key,
		SigningSecret: l.Receiver.Secret(), WebhookSecret: l.GitHub.Secret(), Token: l.GitHub.Token(),
		Connections: l.Connections, Waiting: l.waiting, Answers: everything(t, l.Client(), l.Connections),
	}
	text, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(formerFacts, append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	writeStore(t, h.Redis.Client(), formerStore)
}

// redeploy puts the syncs of the store in the place of those that every project of the tests has.
func (l *ledger) redeploy(binary string) {
	t := l.House.T
	t.Helper()
	d := rig.Start(t, "deploy", []string{"SYNCHOOK_API_KEY=" + l.Key}, binary, "deploy", "--yes", formerSyncs, "--url", l.House.URL())
	d.WantEnd(time.Minute)
	l.Receiver.Want(len(l.Connections)) // of the first scheduled runs
}

func seconds(n ...int64) []*durationpb.Duration {
	var spans []*durationpb.Duration
	for _, s := range n {
		spans = append(spans, &durationpb.Duration{Seconds: s})
	}
	return spans
}

// firstWebhook is GitHub's ID of the first webhook that the former version took.
const firstWebhook = "before-the-upgrade"

// send pushes an issue's webhook and returns its event.
func (l *ledger) send(user, number int) string {
	t := l.House.T
	t.Helper()
	id := rig.NewID()
	if user == 1 && number == 1 {
		id = firstWebhook
	}
	a, err := l.GitHub.Push(t.Context(), l.WebhookURL(), id, rig.Issue{Connection: "user-" + strconv.Itoa(user), Installation: user, Number: number})
	if err != nil || !a.OK() {
		t.Fatalf("issue %d of user-%d was answered %d, %v", number, user, a.Status, err)
	}
	return a.Event
}

// done sends and waits until the webhook came of it has been answered so often.
func (l *ledger) done(user, number, answers int) {
	l.House.T.Helper()
	had := len(l.Receiver.Got())
	l.send(user, number)
	l.Receiver.Want(had + answers)
}

// finish makes what has come to an end: runs that succeeded and failed, deliveries that arrived and that
// were given up.
func (l *ledger) finish() {
	l.House.T.Helper()
	for n := 1; n <= 5; n++ {
		l.done(1, n, 1)
	}
	l.Receiver.Answer(500, 500)
	l.done(1, 6, 2)
	l.GitHub.Misbehave(unprocessable)
	l.done(2, 1, 1)
	l.GitHub.Behave()
}

func unprocessable(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
	http.Error(w, `{"message":"Validation Failed"}`, http.StatusUnprocessableEntity)
}

// refuse makes an event that matches no connection, and a webhook that is refused.
func (l *ledger) refuse() {
	t := l.House.T
	t.Helper()
	l.send(99, 1)
	resp, err := http.Post(l.WebhookURL(), "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a webhook without a signature was answered %d", resp.StatusCode)
	}
}

// leave makes what the next version finds: a delivery and a run that wait for their next attempt, a
// worker that was killed in the middle of another run and another post, and runs that nobody has begun.
func (l *ledger) leave() {
	t := l.House.T
	t.Helper()
	l.Set(&synchookv1.ProjectSettings{RetrySchedule: seconds(1800, 1800), RunRetrySchedule: seconds(1800)}, "retry_schedule", "run_retry_schedule")
	had := len(l.Receiver.Got())
	l.Receiver.Answer(500)
	l.waiting["the delivery's next attempt"] = l.send(2, 2)
	l.Receiver.Want(had + 1)

	l.GitHub.Misbehave(unprocessable)
	event := l.send(3, 1)
	l.waiting["the run's next attempt"] = event
	rig.Until(t, time.Minute, "the run waits for its next attempt", func() bool {
		list, err := l.Client().Runs.ListRuns(t.Context(), &synchookv1.ListRunsRequest{EventId: event})
		return err == nil && len(list.GetRuns()) == 1 && list.GetRuns()[0].GetNextAttemptTime() != nil
	})
	l.waiting["the run before it"] = l.send(3, 2)
	l.GitHub.Behave()

	posting, asking := l.Receiver.Gate().Hold(), l.GitHub.Gate()
	l.waiting["the end of its post"] = l.send(1, 7)
	<-posting
	held := asking.Hold()
	l.waiting["the end of its run"] = l.send(4, 1)
	<-held
	l.worker.Kill()
	for n := 8; n <= 9; n++ {
		l.waiting["a worker, "+strconv.Itoa(n)] = l.send(1, n)
	}
}

func versionOf(t *testing.T, binary string) string {
	t.Helper()
	p := rig.Start(t, "version", nil, binary, "version")
	p.WantEnd(10 * time.Second)
	return strings.Join(p.Output(), " ")
}
