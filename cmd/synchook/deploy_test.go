package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/gen/synchook/v1/synchookv1connect"
)

const issuesYAML = `integrations:
  github:
    github-issues:
      runs: every 30min
      returns: [GithubIssue]
      webhook-subscriptions: issues
    close-issue: {type: action}
models:
  GithubIssue: {id: string}
`

// fakeSyncs is a server's SyncService that answers with what a test says and keeps the requests.
type fakeSyncs struct {
	synchookv1connect.UnimplementedSyncServiceHandler
	answer func(*synchookv1.DeploySyncsRequest) (*synchookv1.DeploySyncsResponse, error)

	mu       sync.Mutex
	requests []*synchookv1.DeploySyncsRequest
	keys     []string
}

func (f *fakeSyncs) DeploySyncs(ctx context.Context, req *synchookv1.DeploySyncsRequest) (*synchookv1.DeploySyncsResponse, error) {
	info, _ := connect.CallInfoForHandlerContext(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, req)
	f.keys = append(f.keys, info.RequestHeader().Get("Authorization"))
	return f.answer(req)
}

// dryRuns says of each request in turn whether it only asked.
func (f *fakeSyncs) dryRuns() []bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []bool
	for _, req := range f.requests {
		list = append(list, req.GetDryRun())
	}
	return list
}

// serve starts the fake and returns its URL.
func (f *fakeSyncs) serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(synchookv1connect.NewSyncServiceHandler(f))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// changes answers every request with these changes.
func changes(list ...*synchookv1.SyncChange) func(*synchookv1.DeploySyncsRequest) (*synchookv1.DeploySyncsResponse, error) {
	return func(*synchookv1.DeploySyncsRequest) (*synchookv1.DeploySyncsResponse, error) {
		return &synchookv1.DeploySyncsResponse{Changes: list}, nil
	}
}

func change(name string, kind synchookv1.SyncChangeKind, differences ...string) *synchookv1.SyncChange {
	return &synchookv1.SyncChange{ProviderConfigKey: "github", SyncName: name, Kind: kind, Differences: differences}
}

var (
	added     = change("github-issues", synchookv1.SyncChangeKind_SYNC_CHANGE_KIND_ADDED)
	changed   = change("github-pulls", synchookv1.SyncChangeKind_SYNC_CHANGE_KIND_CHANGED, "script", "frequency")
	removed   = change("github-stars", synchookv1.SyncChangeKind_SYNC_CHANGE_KIND_REMOVED)
	unchanged = change("github-users", synchookv1.SyncChangeKind_SYNC_CHANGE_KIND_UNCHANGED)
)

// issuesFolder returns a folder that can be deployed, unless a file is replaced.
func issuesFolder(t *testing.T, replace map[string]string) string {
	t.Helper()
	files := map[string]string{"nango.yaml": issuesYAML, "github-issues.ts": "export default async (nango: unknown) => {}\n"}
	dir := t.TempDir()
	for name, text := range files {
		if other, ok := replace[name]; ok {
			text = other
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// deployTo deploys as the command line does, where no terminal is.
func deployTo(t *testing.T, url, folder string, flags ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	d, err := parseDeploy(append([]string{folder, "--url", url, "--key", "sk_1"}, flags...), os.Getenv, &out)
	if err != nil {
		t.Fatal(err)
	}
	err = d.deploy(t.Context())
	return out.String(), err
}

func TestDeployAsksShowsAndUploads(t *testing.T) {
	t.Parallel()
	fake := &fakeSyncs{answer: changes(added, changed, unchanged)}
	url := fake.serve(t)
	folder := issuesFolder(t, nil)
	out, err := deployTo(t, url, folder)
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(folder, "nango.yaml") + `:7:5: note: action close-issue is left out: synchook runs syncs
github
  + github-issues
  ~ github-pulls (script, frequency)
  = github-users
1 added, 1 changed, 0 removed, 1 unchanged
Deployed to ` + url + ".\n"
	if out != want {
		t.Errorf("output\n%s\nwant\n%s", out, want)
	}
	if got := fake.dryRuns(); len(got) != 2 || !got[0] || got[1] {
		t.Errorf("dry runs %v, want one and then the upload", got)
	}
	if fake.keys[0] != "Bearer sk_1" {
		t.Errorf("authorization %q", fake.keys[0])
	}
	wantUploaded(t, fake.requests[1])
}

func wantUploaded(t *testing.T, req *synchookv1.DeploySyncsRequest) {
	t.Helper()
	if keys := req.GetProviderConfigKeys(); len(keys) != 1 || keys[0] != "github" || len(req.GetSyncs()) != 1 {
		t.Fatalf("integrations %v with %d syncs", keys, len(req.GetSyncs()))
	}
	s := proto.CloneOf(req.GetSyncs()[0])
	if s.GetFrequency().AsDuration() != 30*time.Minute || s.GetCode() == "" || s.GetSourceMap() == "" {
		t.Errorf("frequency %v, code of %d bytes, source map of %d", s.GetFrequency().AsDuration(), len(s.GetCode()), len(s.GetSourceMap()))
	}
	s.Frequency, s.Code, s.SourceMap = nil, "", ""
	want := &synchookv1.SyncDefinition{
		ProviderConfigKey: "github", SyncName: "github-issues", Models: []string{"GithubIssue"},
		WebhookSubscriptions: []string{"issues"}, AutoStart: true,
	}
	if !proto.Equal(s, want) {
		t.Errorf("uploaded %v, want %v", s, want)
	}
}

func TestDeployUploadsOnlyWhatIsWanted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		changes []*synchookv1.SyncChange
		flags   []string
		uploads bool
		out     string
		err     string
	}{
		{"a dry run", []*synchookv1.SyncChange{added}, []string{"--dry-run"}, false, "This was a dry run: nothing was changed.", ""},
		{"no changes", []*synchookv1.SyncChange{unchanged}, nil, false, "There is nothing to deploy.", ""},
		{"a removal that nobody can be asked about", []*synchookv1.SyncChange{added, removed}, nil, false, "  - github-stars", "this removes 1 sync and there is no terminal to ask on, so nothing was deployed; give --yes if that is meant"},
		{"a removal with --yes", []*synchookv1.SyncChange{removed}, []string{"--yes"}, true, "Deployed to", ""},
		{"a dry run of a removal", []*synchookv1.SyncChange{removed}, []string{"--dry-run"}, false, "  - github-stars", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := &fakeSyncs{answer: changes(test.changes...)}
			out, err := deployTo(t, fake.serve(t), issuesFolder(t, nil), test.flags...)
			if !strings.Contains(out, test.out) {
				t.Errorf("output\n%s\nlacks %q", out, test.out)
			}
			if (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if got := len(fake.dryRuns()) == 2; got != test.uploads {
				t.Errorf("uploaded: %v, want %v", got, test.uploads)
			}
		})
	}
}

func TestDeployRemovesOnlyAfterAYes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		answer string
		want   bool
	}{{"y\n", true}, {" YES \n", true}, {"\n", false}, {"n\n", false}, {"yay\n", false}, {"", false}} {
		fake := &fakeSyncs{answer: changes(removed)}
		var out bytes.Buffer
		d, err := parseDeploy([]string{"--url=" + fake.serve(t), "--key=sk_1", issuesFolder(t, nil)}, os.Getenv, &out)
		if err != nil {
			t.Fatal(err)
		}
		d.confirm = func(ctx context.Context, question string) (bool, error) {
			return ask(ctx, strings.NewReader(test.answer), &out, question)
		}
		if err := d.deploy(t.Context()); err != nil {
			t.Errorf("answer %q: %v", test.answer, err)
		}
		if got := len(fake.dryRuns()) == 2; got != test.want {
			t.Errorf("answer %q uploaded: %v, want %v", test.answer, got, test.want)
		}
		if !strings.Contains(out.String(), "Remove 1 sync? Their records stay. [y/N] ") {
			t.Errorf("no question in\n%s", out.String())
		}
	}
}

func TestAQuestionEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if yes, err := ask(ctx, r, &out, "Remove?"); yes || !errors.Is(err, context.Canceled) {
		t.Errorf("answer %v, error %v", yes, err)
	}
}

func TestDeployPrintsEveryFaultAndAsksNoServer(t *testing.T) {
	t.Parallel()
	fake := &fakeSyncs{answer: changes()}
	folder := issuesFolder(t, map[string]string{
		"nango.yaml":       strings.Replace(issuesYAML, "every 30min", "often", 1),
		"github-issues.ts": "export default 1 +\n",
	})
	out, err := deployTo(t, fake.serve(t), folder)
	for _, want := range []string{
		filepath.Join(folder, "nango.yaml") + `:4:13: frequency "often" is not understood`,
		filepath.Join(folder, "github-issues.ts") + ":2:1: Unexpected end of file\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("output\n%s\nlacks %q", out, want)
		}
	}
	if err == nil || err.Error() != "2 faults, so nothing was deployed" || len(fake.dryRuns()) != 0 {
		t.Errorf("error %v after %d requests", err, len(fake.dryRuns()))
	}
}

func TestDeployExplainsWhatTheServerRefuses(t *testing.T) {
	t.Parallel()
	index := &validate.FieldPathElement{FieldName: proto.String("syncs"), Subscript: &validate.FieldPathElement_Index{Index: 0}}
	description := &validate.FieldPathElement{FieldName: proto.String("description")}
	violations := &validate.Violations{Violations: []*validate.Violation{
		{Field: &validate.FieldPath{Elements: []*validate.FieldPathElement{index, description}}, Message: proto.String("is too long")},
		{Field: &validate.FieldPath{Elements: []*validate.FieldPathElement{{FieldName: proto.String("provider_config_keys")}}}, Message: proto.String("has too many items")},
	}}
	for _, test := range []struct {
		name   string
		code   connect.Code
		detail proto.Message
		want   []string
	}{
		{"violations", connect.CodeInvalidArgument, violations, []string{
			": the request is not valid\n  github/github-issues: description: is too long", "\n  provider_config_keys: has too many items",
		}},
		{"a problem", connect.CodeNotFound, &synchookv1.Problem{Reason: "integration_not_found", Help: "Create the integration first."}, []string{
			": refused", "\n  Create the integration first.",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			refusal := connect.NewError(test.code, errors.New("refused"))
			detail, err := connect.NewErrorDetail(test.detail)
			if err != nil {
				t.Fatal(err)
			}
			refusal.AddDetail(detail)
			fake := &fakeSyncs{answer: func(*synchookv1.DeploySyncsRequest) (*synchookv1.DeploySyncsResponse, error) {
				return nil, refusal
			}}
			_, err = deployTo(t, fake.serve(t), issuesFolder(t, nil))
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v lacks %q", err, want)
				}
			}
		})
	}
}

func TestDeployAsksWhetherAServerRunsThere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := deployTo(t, server.URL, issuesFolder(t, nil))
	if err == nil || !strings.Contains(err.Error(), "Is synchook running there?") {
		t.Errorf("error %v", err)
	}
}

func TestDeployReadsItsFlags(t *testing.T) {
	t.Parallel()
	env := func(name string) string {
		return map[string]string{"SYNCHOOK_URL": "http://from.env", "SYNCHOOK_API_KEY": "sk_env"}[name]
	}
	nothing := func(string) string { return "" }
	for _, test := range []struct {
		name string
		args []string
		env  func(string) string
		want deployment
		err  string
	}{
		{"defaults", nil, nothing, deployment{folder: ".", address: address{url: "http://127.0.0.1:8080"}}, ""},
		{"environment", nil, env, deployment{folder: ".", address: address{"http://from.env", "sk_env"}}, ""},
		{"flags win", []string{"--url", "http://flag", "--key", "sk_flag"}, env, deployment{folder: ".", address: address{"http://flag", "sk_flag"}}, ""},
		{"flags after the folder", []string{"examples", "--dry-run", "--yes"}, nothing, deployment{folder: "examples", address: address{url: "http://127.0.0.1:8080"}, dryRun: true, yes: true}, ""},
		{"two folders", []string{"a", "--yes", "b"}, nothing, deployment{}, "deploy takes one folder, not 2: a b"},
		{"unknown flag", []string{"--force"}, nothing, deployment{}, "flag provided but not defined: -force; see `synchook deploy --help`"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseDeploy(test.args, test.env, nil)
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || got.folder != test.want.folder || got.url != test.want.url || got.key != test.want.key || got.dryRun != test.want.dryRun || got.yes != test.want.yes {
				t.Errorf("got %+v and %v, want %+v", got, err, test.want)
			}
		})
	}
}

// Not parallel: it changes the environment.
func TestDeployHelpShowsEveryFlagAndNoKey(t *testing.T) {
	t.Setenv("SYNCHOOK_API_KEY", "sk_secret")
	var out bytes.Buffer
	if err := deploy(t.Context(), []string{"--help"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"synchook deploy [flags] [folder]", "-url", "-key", "-dry-run", "-yes"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("help lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "sk_secret") {
		t.Error("help shows the key of the environment")
	}
}
