package definition

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/script"
)

const fetch = "export default async function fetchData(nango) {}\n"

// folder writes files into a new folder and returns its path.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// texts returns faults as people see them, with files relative to the folder.
func texts(dir string, faults []script.Fault) []string {
	var list []string
	for _, f := range faults {
		list = append(list, strings.TrimPrefix(f.String(), dir+"/"))
	}
	return list
}

// load loads a folder that must have no faults, and blanks the bundles after a look at them.
func load(t *testing.T, files map[string]string) Project {
	t.Helper()
	dir := folder(t, files)
	project, faults := Load(dir)
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	for i, s := range project.Syncs {
		if s.Code == "" || s.SourceMap == "" {
			t.Errorf("sync %s has no bundle", s.Name)
		}
		project.Syncs[i].Code, project.Syncs[i].SourceMap = "", ""
	}
	return project
}

func TestTheFirstLayoutIsRead(t *testing.T) {
	t.Parallel()
	project := load(t, map[string]string{
		"nango.yaml": `
integrations:
  github:
    github-issues:
      type: sync
      runs: every 30min
      returns: [GithubIssue, GithubUser]
      track_deletes: true
      auto_start: false
      attributes: {a: 1}
      webhook-subscriptions: [issues, issue_comment, issues]
      description: Issues
    create-issue: {type: action, returns: GithubIssue}
  slack-eu:
    messages:
      returns: Message
      webhook-subscriptions: "*"
models:
  GithubIssue: {id: string}
  GithubUser: {id: number, name: string}
  Message: {id: string}
`,
		"github-issues.ts": fetch,
		"messages.ts":      fetch,
	})
	want := []Sync{{
		Integration: "github", Name: "github-issues", Models: []string{"GithubIssue", "GithubUser"},
		Frequency: 30 * time.Minute, Subscriptions: []string{"issues", "issue_comment"},
		TrackDeletes: true, Description: "Issues",
	}, {
		Integration: "slack-eu", Name: "messages", Models: []string{"Message"}, Subscriptions: []string{"*"}, AutoStart: true,
	}}
	if !reflect.DeepEqual(project.Syncs, want) {
		t.Errorf("syncs\n%+v, want\n%+v", project.Syncs, want)
	}
	if want := []string{"github", "slack-eu"}; !reflect.DeepEqual(project.Integrations, want) {
		t.Errorf("integrations %v, want %v", project.Integrations, want)
	}
	if len(project.Notes) != 1 || !strings.Contains(project.Notes[0].String(), "nango.yaml:13:5: action create-issue is left out") {
		t.Errorf("notes %v", project.Notes)
	}
}

func TestTheSecondLayoutIsRead(t *testing.T) {
	t.Parallel()
	project := load(t, map[string]string{
		"nango.yaml": `
integrations:
  github:
    provider: github
    syncs:
      issues:
        runs: every half day
        output: Issue
        sync_type: full
        endpoint: GET /issues
        scopes: [repo]
        version: 1.0.0
        webhook-subscriptions: issues
      pulls:
        runs: every hour
        output: [Pull]
    actions:
      close-issue: {input: Issue}
    on-events:
      post-connection-creation: [setup]
  empty:
    syncs:
models:
  Base: {id: string}
  Issue: {__extends: Base, title: "string | null"}
  Pull: {__extends: "Other, Issue"}
  Other: {name: string}
`,
		"github/syncs/issues.ts": fetch,
		"pulls.ts":               fetch,
	})
	want := []Sync{
		{Integration: "github", Name: "issues", Models: []string{"Issue"}, Frequency: 12 * time.Hour, Subscriptions: []string{"issues"}, AutoStart: true},
		{Integration: "github", Name: "pulls", Models: []string{"Pull"}, Frequency: time.Hour, AutoStart: true},
	}
	if !reflect.DeepEqual(project.Syncs, want) {
		t.Errorf("syncs\n%+v, want\n%+v", project.Syncs, want)
	}
	if want := []string{"github", "empty"}; !reflect.DeepEqual(project.Integrations, want) {
		t.Errorf("integrations %v, want %v", project.Integrations, want)
	}
	if len(project.Notes) != 2 {
		t.Errorf("notes %v", project.Notes)
	}
}

func TestAllFaultsAreReportedAtOnceWithTheirPlaces(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"nango.yaml": `integrations:
  github:
    issues:
      run: every 30min
      returns: [GithubIsue]
      webhook_subscriptions: issues
    pulls:
      runs: every 3 blinks
      returns: [Pull]
    broken:
      runs: every hour
      returns: [Pull]
models:
  GithubIssue: {id: string}
  Pull: {number: number}
`,
		"issues.ts": "export const helper = 1\n",
		"broken.ts": fetch + "const = 1\n",
	})
	_, faults := Load(dir)
	want := []string{
		`broken.ts:2:7: Expected identifier but found "="`,
		"issues.ts:1:1: it has no default export, which scheduled and manual runs call; write `export default async function fetchData(nango) {...}`",
		"nango.yaml:3:5: sync issues does not say when it runs; write `runs`, such as \"every 30min\", or `webhook-subscriptions`",
		`nango.yaml:4:7: "run" is not understood in sync issues; did you mean "runs"?`,
		`nango.yaml:5:17: "GithubIsue" is not among the models; did you mean "GithubIssue"?`,
		`nango.yaml:6:7: "webhook_subscriptions" is not understood in sync issues; did you mean "webhook-subscriptions"?`,
		"nango.yaml:7:5: sync pulls has no script; write " + dir + "/pulls.ts",
		`nango.yaml:8:13: frequency "every 3 blinks" is not understood; write for example "every 30 minutes", "every hour" or "every half day"`,
		"nango.yaml:15:3: model Pull has no field `id`, which tells its records apart; sync pulls returns it",
		"nango.yaml:15:3: model Pull has no field `id`, which tells its records apart; sync broken returns it",
	}
	if got := texts(dir, faults); !reflect.DeepEqual(got, want) {
		t.Errorf("faults\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEachFaultNamesItsLine(t *testing.T) {
	t.Parallel()
	const models = "models:\n  M: {id: string}\n  N: {id: string}\n"
	for _, test := range []struct {
		name string
		yaml string
		want string
	}{
		{"empty file", "", "nango.yaml: it is empty"},
		{"no mapping", "- a\n", "nango.yaml:1:1: nango.yaml must be a mapping"},
		{"invalid YAML", "integrations:\n  a: b: c\n", "nango.yaml:2:1: this is no valid YAML: mapping values are not allowed in this context"},
		{"no integrations", models, "nango.yaml:1:1: it defines no integration"},
		{"unknown section", models + "integration:\n  github: {a: {runs: every hour, returns: M}}\n", `nango.yaml:4:1: "integration" is not understood in nango.yaml; did you mean "integrations"?`},
		{"too frequent", models + "integrations:\n  github:\n    a: {runs: every 5s, returns: M}\n", `nango.yaml:6:15: frequency "every 5s" is too short`},
		{"no models", models + "integrations:\n  github:\n    a: {runs: every hour}\n", "nango.yaml:6:5: sync a does not say which models it returns; write `returns`"},
		{"an empty list of models", models + "integrations:\n  github:\n    a: {runs: every hour, returns: []}\n", "nango.yaml:6:5: sync a does not say which models it returns"},
		{"two syncs of one model", models + "integrations:\n  github:\n    a: {runs: every hour, returns: M}\n    b: {runs: every hour, returns: [N, M]}\n", "nango.yaml:7:40: model M is returned by sync a already, on line 6"},
		{"one model twice", models + "integrations:\n  github:\n    a: {runs: every hour, returns: [M, M]}\n", "nango.yaml:6:40: model M is returned by sync a already, on line 6"},
		{"a sync twice", models + "integrations:\n  github:\n    a: {runs: every hour, returns: M}\n    a: {runs: every day, returns: N}\n", `nango.yaml:7:5: "a" is in integration github twice; it is on line 6 already`},
		{"type", models + "integrations:\n  github:\n    a: {type: snyc, runs: every hour, returns: M}\n", `nango.yaml:6:15: type cannot be "snyc"; did you mean "sync"?`},
		{"sync_type", models + "integrations:\n  github:\n    syncs:\n      a: {sync_type: total, runs: every hour, output: M}\n", `nango.yaml:7:22: sync_type cannot be "total"; known are full, incremental`},
		{"the other layout's field", models + "integrations:\n  github:\n    provider: github\n    syncs:\n      a: {returns: M, runs: every hour, output: M}\n", `nango.yaml:8:11: "returns" is not understood in sync a; known are runs, output`},
		{"no boolean", models + "integrations:\n  github:\n    a: {auto_start: maybe, runs: every hour, returns: M}\n", "nango.yaml:6:21: auto_start must be true or false"},
		{"a mapping for text", models + "integrations:\n  github:\n    a: {runs: {every: hour}, returns: M}\n", "nango.yaml:6:15: runs must be plain text"},
		{"a mapping in a list", models + "integrations:\n  github:\n    a: {runs: every hour, returns: [{M: 1}]}\n", "nango.yaml:6:37: returns must be plain text or a list of it"},
		{"a path for a name", models + "integrations:\n  github:\n    ../a: {runs: every hour, returns: M}\n", `nango.yaml:6:5: "../a" cannot be a sync's name`},
		{"a path for an integration", models + "integrations:\n  ../b:\n    a: {runs: every hour, returns: M}\n", `nango.yaml:5:3: "../b" cannot be an integration's name`},
		{"a sync without fields", models + "integrations:\n  github:\n    a: every hour\n", "nango.yaml:6:8: sync a must be a mapping"},
		{"a model's name", "models:\n  my-model: {id: string}\nintegrations:\n  github: {}\n", `nango.yaml:2:3: "my-model" cannot be a model's name`},
		{"unknown base", "models:\n  M: {id: string, __extends: Bsae}\n  Base: {id: string}\nintegrations:\n  github: {}\n", `nango.yaml:2:3: it extends "Bsae", which is not among the models; did you mean "Base"?`},
		{"models that extend each other", "models:\n  M: {__extends: N}\n  N: {__extends: M}\nintegrations:\n  github:\n    a: {runs: every hour, returns: M}\n", "nango.yaml:2:3: model M has no field `id`"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{"nango.yaml": test.yaml, "a.ts": fetch, "b.ts": fetch})
			_, faults := Load(dir)
			got := texts(dir, faults)
			if len(got) == 0 || !strings.HasPrefix(got[0], test.want) {
				t.Errorf("faults\n%s\nwant\n%s", strings.Join(got, "\n"), test.want)
			}
		})
	}
}

func TestAFolderWithoutDefinitionsSaysWhatToDo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, faults := Load(dir)
	if got := texts(dir, faults); len(got) != 1 || !strings.HasPrefix(got[0], "nango.yaml: there is no such file") {
		t.Errorf("faults %v", got)
	}
}

func TestAScriptMustExportWhatWillBeCalled(t *testing.T) {
	t.Parallel()
	const subscribed, scheduled = "issues", time.Hour
	for _, test := range []struct {
		name      string
		frequency time.Duration
		events    string
		exports   []string
		want      string
	}{
		{"scheduled, default", scheduled, "", []string{"default"}, ""},
		{"scheduled, webhook function only", scheduled, subscribed, []string{"onWebhook"}, "no default export"},
		{"by hand only, nothing", 0, "", nil, "no default export"},
		{"subscribed, default", 0, subscribed, []string{"default"}, ""},
		{"subscribed, onWebhook", 0, subscribed, []string{"onWebhook"}, ""},
		{"subscribed, onWebhookPayloadReceived", 0, subscribed, []string{"onWebhookPayloadReceived"}, ""},
		{"subscribed, something else", 0, subscribed, []string{"helper"}, "no export that a webhook could call"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := Sync{Frequency: test.frequency}
			if test.events != "" {
				s.Subscriptions = []string{test.events}
			}
			got := missingExport(s, test.exports)
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTheNearestNameIsTheOneMeant(t *testing.T) {
	t.Parallel()
	known := []string{"runs", "returns", "track_deletes", "auto_start", "webhook-subscriptions"}
	for name, want := range map[string]string{
		"run": "runs", "Returns": "returns", "trackDeletes": "track_deletes", "autostart": "auto_start",
		"webhook_subscription": "webhook-subscriptions", "webhooks": "", "frequency": "", "": "",
	} {
		if got := nearest(name, known); got != want {
			t.Errorf("nearest to %q: %q, want %q", name, got, want)
		}
	}
}
