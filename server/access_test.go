package server_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
)

// scopeByName is the rule of the contract: what a method's name says about who may call it. Zero is the
// admin key only.
func scopeByName(name string) v1.Scope {
	switch {
	case name == "CreateProject" || name == "ListProjects" || name == "DeleteProject":
		return v1.Scope_SCOPE_UNSPECIFIED
	case name == "DeploySyncs":
		return v1.Scope_SCOPE_DEPLOY
	case name == "IngestWebhook":
		return v1.Scope_SCOPE_INGEST
	case strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List") || strings.HasPrefix(name, "Watch") || strings.HasPrefix(name, "Try"):
		return v1.Scope_SCOPE_READ
	}
	return v1.Scope_SCOPE_WRITE
}

func TestEveryMethodWantsItsScopeAndNoOther(t *testing.T) {
	t.Parallel()
	byKeyAndBySession(t, eachMethodWantsItsScope)
}

func eachMethodWantsItsScope(t *testing.T, w *world) {
	t.Helper()
	all := []v1.Scope{v1.Scope_SCOPE_READ, v1.Scope_SCOPE_WRITE, v1.Scope_SCOPE_DEPLOY, v1.Scope_SCOPE_INGEST}
	only, without := map[v1.Scope]string{}, map[v1.Scope]string{}
	for _, s := range all {
		only[s] = w.keyWith(s)
		var rest []v1.Scope
		for _, other := range all {
			if other != s {
				rest = append(rest, other)
			}
		}
		without[s] = w.keyWith(rest...)
	}
	for _, m := range methods(t) {
		name, empty := string(m.FullName()), newMessage(t, m.Input())
		if m.IsStreamingServer() {
			continue // TestWatchDeliveriesWantsAKeyThatMayRead
		}
		for kind, key := range map[string]string{"no": "", "an unknown": "sk_unknown"} {
			got := w.invoke(m, empty, key).code
			adminOnly := scopeByName(string(m.Name())) == 0 && key != ""
			if got != "unauthenticated" && (got != "permission_denied" || !adminOnly) {
				t.Errorf("%s with %s key: %s", name, kind, got)
			}
		}
		scope := scopeByName(string(m.Name()))
		if scope == 0 {
			if got := w.invoke(m, empty, w.key); got.code != "permission_denied" || got.problem.GetReason() != "admin_only" {
				t.Errorf("%s with a project's key: %+v", name, got)
			}
			continue
		}
		if got := w.invoke(m, empty, without[scope]); got.code != "permission_denied" || got.problem.GetReason() != "scope_missing" {
			t.Errorf("%s without the scope %s: %+v", name, scope, got)
		}
	}
	// The keys with one scope come last: their calls can succeed, and revoke or change something.
	for _, m := range methods(t) {
		scope := scopeByName(string(m.Name()))
		if scope == 0 || m.IsStreamingServer() {
			continue
		}
		if got := w.invoke(m, newMessage(t, m.Input()), only[scope]).code; got == "permission_denied" || got == "unauthenticated" || got == "unimplemented" {
			t.Errorf("%s with the scope %s: %s", m.FullName(), scope, got)
		}
	}
}

func TestNoMethodReachesAnotherProject(t *testing.T) {
	t.Parallel()
	byKeyAndBySession(t, noMethodReachesAnotherProject)
}

func noMethodReachesAnotherProject(t *testing.T, w *world) {
	t.Helper()
	w.setUp()
	run := w.trigger()
	delivery := w.work(run, "failed", record("1", `{"id":"1","secret":"of-alpha"}`))
	event := w.ingest()
	key, err := w.client.APIKeys.CreateAPIKey(t.Context(), &v1.CreateAPIKeyRequest{Name: "of-alpha", Scopes: []v1.Scope{v1.Scope_SCOPE_READ}})
	if err != nil {
		t.Fatal(err)
	}
	endpoint := w.addEndpoint(&v1.Endpoint{Name: "of-alpha", Url: "https://two.example"}).GetEndpoint().GetId()
	recovery, err := w.client.Recoveries.CreateRecovery(t.Context(), &v1.CreateRecoveryRequest{Filter: &v1.RecoveryFilter{Model: "of-alpha"}})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{
		"RecoveryService.id": recovery.GetId(), "EndpointService.id": endpoint, "endpoint_id": endpoint,
		"provider_config_key": "github", "connection_id": "user-1", "sync_name": "issues", "model": "Issue", "run_id": string(run),
		"RunService.id": string(run), "DeliveryService.id": string(delivery), "EventService.id": event,
		"APIKeyService.id": key.GetApiKey().GetId(), "event_id": event,
	}
	other := *w
	other.project, other.public, other.key = w.newProject()
	other.client = w.as(other.key)
	other.setUp() // the same names, so that the calls get as far as they can
	before := w.everything(t)
	for _, m := range methods(t) {
		if m.IsStreamingServer() || scopeByName(string(m.Name())) == 0 {
			continue // TestWatchDeliveriesShowsNoOtherProject
		}
		request := newMessage(t, m.Input())
		fill(request.ProtoReflect(), strings.TrimPrefix(string(m.Parent().FullName()), "synchook.v1."), known)
		got := w.invoke(m, request, other.key)
		for _, secret := range []string{string(run), string(delivery), event, endpoint, recovery.GetId(), key.GetApiKey().GetId(), "of-alpha", string(w.project), w.public} {
			if got.code == "ok" && strings.Contains(string(got.body), secret) {
				t.Errorf("%s shows %q to another project", m.FullName(), secret)
			}
		}
		if got.code == "internal" || got.code == "unknown" {
			t.Errorf("%s: %+v", m.FullName(), got)
		}
	}
	if after := w.everything(t); after != before {
		t.Errorf("another project's calls changed something:\n%s\nbefore:\n%s", after, before)
	}
}

// everything is all that the project's key can list, as text.
func (w *world) everything(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, m := range methods(t) {
		if !strings.HasPrefix(string(m.Name()), "List") || scopeByName(string(m.Name())) == 0 || m.IsStreamingServer() {
			continue
		}
		request := newMessage(t, m.Input())
		fill(request.ProtoReflect(), "", map[string]string{"provider_config_key": "github", "connection_id": "user-1", "model": "Issue"})
		got := w.invoke(m, request, w.key)
		if got.code != "ok" {
			t.Fatalf("%s: %+v", m.FullName(), got)
		}
		response := newMessage(t, m.Output())
		if err := proto.Unmarshal(got.body, response); err != nil {
			t.Fatal(err)
		}
		clearUses(response)
		stable, err := proto.MarshalOptions{Deterministic: true}.Marshal(response)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(string(m.Name()) + " " + strings.ToValidUTF8(string(stable), "?") + "\n")
	}
	return all.String()
}

// clearUses leaves out when keys were last used, which looking at them changes.
func clearUses(m proto.Message) {
	if list, ok := m.(*v1.ListAPIKeysResponse); ok {
		for _, k := range list.GetApiKeys() {
			k.LastUseTime = nil
		}
	}
}

// fill sets each text of a message, and of the messages in it, whose name is known.
func fill(m protoreflect.Message, service string, known map[string]string) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		switch {
		case f.IsMap() || f.FullName().Parent() == "google.protobuf.Struct":
		case f.IsList() && f.Kind() == protoreflect.StringKind && f.Name() == "provider_config_keys":
			m.Mutable(f).List().Append(protoreflect.ValueOfString("github"))
		case f.IsList():
		case f.Kind() == protoreflect.MessageKind && f.Message().ParentFile().Package() == "synchook.v1" && f.ContainingOneof() == nil:
			fill(m.Mutable(f).Message(), service, known)
		case f.Kind() == protoreflect.MessageKind && f.Name() == "update_mask":
			paths := f.Message().Fields().ByName("paths")
			m.Mutable(f).Message().Mutable(paths).List().Append(protoreflect.ValueOfString(maskPath(service)))
		case f.Kind() == protoreflect.StringKind && f.ContainingOneof() == nil:
			value := known[service+"."+string(f.Name())]
			if value == "" {
				value = known[string(f.Name())]
			}
			m.Set(f, protoreflect.ValueOfString(value))
		}
	}
}

func maskPath(service string) string {
	return map[string]string{"ProjectService": "webhook_url", "IntegrationService": "base_url", "ConnectionService": "metadata"}[service]
}
