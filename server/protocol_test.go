package server_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"connectrpc.com/grpcreflect"
	"github.com/hibiken/asynq"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/gen/synchook/v1/synchookv1connect"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/server"
)

func TestOnePortSpeaksEachProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	protocols := map[string][]connect.ClientOption{
		"connect": nil, "json": {connect.WithProtoJSON()}, "grpc": {connect.WithGRPC()}, "grpc with json": {connect.WithGRPC(), connect.WithProtoJSON()},
		"grpc-web": {connect.WithGRPCWeb()}, "connect by GET": {connect.WithHTTPGet()},
	}
	for name, options := range protocols {
		for version, client := range map[string]*http.Client{"1.1": http.DefaultClient, "2": h2c(t)} {
			if version == "1.1" && strings.HasPrefix(name, "grpc") && name != "grpc-web" {
				continue // gRPC is HTTP/2
			}
			t.Run(name+" over HTTP/"+version, func(t *testing.T) {
				t.Parallel()
				c := synchookv1connect.NewProjectServiceClient(client, w.url, append(options, connect.WithInterceptors(bearer(w.key)))...)
				got, err := c.GetProject(t.Context(), &v1.GetProjectRequest{})
				if err != nil || got.GetId() != string(w.project) {
					t.Errorf("project = %v, %v", got, err)
				}
				unknown := synchookv1connect.NewProjectServiceClient(client, w.url, append(options, connect.WithInterceptors(bearer("sk_x")))...)
				if _, err := unknown.GetProject(t.Context(), &v1.GetProjectRequest{}); connect.CodeOf(err) != connect.CodeUnauthenticated {
					t.Errorf("with an unknown key: %v", err)
				}
			})
		}
	}
}

// bearer sends a key.
func bearer(key string) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
			r.Header().Set("Authorization", "Bearer "+key)
			return next(ctx, r)
		}
	}
}

// grpcurl reads a mask as an object and sends it in binary; curl sends the string of JSON's own form.
func TestAMaskIsReadAsGrpcurlAndAsCurlSendIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	grpc := synchookv1connect.NewProjectServiceClient(h2c(t), w.url, connect.WithGRPC(), connect.WithInterceptors(bearer(w.key)))
	got, err := grpc.UpdateProjectSettings(t.Context(), &v1.UpdateProjectSettingsRequest{
		Settings: &v1.ProjectSettings{WebhookUrl: "https://app.example/grpc"}, UpdateMask: mask("webhook_url"),
	})
	if err != nil || got.GetWebhookUrl() != "https://app.example/grpc" {
		t.Errorf("by gRPC: %v, %v", got, err)
	}
	wantCode(t, w.json("ProjectService/UpdateProjectSettings", `{"settings":{"webhook_url":"https://app.example/curl"},"update_mask":"webhookUrl"}`, w.key), "ok")
	now, err := w.client.Projects.GetProjectSettings(t.Context(), &v1.GetProjectSettingsRequest{})
	if err != nil || now.GetWebhookUrl() != "https://app.example/curl" {
		t.Errorf("by curl: %v, %v", now, err)
	}
}

func TestReflectionTellsTheContractToEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := grpcreflect.NewClient(h2c(t), w.url, connect.WithGRPC())
	stream := client.NewStream(t.Context())
	defer func() { _, _ = stream.Close() }()
	names, err := stream.ListServices()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range methods(t) {
		if service := m.Parent().FullName(); !slices.Contains(names, service) {
			t.Errorf("reflection does not list %s", service)
		}
	}
	files, err := stream.FileContainingSymbol("synchook.v1.ProjectService")
	if err != nil || len(files) == 0 {
		t.Errorf("files: %v, %v", files, err)
	}
	for _, version := range []string{"v1", "v1alpha"} {
		if got := w.listByReflection(version); !strings.Contains(got, "synchook.v1.ProjectService") {
			t.Errorf("reflection %s answers %q", version, got)
		}
	}
}

// listByReflection asks for the services as an old client does: one gRPC frame with the question "*".
func (w *world) listByReflection(version string) string {
	w.t.Helper()
	const question = "\x00\x00\x00\x00\x03\x3a\x01*"
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost,
		w.url+"/grpc.reflection."+version+".ServerReflection/ServerReflectionInfo", strings.NewReader(question))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/grpc")
	res, err := h2c(w.t).Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func TestOversizedMessagesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	big := `{"connection":{"connection_id":"` + strings.Repeat("x", 5<<20) + `"}}`
	wantCode(t, w.json("ConnectionService/CreateConnection", big, w.key), "resource_exhausted")
	if !strings.Contains(w.log.String(), "code=refused") {
		t.Error("the log does not tell of it")
	}
}

func TestUnknownMethodsAreUnimplemented(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, options := range [][]connect.ClientOption{nil, {connect.WithGRPC()}} {
		c := connect.NewClient[v1.GetProjectRequest, v1.Project](h2c(t), w.url+"/synchook.v1.ProjectService/Nothing", options...)
		if _, err := c.CallUnary(t.Context(), connect.NewRequest(&v1.GetProjectRequest{})); connect.CodeOf(err) != connect.CodeUnimplemented {
			t.Errorf("an unknown method: %v", err)
		}
	}
}

// basic is the header by which a browser sends a password.
func basic(password string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("admin:"+password))}}
}

func TestOperatorsPagesWantTheAdminKey(t *testing.T) {
	t.Parallel()
	redis := storetest.Options(t)
	w := newWorld(t, func(o *server.Options) {
		o.QueuesRedis = asynq.RedisClientOpt{Network: redis.Network, Addr: redis.Addr, DB: redis.DB}
	})
	w.json("ProjectService/GetProject", "{}", w.key)
	for path, want := range map[string]string{"/metrics": `synchook_rpc_duration_seconds_count{code="ok",method="synchook.v1.ProjectService/GetProject"} 1`, "/queues": "Asynq", "/queues/": "Asynq", "/queues/api/queues": "queues"} {
		for name, header := range map[string]http.Header{"no key": {}, "a project's key": basic(w.key)} {
			if got := w.send(http.MethodGet, path, header, http.NoBody); got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s with %s: %d %s", path, name, got.status, got.text)
			}
		}
		if got := w.send(http.MethodGet, path, basic(adminKey), http.NoBody); got.status != http.StatusOK || !strings.Contains(got.text, want) {
			t.Errorf("%s with the admin key: %d %s", path, got.status, got.text)
		}
	}
	strange := basic(adminKey)
	strange.Set("Sec-Fetch-Site", "cross-site")
	if got := w.send(http.MethodPost, "/queues/api/queues/default:pause", strange, http.NoBody); got.status != http.StatusForbidden {
		t.Errorf("a POST from another site: %d", got.status)
	}
	if got := w.send(http.MethodPost, "/queues/api/queues/default:pause", basic(adminKey), http.NoBody); got.status < 400 {
		t.Errorf("a change through a page that only shows: %d", got.status)
	}
}

func TestHealthSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	problems := []server.Problem{{Part: "redis", Message: "data can be lost", Help: "set appendfsync always"}}
	w := newWorld(t, func(o *server.Options) { o.Ready = func(context.Context) []server.Problem { return problems } })
	get := func(path string) received { return w.send(http.MethodGet, path, http.Header{}, http.NoBody) }
	if got := get("/healthz"); got.status != 200 || !strings.Contains(got.text, "1.2.3") {
		t.Errorf("healthz: %+v", got)
	}
	if got := get("/readyz"); got.status != 200 || !strings.Contains(got.text, "appendfsync") {
		t.Errorf("readyz with a warning: %+v", got)
	}
	grpcHealth := func() string {
		a := w.post("/grpc.health.v1.Health/Check", "application/json", []byte("{}"), "")
		return string(a.body)
	}
	if got := grpcHealth(); !strings.Contains(got, `"SERVING_STATUS_SERVING"`) {
		t.Errorf("gRPC health: %s", got)
	}
	problems[0].Fatal = true
	if got := get("/readyz"); got.status != 503 || !strings.Contains(got.text, "not ready") {
		t.Errorf("readyz with a fatal problem: %+v", got)
	}
	if got := grpcHealth(); !strings.Contains(got, `"SERVING_STATUS_NOT_SERVING"`) {
		t.Errorf("gRPC health with a fatal problem: %s", got)
	}
}

func TestConnectByGETIsOpenToReadsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	query := "?" + url.Values{"encoding": {"json"}, "message": {"{}"}, "connect": {"v1"}}.Encode()
	header := http.Header{"Authorization": {"Bearer " + w.key}}
	if got := w.send(http.MethodGet, "/synchook.v1.ProjectService/GetProject"+query, header, http.NoBody); got.status != 200 {
		t.Errorf("a read: %+v", got)
	}
	if got := w.send(http.MethodGet, "/synchook.v1.ProjectService/RotateSigningSecret"+query, header, http.NoBody); got.status != http.StatusMethodNotAllowed {
		t.Errorf("a change: %+v", got)
	}
}
