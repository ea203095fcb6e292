package server_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/server"
)

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// call calls the method that takes such a message, with the project's key.
func (w *world) call(request proto.Message) answer {
	w.t.Helper()
	for _, m := range methods(w.t) {
		if m.Input().FullName() == request.ProtoReflect().Descriptor().FullName() {
			return w.invoke(m, request, w.key)
		}
	}
	w.t.Fatalf("no method takes %T", request)
	return answer{}
}

func wantCode(t *testing.T, got answer, code string) {
	t.Helper()
	if got.code != code {
		t.Errorf("answer = %+v, want the code %s", got, code)
	}
}

func TestBadInputNamesItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	settings := func(s *v1.ProjectSettings, paths ...string) proto.Message {
		return &v1.UpdateProjectSettingsRequest{Settings: s, UpdateMask: mask(paths...)}
	}
	github := func(change func(*v1.Integration)) proto.Message {
		in := githubIntegration()
		change(in)
		return &v1.CreateIntegrationRequest{Integration: in}
	}
	deploy := func(keys []string, syncs ...*v1.SyncDefinition) proto.Message {
		return &v1.DeploySyncsRequest{ProviderConfigKeys: keys, Syncs: syncs}
	}
	here := []string{"github"}
	tests := map[string]struct {
		request proto.Message
		field   string
	}{
		"a webhook URL that is none":   {settings(&v1.ProjectSettings{WebhookUrl: "ftp://x"}, "webhook_url"), "settings.webhook_url"},
		"a webhook URL without a host": {settings(&v1.ProjectSettings{WebhookUrl: "https:///x"}, "webhook_url"), "settings.webhook_url"},
		"a webhook URL at home":        {settings(&v1.ProjectSettings{WebhookUrl: "http://localhost:3000/"}, "webhook_url"), "settings.webhook_url"},
		"a private webhook URL":        {settings(&v1.ProjectSettings{WebhookUrl: "http://10.1.2.3/"}, "webhook_url"), "settings.webhook_url"},
		"the metadata service":         {settings(&v1.ProjectSettings{WebhookUrl: "http://169.254.169.254/"}, "webhook_url"), "settings.webhook_url"},
		"a reserved header":            {settings(&v1.ProjectSettings{WebhookHeaders: map[string]string{"Webhook-Id": "1"}}, "webhook_headers"), "settings.webhook_headers"},
		"an endpoint without a URL":    {&v1.CreateEndpointRequest{Endpoint: &v1.Endpoint{Name: "x"}}, "endpoint.url"},
		"an endpoint at home":          {&v1.CreateEndpointRequest{Endpoint: &v1.Endpoint{Url: "http://127.0.0.1/"}}, "endpoint.url"},
		"an endpoint with a password":  {&v1.CreateEndpointRequest{Endpoint: &v1.Endpoint{Url: "https://a:b@c.example"}}, "endpoint.url"},
		"an endpoint of another kind":  {&v1.CreateEndpointRequest{Endpoint: &v1.Endpoint{Url: "ftp://c.example"}}, "endpoint.url"},
		"an endpoint's own signature":  {&v1.CreateEndpointRequest{Endpoint: &v1.Endpoint{Url: "https://c.example", Headers: map[string]string{"webhook-signature": "v1"}}}, "endpoint.headers"},
		"an endpoint's state":          {&v1.UpdateEndpointRequest{Endpoint: &v1.Endpoint{Id: "end_x"}, UpdateMask: mask("state")}, "update_mask.paths[0]"},
		"a connection's URL at home":   {&v1.UpdateConnectionRequest{Connection: &v1.Connection{ProviderConfigKey: "github", ConnectionId: "user-1", WebhookUrl: "http://10.1.2.3/"}, UpdateMask: mask("webhook_url")}, "connection.webhook_url"},
		"an unknown path in the mask":  {settings(&v1.ProjectSettings{}, "webhook_url", "webhook_uri"), "update_mask.paths[1]"},
		"the etag in the mask":         {settings(&v1.ProjectSettings{}, "etag"), "update_mask.paths[0]"},
		"an empty mask":                {settings(&v1.ProjectSettings{}), "update_mask.paths"},
		"no mask":                      {&v1.UpdateProjectSettingsRequest{Settings: &v1.ProjectSettings{}}, "update_mask"},
		"no settings":                  {&v1.UpdateProjectSettingsRequest{UpdateMask: mask("webhook_url")}, "settings"},
		"an unknown provider":          {github(func(in *v1.Integration) { in.ProviderConfigKey, in.Provider = "x", "myspace" }), "integration.provider"},
		"an odd provider_config_key":   {github(func(in *v1.Integration) { in.ProviderConfigKey = "a/b" }), "integration.provider_config_key"},
		"a base URL with a password":   {github(func(in *v1.Integration) { in.ProviderConfigKey, in.BaseUrl = "x", "https://a:b@c.example" }), "integration.base_url"},
		"a base URL with a query":      {github(func(in *v1.Integration) { in.ProviderConfigKey, in.BaseUrl = "x", "https://c.example?a=b" }), "integration.base_url"},
		"rules and all": {github(func(in *v1.Integration) {
			in.ProviderConfigKey, in.Match = "x", &v1.Match{All: true, Rules: []*v1.MatchRule{{From: "a", To: "connection_id"}}}
		}), "integration.match.all"},
		"a rule to nowhere": {github(func(in *v1.Integration) {
			in.ProviderConfigKey, in.Match = "x", &v1.Match{Rules: []*v1.MatchRule{{From: "a", To: "moon"}}}
		}), "integration.match.rules[0].to"},
		"an integration that is there":   {github(func(*v1.Integration) {}), "integration.provider_config_key"},
		"a key without scopes":           {&v1.CreateAPIKeyRequest{Name: "x"}, "scopes"},
		"a key with an unknown scope":    {&v1.CreateAPIKeyRequest{Name: "x", Scopes: []v1.Scope{77}}, "scopes[0]"},
		"a sync of another integration":  {deploy(here, func() *v1.SyncDefinition { d := definition("a", "A"); d.ProviderConfigKey = "gitlab"; return d }()), "syncs[0].provider_config_key"},
		"two syncs of one name":          {deploy(here, definition("a", "A"), definition("a", "B")), "syncs[1].sync_name"},
		"two syncs with one model":       {deploy(here, definition("a", "A", "B"), definition("b", "C", "B")), "syncs[1].models[1]"},
		"a frequency that is too short":  {deploy(here, func() *v1.SyncDefinition { d := definition("a", "A"); d.Frequency = seconds(29); return d }()), "syncs[0].frequency"},
		"a connection that is there":     {&v1.CreateConnectionRequest{Connection: &v1.Connection{ProviderConfigKey: "github", ConnectionId: "user-1"}}, "connection.connection_id"},
		"a connection without its key":   {&v1.ListRunsRequest{ConnectionId: "user-1"}, "provider_config_key"},
		"a sync without its key":         {&v1.ListDeliveriesRequest{SyncName: "issues"}, "provider_config_key"},
		"a page token of nobody's":       {&v1.ListRunsRequest{PageToken: "nonsense"}, "page_token"},
		"a page token of nobody's again": {&v1.ListIntegrationsRequest{PageToken: "*"}, "page_token"},
		"a page that is too large":       {&v1.ListEventsRequest{PageSize: 1001}, "page_size"},
		"a run that is none":             {&v1.GetRunRequest{Id: "evt_1"}, "id"},
		"a recovery that is none":        {&v1.GetRecoveryRequest{Id: "run_1"}, "id"},
		"a recovery at a negative rate":  {&v1.CreateRecoveryRequest{RateLimit: -1}, "rate_limit"},
		"a recovery without its key":     {&v1.CreateRecoveryRequest{Filter: &v1.RecoveryFilter{ConnectionId: "user-1"}}, "filter.provider_config_key"},
		"a recovery of no time": {&v1.CreateRecoveryRequest{DryRun: true, Filter: &v1.RecoveryFilter{
			CreatedAfter: timestamppb.New(time.Unix(2, 0)), CreatedBefore: timestamppb.New(time.Unix(2, 0)),
		}}, "filter.created_before"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.call(tt.request)
			if !slices.Contains(got.violations, tt.field) {
				t.Errorf("answer = %+v, want a violation of %s", got, tt.field)
			}
			if got.code != "invalid_argument" && got.code != "already_exists" {
				t.Errorf("code = %s", got.code)
			}
		})
	}
}

func TestADevelopersOwnMachineIsAllowedInDevelopment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.AllowPrivateURLs = true })
	for _, url := range []string{"http://localhost:3000/hook", "http://127.0.0.1:3000/", "http://192.168.1.2/"} {
		wantCode(t, w.call(&v1.UpdateProjectSettingsRequest{Settings: &v1.ProjectSettings{WebhookUrl: url}, UpdateMask: mask("webhook_url")}), "ok")
	}
}

func TestAKeyGivesNoScopeThatItLacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, m := range methods(t) {
		if m.Name() == "CreateAPIKey" {
			request := &v1.CreateAPIKeyRequest{Name: "more", Scopes: []v1.Scope{v1.Scope_SCOPE_WRITE, v1.Scope_SCOPE_DEPLOY}}
			got := w.invoke(m, request, w.keyWith(v1.Scope_SCOPE_WRITE))
			if got.code != "invalid_argument" || !slices.Equal(got.violations, []string{"scopes[1]"}) {
				t.Errorf("answer = %+v", got)
			}
		}
	}
}

func TestNoMessageMakesTheServerFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	run := w.trigger()
	words := []string{
		"github", "issues", "user-1", "Issue", string(run), string(w.work(run, "failed")), w.ingest(), "key_1", "webhook_url", "metadata",
		"", "\x00", "a|b", "💥", "../..", strings.Repeat("x", 300), "https://a.example/", "MXxh", "bmFufGE",
	}
	for _, m := range methods(t) {
		t.Run(string(m.Name()), func(t *testing.T) {
			if m.IsStreamingServer() {
				return // a unary request cannot call it
			}
			random := rand.New(rand.NewPCG(1, uint64(len(m.FullName()))))
			for i := range 60 {
				request := newMessage(t, m.Input())
				if i > 0 {
					scramble(request.ProtoReflect(), random, words, 4)
				}
				key := w.key
				if scopeByName(string(m.Name())) == 0 {
					key = adminKey
				}
				got := w.invoke(m, request, key)
				switch {
				case slices.Contains([]string{"internal", "unknown", "unavailable", "unimplemented"}, got.code):
					t.Fatalf("%s\nanswer = %+v\n%s", request, got, lastLines(w.log.String()))
				case got.code == "invalid_argument" && len(got.violations) == 0:
					t.Fatalf("%s\nanswer = %+v names no field", request, got)
				case got.code != "ok" && got.code != "invalid_argument" && got.problem.GetHelp() == "":
					t.Fatalf("%s\nanswer = %+v does not help", request, got)
				}
			}
		})
	}
}

func lastLines(log string) string { return log[max(0, len(log)-2000):] }

// scramble sets about half of a message's fields to something.
func scramble(m protoreflect.Message, random *rand.Rand, words []string, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if random.IntN(2) == 0 || (f.Kind() == protoreflect.MessageKind && depth == 0) {
			continue
		}
		switch {
		case f.IsMap():
			value := m.Mutable(f).Map().NewValue()
			if f.MapValue().Kind() == protoreflect.MessageKind {
				scramble(value.Message(), random, words, depth-1)
			} else {
				value = scalar(f.MapValue(), random, words)
			}
			m.Mutable(f).Map().Set(scalar(f.MapKey(), random, words).MapKey(), value)
		case f.IsList():
			for range random.IntN(3) {
				value := m.Mutable(f).List().NewElement()
				if f.Kind() == protoreflect.MessageKind {
					scramble(value.Message(), random, words, depth-1)
				} else {
					value = scalar(f, random, words)
				}
				m.Mutable(f).List().Append(value)
			}
		case f.Kind() == protoreflect.MessageKind:
			scramble(m.Mutable(f).Message(), random, words, depth-1)
		default:
			m.Set(f, scalar(f, random, words))
		}
	}
}

func scalar(f protoreflect.FieldDescriptor, random *rand.Rand, words []string) protoreflect.Value {
	word := words[random.IntN(len(words))]
	number := []int64{0, 1, -1, 3, 1 << 30, -1 << 31}[random.IntN(6)]
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(word)
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(word))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(number > 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(number % 5))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(number))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(number))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(number)
	}
	panic(fmt.Sprintf("a request has a field of kind %s", f.Kind()))
}

func TestJSONFieldsThatTheContractLacksAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, contentType := range []string{"application/json", "application/json; charset=utf-8"} {
		got := w.post("/synchook.v1.ProjectService/UpdateProjectSettings", contentType,
			[]byte(`{"settings":{"webhookUri":"https://a.example"},"updateMask":"webhookUrl"}`), w.key)
		if got.code != "invalid_argument" || !strings.Contains(got.message, `"webhookUri"`) {
			t.Errorf("%s: answer = %+v", contentType, got)
		}
	}
}

// brokenStore fails, or panics, as it is told.
type brokenStore struct {
	server.Store
	fail func() error
}

// Settings implements server.Store.
func (b brokenStore) Settings(context.Context, synchook.ProjectID) (synchook.Settings, error) {
	return synchook.Settings{}, b.fail()
}

func TestFaultsOfOursTellNothingButTheirKind(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fail func() error
		code string
	}{
		"an unknown error": {func() error { return errors.New("the secret is 42") }, "internal"},
		"a panic":          {func() error { panic("the secret is 42") }, "internal"},
		"a store that is away": {func() error {
			return &synchook.Fault{Kind: synchook.KindUnavailable, Reason: "r", Message: "m", Help: "h", Err: errors.New("the secret is 42")}
		}, "unavailable"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *server.Options) { o.Store = brokenStore{o.Store, tt.fail} })
			got := w.call(&v1.GetProjectSettingsRequest{})
			if got.code != tt.code || strings.Contains(got.message+got.problem.String(), "42") || got.problem.GetHelp() == "" {
				t.Errorf("answer = %+v", got)
			}
			if !strings.Contains(w.log.String(), "the secret is 42") {
				t.Error("the log does not say what happened")
			}
		})
	}
}
