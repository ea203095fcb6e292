package server

import (
	"context"
	"crypto/rand"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// projectStore keeps projects.
type projectStore interface {
	CreateProject(ctx context.Context, n store.NewProject) (synchook.Project, error)
	Project(ctx context.Context, p synchook.ProjectID) (synchook.Project, error)
	Projects(ctx context.Context, page store.Page) ([]synchook.Project, string, error)
	DeleteProject(ctx context.Context, p synchook.ProjectID) error
	CreateAPIKey(ctx context.Context, p synchook.ProjectID, name string, scopes []synchook.Scope) (synchook.APIKey, string, error)
}

// settingsStore keeps what people set in a project.
type settingsStore interface {
	Settings(ctx context.Context, p synchook.ProjectID) (synchook.Settings, error)
	UpdateSettings(ctx context.Context, c synchook.Caller, etag string, change func(*synchook.Settings) error) (synchook.Settings, error)
	RotateSigningSecret(ctx context.Context, p synchook.ProjectID, text string, until time.Time) error
}

// defaultOverlap is how long a former signing secret signs beside its successor unless the request says
// otherwise.
const defaultOverlap = 24 * time.Hour

// projectService serves synchook.v1.ProjectService.
type projectService struct {
	store interface {
		projectStore
		settingsStore
		activityStore
	}
	urls urls
	now  func() time.Time
}

// CreateProject implements the service.
func (s *projectService) CreateProject(ctx context.Context, r *v1.CreateProjectRequest) (*v1.CreateProjectResponse, error) {
	secret, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		return nil, err
	}
	p, err := s.store.CreateProject(ctx, store.NewProject{Name: r.GetName(), SigningSecret: secret.Text()})
	if err != nil {
		return nil, err
	}
	_, key, err := s.store.CreateAPIKey(ctx, p.ID, "first key", synchook.AllScopes())
	if err != nil {
		return nil, err
	}
	return &v1.CreateProjectResponse{Project: fromProject(p), ApiKey: key, SigningSecret: secret.Text()}, nil
}

// ListProjects implements the service.
func (s *projectService) ListProjects(ctx context.Context, r *v1.ListProjectsRequest) (*v1.ListProjectsResponse, error) {
	projects, next, err := s.store.Projects(ctx, pageOf(r))
	if err != nil {
		return nil, err
	}
	return &v1.ListProjectsResponse{Projects: convertAll(projects, fromProject), NextPageToken: next}, nil
}

// DeleteProject implements the service.
func (s *projectService) DeleteProject(ctx context.Context, r *v1.DeleteProjectRequest) (*v1.DeleteProjectResponse, error) {
	if err := s.store.DeleteProject(ctx, synchook.ProjectID(r.GetId())); err != nil {
		return nil, err
	}
	return &v1.DeleteProjectResponse{}, nil
}

// GetProject implements the service.
func (s *projectService) GetProject(ctx context.Context, _ *v1.GetProjectRequest) (*v1.Project, error) {
	p, err := s.store.Project(ctx, projectOf(ctx))
	if err != nil {
		return nil, err
	}
	return fromProject(p), nil
}

// GetProjectSettings implements the service.
func (s *projectService) GetProjectSettings(ctx context.Context, _ *v1.GetProjectSettingsRequest) (*v1.ProjectSettings, error) {
	set, err := s.store.Settings(ctx, projectOf(ctx))
	if err != nil {
		return nil, err
	}
	return fromSettings(set), nil
}

// UpdateProjectSettings implements the service.
func (s *projectService) UpdateProjectSettings(ctx context.Context, r *v1.UpdateProjectSettingsRequest) (*v1.ProjectSettings, error) {
	given := r.GetSettings()
	change, err := applyMask(r.GetUpdateMask(), settingsPatches(given))
	if err != nil {
		return nil, err
	}
	if err := s.check(given); err != nil {
		return nil, err
	}
	set, err := s.store.UpdateSettings(ctx, callerOf(ctx), given.GetEtag(), func(set *synchook.Settings) error {
		change(set)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return fromSettings(set), nil
}

// check judges what the contract's own rules cannot.
func (s *projectService) check(given *v1.ProjectSettings) error {
	if raw := given.GetWebhookUrl(); raw != "" {
		if err := s.urls.check("settings.webhook_url", raw); err != nil {
			return err
		}
	}
	return checkHeaders("settings.webhook_headers", given.GetWebhookHeaders())
}

func checkHeaders(field string, headers map[string]string) error {
	if err := webhook.CheckHeaders(headers); err != nil {
		return synchook.Invalid(field, err.Error(), "Names and values must be such that HTTP can send them, and none that synchook sets itself.")
	}
	return nil
}

func settingsPatches(given *v1.ProjectSettings) map[string]patch[synchook.Settings] {
	return map[string]patch[synchook.Settings]{
		"webhook_url":         func(set *synchook.Settings) { set.WebhookURL = given.GetWebhookUrl() },
		"always_send_webhook": func(set *synchook.Settings) { set.AlwaysSend = given.GetAlwaysSendWebhook() },
		"retry_schedule":      func(set *synchook.Settings) { set.RetrySchedule = fromSpans(given.GetRetrySchedule()) },
		"run_retry_schedule":  func(set *synchook.Settings) { set.RunRetrySchedule = fromSpans(given.GetRunRetrySchedule()) },
		"webhook_headers":     func(set *synchook.Settings) { set.WebhookHeaders = given.GetWebhookHeaders() },
		"deleted_record_retention": func(set *synchook.Settings) {
			set.DeletedRetention = given.GetDeletedRecordRetention().AsDuration()
		},
		"retention":            func(set *synchook.Settings) { set.Retention = given.GetRetention().AsDuration() },
		"coalesce_webhooks":    func(set *synchook.Settings) { set.Coalesce = given.GetCoalesceWebhooks() },
		"min_webhook_interval": func(set *synchook.Settings) { set.MinInterval = given.GetMinWebhookInterval().AsDuration() },
		"webhook_rate_limit":   func(set *synchook.Settings) { set.WebhookRate = given.GetWebhookRateLimit() },
		"webhook_rate_burst":   func(set *synchook.Settings) { set.WebhookBurst = int(given.GetWebhookRateBurst()) },
		"operational_webhooks": func(set *synchook.Settings) {
			set.Operational = convertAll(given.GetOperationalWebhooks(), operationalWords().word)
		},
	}
}

// RotateSigningSecret implements the service.
func (s *projectService) RotateSigningSecret(ctx context.Context, r *v1.RotateSigningSecretRequest) (*v1.RotateSigningSecretResponse, error) {
	secret, until, err := newSecret(r, s.now())
	if err != nil {
		return nil, err
	}
	if err := s.store.RotateSigningSecret(ctx, projectOf(ctx), secret.Text(), until); err != nil {
		return nil, err
	}
	res := &v1.RotateSigningSecretResponse{SigningSecret: secret.Text()}
	if until.After(s.now()) {
		res.FormerSecretExpireTime = timestamp(until)
	}
	return res, nil
}

// rotation is every request for a new signing secret.
type rotation interface {
	GetOverlap() *durationpb.Duration
}

// newSecret makes a secret, and says until when the former one signs beside it.
func newSecret(r rotation, now time.Time) (webhook.Secret, time.Time, error) {
	overlap := defaultOverlap
	if r.GetOverlap() != nil {
		overlap = r.GetOverlap().AsDuration()
	}
	secret, err := webhook.NewSecret(rand.Reader)
	return secret, now.Add(overlap), err
}

func fromProject(p synchook.Project) *v1.Project {
	return &v1.Project{Id: string(p.ID), Name: p.Name, PublicId: p.PublicID, CreateTime: timestamp(p.Created)}
}

func fromSettings(set synchook.Settings) *v1.ProjectSettings {
	return &v1.ProjectSettings{
		WebhookUrl: set.WebhookURL, AlwaysSendWebhook: set.AlwaysSend, RetrySchedule: spans(set.RetrySchedule),
		RunRetrySchedule: spans(set.RunRetrySchedule), WebhookHeaders: namesOnly(set.WebhookHeaders), Retention: span(set.Retention),
		DeletedRecordRetention: span(set.DeletedRetention), CoalesceWebhooks: set.Coalesce, MinWebhookInterval: span(set.MinInterval),
		WebhookRateLimit: set.WebhookRate, WebhookRateBurst: int32(set.WebhookBurst),
		OperationalWebhooks: convertAll(set.Operational, operationalWords().enum),
		Etag:                set.Etag, UpdateTime: timestamp(set.Updated),
	}
}

// namesOnly leaves out the values of headers: they may be secrets, and are written only.
func namesOnly(headers map[string]string) map[string]string {
	shown := make(map[string]string, len(headers))
	for name := range headers {
		shown[name] = ""
	}
	return shown
}
