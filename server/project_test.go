package server_test

import (
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"google.golang.org/protobuf/types/known/durationpb"

	synchookclient "github.com/synchook/synchook/clients/go"
	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
)

func (w *world) settings(s *v1.ProjectSettings, paths ...string) *v1.ProjectSettings {
	w.t.Helper()
	got, err := w.client.Projects.UpdateProjectSettings(w.t.Context(), &v1.UpdateProjectSettingsRequest{Settings: s, UpdateMask: mask(paths...)})
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func TestAnUpdateChangesWhatItsMaskNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings(&v1.ProjectSettings{WebhookUrl: "https://app.example/hook", AlwaysSendWebhook: true}, "webhook_url", "always_send_webhook")
	got := w.settings(&v1.ProjectSettings{RetrySchedule: []*durationpb.Duration{seconds(1), seconds(2)}, WebhookUrl: "https://other.example"}, "retry_schedule")
	if got.GetWebhookUrl() != "https://app.example/hook" || !got.GetAlwaysSendWebhook() || len(got.GetRetrySchedule()) != 2 {
		t.Errorf("settings = %v", got)
	}
	got = w.settings(&v1.ProjectSettings{}, "webhook_url")
	if got.GetWebhookUrl() != "" || !got.GetAlwaysSendWebhook() || got.GetEtag() == "" || got.GetUpdateTime() == nil {
		t.Errorf("settings = %v", got)
	}
}

func TestAnUpdateOfSettingsThatHaveChangedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.settings(&v1.ProjectSettings{AlwaysSendWebhook: true}, "always_send_webhook")
	newer := w.settings(&v1.ProjectSettings{Etag: old.GetEtag()}, "always_send_webhook")
	got := w.call(&v1.UpdateProjectSettingsRequest{Settings: &v1.ProjectSettings{AlwaysSendWebhook: true, Etag: old.GetEtag()}, UpdateMask: mask("always_send_webhook")})
	if got.code != "aborted" || got.problem.GetReason() != "etag_mismatch" || len(got.violations) != 1 || got.violations[0] != "settings.etag" {
		t.Errorf("answer = %+v", got)
	}
	now, err := w.client.Projects.GetProjectSettings(t.Context(), &v1.GetProjectSettingsRequest{})
	if err != nil || now.GetEtag() != newer.GetEtag() || now.GetAlwaysSendWebhook() {
		t.Errorf("settings = %v, %v", now, err)
	}
}

func TestTheAdminKeyActsInTheProjectThatItNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	got, err := w.as(adminKey, synchookclient.WithProject(string(w.project))).Projects.GetProject(t.Context(), &v1.GetProjectRequest{})
	if err != nil || got.GetId() != string(w.project) || got.GetPublicId() != w.public {
		t.Errorf("project = %v, %v", got, err)
	}
	for project, want := range map[string]connect.Code{"": connect.CodeInvalidArgument, "prj_none": connect.CodeNotFound} {
		_, err := w.as(adminKey, synchookclient.WithProject(project)).Projects.GetProject(t.Context(), &v1.GetProjectRequest{})
		if connect.CodeOf(err) != want {
			t.Errorf("in the project %q: %v, want %s", project, err, want)
		}
	}
	_, err = w.as(w.key, synchookclient.WithProject("prj_other")).Projects.GetProject(t.Context(), &v1.GetProjectRequest{})
	if connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Errorf("a project's key with another project's name: %v", err)
	}
	list, err := w.as(adminKey).Projects.ListProjects(t.Context(), &v1.ListProjectsRequest{PageSize: 1})
	if err != nil || len(list.GetProjects()) != 1 || list.GetNextPageToken() != "" {
		t.Errorf("projects = %v, %v", list, err)
	}
}

func TestWithoutAnAdminKeyNothingIsOpenToIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	closed := newWorldWithoutAdmin(t, w.store)
	_, err := closed.as("").Projects.ListProjects(t.Context(), &v1.ListProjectsRequest{})
	if connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("with an empty key: %v", err)
	}
	if got := closed.send("GET", "/metrics", basic(""), nil); got.status != 401 {
		t.Errorf("metrics with an empty key: %d", got.status)
	}
}

func TestARevokedKeyEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	res, err := w.client.APIKeys.CreateAPIKey(t.Context(), &v1.CreateAPIKeyRequest{Name: "x", Scopes: []v1.Scope{v1.Scope_SCOPE_READ}})
	if err != nil {
		t.Fatal(err)
	}
	narrow := w.as(res.GetSecret())
	if _, err := narrow.Projects.GetProject(t.Context(), &v1.GetProjectRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.APIKeys.RevokeAPIKey(t.Context(), &v1.RevokeAPIKeyRequest{Id: res.GetApiKey().GetId()}); err != nil {
		t.Fatal(err)
	}
	if _, err := narrow.Projects.GetProject(t.Context(), &v1.GetProjectRequest{}); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("a revoked key: %v", err)
	}
	keys, err := w.client.APIKeys.ListAPIKeys(t.Context(), &v1.ListAPIKeysRequest{})
	if err != nil || len(keys.GetApiKeys()) != 1 || len(keys.GetApiKeys()[0].GetScopes()) != 4 {
		t.Errorf("keys = %v, %v", keys, err)
	}
}

func TestSecretsGoInAndNeverComeOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	credentials := &v1.Credentials{Kind: &v1.Credentials_Basic{Basic: &v1.Credentials_BasicCredentials{Username: "joe", Password: "pass-phrase"}}}
	con, err := w.client.Connections.UpdateConnection(t.Context(), &v1.UpdateConnectionRequest{
		Connection: &v1.Connection{ProviderConfigKey: "github", ConnectionId: "user-1", Credentials: credentials}, UpdateMask: mask("credentials"),
	})
	if err != nil || con.GetCredentials() != nil || con.GetCredentialsKind() != v1.CredentialsKind_CREDENTIALS_KIND_BASIC {
		t.Errorf("connection = %v, %v", con, err)
	}
	rotated, err := w.client.Projects.RotateSigningSecret(t.Context(), &v1.RotateSigningSecretRequest{Overlap: seconds(0)})
	if err != nil || rotated.GetFormerSecretExpireTime() != nil || !strings.HasPrefix(rotated.GetSigningSecret(), "whsec_") {
		t.Errorf("rotation: %v, %v", rotated, err)
	}
	shown := w.everything(t)
	for _, secret := range []string{githubSecret, "pass-phrase", w.key, rotated.GetSigningSecret()} {
		if strings.Contains(shown, secret) {
			t.Errorf("the API shows %q", secret)
		}
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log shows %q", secret)
		}
	}
}

func TestIntegrationsAreListedInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, key := range []string{"c", "a", "b"} {
		_, err := w.client.Integrations.CreateIntegration(t.Context(), &v1.CreateIntegrationRequest{
			Integration: &v1.Integration{ProviderConfigKey: key, Provider: "standard-webhooks"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	request := &v1.ListIntegrationsRequest{PageSize: 2}
	for {
		res, err := w.client.Integrations.ListIntegrations(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range res.GetIntegrations() {
			got = append(got, in.GetProviderConfigKey())
		}
		if request.PageToken = res.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	if strings.Join(got, "") != "abc" {
		t.Errorf("integrations = %q", got)
	}
}

// newWorldWithoutAdmin is a server on the same store that has no admin key.
func newWorldWithoutAdmin(t *testing.T, st *store.Store) *world {
	t.Helper()
	w := &world{t: t, store: st, queue: new(fakeQueue), log: new(logBuffer)}
	w.server = w.newServer()
	w.serve()
	return w
}

func TestWhatReceiversAskForIsKeptInHeadersAndNeverShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.call(&v1.UpdateProjectSettingsRequest{
		Settings: &v1.ProjectSettings{WebhookUrl: "https://user:hush@app.example/hook"}, UpdateMask: mask("webhook_url"),
	})
	if got.code != "invalid_argument" || len(got.violations) != 1 || got.violations[0] != "settings.webhook_url" {
		t.Errorf("a URL with a password: %+v", got)
	}
	set := w.settings(&v1.ProjectSettings{WebhookHeaders: map[string]string{"Authorization": "hush"}}, "webhook_headers")
	if value, ok := set.GetWebhookHeaders()["Authorization"]; !ok || value != "" {
		t.Errorf("the headers are shown as %v", set.GetWebhookHeaders())
	}
	kept, err := w.store.Settings(t.Context(), w.project)
	if err != nil || kept.WebhookHeaders["Authorization"] != "hush" {
		t.Errorf("the headers are kept as %v (%v)", kept.WebhookHeaders, err)
	}
}

func TestADeletedProjectIsUnknownToAllAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	post := func() int {
		t.Helper()
		res, err := http.Post(w.url+"/webhook/"+w.public+"/github", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	if got := post(); got != http.StatusUnauthorized {
		t.Errorf("an unsigned webhook before: %d", got)
	}
	admin := w.as(adminKey).Projects
	if _, err := admin.DeleteProject(t.Context(), &v1.DeleteProjectRequest{Id: string(w.project)}); err != nil {
		t.Fatal(err)
	}
	if got := post(); got != http.StatusNotFound {
		t.Errorf("a webhook afterwards: %d", got)
	}
	if _, err := w.client.Projects.GetProject(t.Context(), &v1.GetProjectRequest{}); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("with its key: %v", err)
	}
	list, err := admin.ListProjects(t.Context(), &v1.ListProjectsRequest{})
	if err != nil || len(list.GetProjects()) != 0 {
		t.Errorf("listed: %v, %v", list, err)
	}
	_, err = admin.DeleteProject(t.Context(), &v1.DeleteProjectRequest{Id: "prj_none"})
	if connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("one that never was: %v", err)
	}
}

func TestTheRetentionOfDeletedRecordsIsASetting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.settings(&v1.ProjectSettings{DeletedRecordRetention: seconds(7200)}, "deleted_record_retention")
	if got.GetDeletedRecordRetention().GetSeconds() != 7200 || got.GetRetention() != nil {
		t.Errorf("settings = %v", got)
	}
}
