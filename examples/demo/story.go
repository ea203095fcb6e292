package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	synchookclient "github.com/synchook/synchook/clients/go"
	"github.com/synchook/synchook/examples/receiver/hook"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

const (
	scripts      = "examples/github-issues"
	integration  = "github"
	connection   = "user-1"
	syncName     = "github-issues"
	model        = "GithubIssue"
	webhookCount = 16 // how many webhooks may wait to be told of
)

// story is the demo: who takes part, and what has happened so far.
type story struct {
	screen *screen
	folder string

	log      *os.File
	github   *github
	app      *http.Server
	appURL   string
	received chan arrival
	program  *program
	client   *synchookclient.Client

	delivery string // GitHub's ID of the webhook that it sent
	sent     time.Time
	run      *synchookv1.Run
	webhook  arrival
}

// arrival is a webhook that the app received, and when.
type arrival struct {
	hook.Webhook
	at time.Time
}

// tell plays all steps in order.
func (st *story) tell(ctx context.Context) error {
	for _, part := range []struct {
		title string
		steps []step
	}{
		{"Three programs start", []step{
			{"GitHub's API, or what stands in for it", st.startGitHub},
			{"synchook, with its workers and its data", st.startSynchook},
			{"Your app, which receives webhooks", st.startApp},
		}},
		{"A project is set up", []step{
			{"Where your app's webhooks go", st.setWebhookURL},
			{"The integration " + integration + ", with the secret that GitHub signs with", st.createIntegration},
			{"The connection " + connection + ": one customer's account at GitHub", st.createConnection},
			{"synchook deploy " + scripts, st.deploy},
		}},
		{"Somebody opens an issue", []step{
			{"GitHub sends a signed webhook, and it is stored", st.sendWebhook},
			{"The event is accepted", st.findEvent},
			{"The sync script runs with its payload", st.awaitRun},
			{"The record is stored", st.readRecords},
			{"Your app receives one webhook and verifies it", st.receiveWebhook},
			{"Your app reads what has changed since queryTimeStamp", st.readDelta},
		}},
	} {
		st.screen.title(part.title)
		for _, one := range part.steps {
			if err := st.screen.step(ctx, one.name, one.do); err != nil {
				return err
			}
		}
	}
	return nil
}

// step is one step of the story: its name, and what does it and says more about it.
type step struct {
	name string
	do   func(context.Context) (string, error)
}

// stop ends everything that was started, the newest first.
func (st *story) stop() {
	if st.program != nil {
		st.program.stop()
	}
	if st.app != nil {
		_ = st.app.Close() // nobody is left to answer
	}
	if st.github != nil {
		_ = st.github.server.Close()
	}
	if st.log != nil {
		_ = st.log.Close()
	}
}

// withLog adds the end of synchook's log to an error.
func (st *story) withLog(err error) error {
	text, readErr := os.ReadFile(filepath.Join(st.folder, "synchook.log"))
	if readErr != nil || len(text) == 0 {
		return err
	}
	return fmt.Errorf("%w\n\nThe end of synchook's log:\n%s", err, lastLines(string(text), 15))
}

func (st *story) startGitHub(context.Context) (string, error) {
	var err error
	st.github, err = startGitHub()
	if err != nil {
		return "", err
	}
	return st.github.url, nil
}

func (st *story) startSynchook(ctx context.Context) (string, error) {
	var err error
	if st.log, err = os.Create(filepath.Join(st.folder, "synchook.log")); err != nil {
		return "", err
	}
	if st.program, err = startProgram(ctx, st.folder, st.log); err != nil {
		return "", err
	}
	st.client = synchookclient.New(st.program.URL, st.program.APIKey)
	return st.program.URL, nil
}

func (st *story) startApp(context.Context) (string, error) {
	st.received = make(chan arrival, webhookCount)
	receiver := &hook.Receiver{Secret: st.program.SigningSecret, Received: func(w hook.Webhook) {
		select {
		case st.received <- arrival{w, time.Now()}:
		default: // the story is over; nobody reads
		}
	}}
	var err error
	st.app, st.appURL, err = serve(receiver)
	return st.appURL, err
}

func (st *story) setWebhookURL(ctx context.Context) (string, error) {
	settings, err := st.client.Projects.UpdateProjectSettings(ctx, &synchookv1.UpdateProjectSettingsRequest{
		Settings:   &synchookv1.ProjectSettings{WebhookUrl: st.appURL},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"webhook_url"}},
	})
	return "webhook_url = " + settings.GetWebhookUrl(), err
}

func (st *story) createIntegration(ctx context.Context) (string, error) {
	created, err := st.client.Integrations.CreateIntegration(ctx, &synchookv1.CreateIntegrationRequest{
		Integration: &synchookv1.Integration{
			ProviderConfigKey: integration,
			Provider:          "github",
			WebhookSecrets:    []string{st.github.secret},
			BaseUrl:           st.github.url,
		},
	})
	return "GitHub's webhooks come in at " + created.GetWebhookPath(), err
}

func (st *story) createConnection(ctx context.Context) (string, error) {
	config, err := structpb.NewStruct(map[string]any{"installation_id": st.github.installation})
	if err != nil {
		return "", err
	}
	_, err = st.client.Connections.CreateConnection(ctx, &synchookv1.CreateConnectionRequest{
		Connection: &synchookv1.Connection{
			ProviderConfigKey: integration,
			ConnectionId:      connection,
			Credentials:       &synchookv1.Credentials{Kind: &synchookv1.Credentials_BearerToken{BearerToken: st.github.token}},
			ConnectionConfig:  config,
		},
	})
	return fmt.Sprintf("connection_config.installation_id = %.0f, which GitHub puts into its payloads", st.github.installation), err
}

func (st *story) deploy(ctx context.Context) (string, error) { return st.program.deploy(ctx, scripts) }

func (st *story) sendWebhook(ctx context.Context) (string, error) {
	path := "/webhook/" + st.program.PublicID + "/" + integration
	st.sent = time.Now()
	var err error
	st.delivery, err = st.github.send(ctx, st.program.URL+path)
	return fmt.Sprintf("POST %s, %d bytes, X-GitHub-Delivery %s", path, len(issuesOpened), st.delivery), err
}

func (st *story) findEvent(ctx context.Context) (string, error) {
	event, err := until(ctx, func(ctx context.Context) (*synchookv1.Event, bool, error) {
		list, err := st.client.Events.ListEvents(ctx, &synchookv1.ListEventsRequest{ProviderConfigKey: integration})
		for _, event := range list.GetEvents() {
			if event.GetExternalId() == st.delivery {
				return event, true, nil
			}
		}
		return nil, false, err
	})
	if err != nil {
		return "", err
	}
	if len(event.GetRunIds()) != 1 {
		return "", fmt.Errorf("the event %s triggered %d runs instead of 1: %s", event.GetId(), len(event.GetRunIds()), event.GetReason())
	}
	st.run = &synchookv1.Run{Id: event.GetRunIds()[0]}
	return fmt.Sprintf("%s %s, for one run: %s", event.GetType(), event.GetId(), st.run.GetId()), nil
}

func (st *story) awaitRun(ctx context.Context) (string, error) {
	answer, err := until(ctx, func(ctx context.Context) (*synchookv1.GetRunResponse, bool, error) {
		answer, err := st.client.Runs.GetRun(ctx, &synchookv1.GetRunRequest{Id: st.run.GetId()})
		return answer, answer.GetRun().GetEndTime() != nil || answer.GetRun().GetError() != "", err
	})
	if err != nil {
		return "", err
	}
	if st.run = answer.GetRun(); st.run.GetState() != synchookv1.RunState_RUN_STATE_SUCCEEDED {
		return "", fmt.Errorf("the run %s: %s", st.run.GetId(), st.run.GetError())
	}
	return st.runDetails(answer.GetLog()), nil
}

// runDetails says what a run did: its requests, its log and its counts.
func (st *story) runDetails(log []*synchookv1.LogLine) string {
	var lines []string
	for _, asked := range st.github.asked() {
		lines = append(lines, "request: "+asked+", with the connection's credentials")
	}
	for _, entry := range log {
		lines = append(lines, "log: "+entry.GetMessage())
	}
	counts := st.run.GetCounts()[model]
	took := st.run.GetEndTime().AsTime().Sub(st.run.GetStartTime().AsTime())
	return strings.Join(append(lines, fmt.Sprintf("%s: %d added, %d updated, %d deleted, after %s",
		model, counts.GetAdded(), counts.GetUpdated(), counts.GetDeleted(), shortly(took))), "\n")
}

func (st *story) readRecords(ctx context.Context) (string, error) {
	return st.records(ctx, nil)
}

// records reads the one record that must be there, of those that changed at delta or later.
func (st *story) records(ctx context.Context, delta *timestamppb.Timestamp) (string, error) {
	list, err := st.client.Records.ListRecords(ctx, &synchookv1.ListRecordsRequest{
		ProviderConfigKey: integration, ConnectionId: connection, Model: model, Delta: delta,
	})
	if err != nil {
		return "", err
	}
	if len(list.GetRecords()) != 1 {
		return "", fmt.Errorf("there are %d records instead of 1", len(list.GetRecords()))
	}
	record := list.GetRecords()[0]
	text, err := json.MarshalIndent(record.GetPayload().AsMap(), "", "  ")
	if err != nil {
		return "", err
	}
	action := strings.ToLower(strings.TrimPrefix(record.GetLastAction().String(), "RECORD_ACTION_"))
	return fmt.Sprintf("%s at %s\n%s", action, record.GetLastModifiedTime().AsTime().Format(time.RFC3339Nano), text), nil
}

func (st *story) receiveWebhook(ctx context.Context) (string, error) {
	select {
	case st.webhook = <-st.received:
	case <-ctx.Done():
		return "", errors.New("no webhook came")
	}
	if st.webhook.Err != nil {
		return "", fmt.Errorf("the webhook %s was refused: %w", st.webhook.ID, st.webhook.Err)
	}
	return fmt.Sprintf("webhook-id %s, signature verified, answered %d\n%s\n%s after GitHub sent its own",
		st.webhook.ID, st.webhook.Status, st.webhook.Raw, shortly(st.webhook.at.Sub(st.sent))), nil
}

func (st *story) readDelta(ctx context.Context) (string, error) {
	stamp := st.webhook.Body.QueryTimeStamp
	if stamp == nil {
		return "", errors.New("the webhook has no queryTimeStamp, although an event triggered its run")
	}
	details, err := st.records(ctx, timestamppb.New(*stamp))
	if err != nil {
		return "", err
	}
	what, _, _ := strings.Cut(details, "\n")
	return "ListRecords, delta " + stamp.Format(time.RFC3339Nano) + ": 1 record, " + what, nil
}

// printWaysOn prints where to look and what to try next.
func (st *story) printWaysOn() {
	p, s := st.program, st.screen
	address := strings.TrimPrefix(p.URL, "http://")
	request := fmt.Sprintf(`{"provider_config_key":%q,"connection_id":%q,"model":%q}`, integration, connection, model)
	s.title("Look at it")
	s.line("  " + p.URL + "/         the dashboard; log in with the API key " + p.APIKey)
	s.line("  " + p.URL + "/docs     how to use it")
	s.line("  " + p.URL + "/queues   Asynqmon; any user name, the admin key as password: " + p.AdminKey)
	s.line("  " + p.URL + "/readyz")
	s.title("Call it")
	s.line(fmt.Sprintf("  grpcurl -plaintext -H 'authorization: Bearer %s' \\\n    -d '%s' \\\n    %s synchook.v1.RecordService/ListRecords", p.APIKey, request, address))
	s.line("")
}
