package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	synchookclient "github.com/synchook/synchook/clients/go"
	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/storetest"
)

// codeBlock is a fenced block of a page.
type codeBlock struct {
	page, language, text string
	marked               bool // as something that is run or shown
}

// blocksOf returns the blocks of the pages that are in a language. Those in TypeScript are compiled by the tests of
// clients/typescript, which have the packages.
func blocksOf(t *testing.T, language string) []codeBlock {
	t.Helper()
	var blocks []codeBlock
	for _, page := range pages(t) {
		for _, m := range fence.FindAllStringSubmatch(readFile(t, page), -1) {
			if info := strings.Fields(m[1]); len(info) > 0 && info[0] == language {
				blocks = append(blocks, codeBlock{page, language, m[2], len(info) > 1})
			}
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("no page has a block of %s", language)
	}
	return blocks
}

// buildBlock builds a block in Go as a program of this module, in a folder that only the compiler sees, with further files.
func buildBlock(t *testing.T, text string, files ...string) string {
	t.Helper()
	folder, root := t.TempDir(), rig.Root()
	main := filepath.Join(folder, "main.go")
	check(t, os.WriteFile(main, []byte(text), 0o600))
	replace := map[string]string{}
	for _, file := range append(files, main) {
		replace[filepath.Join(root, "e2e", "block", filepath.Base(file))] = file
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	check(t, err)
	overlayFile := filepath.Join(folder, "overlay.json")
	check(t, os.WriteFile(overlayFile, overlay, 0o600))
	program := filepath.Join(folder, "block")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "-overlay", overlayFile, "./e2e/block")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// The programs in Go are used as their pages say.
func TestTheGoOfThePagesWorks(t *testing.T) {
	t.Parallel()
	uses := map[string]func(*testing.T, string){"outgoing-webhooks.md": useReceiver, "records.md": useRefresh}
	for _, b := range blocksOf(t, "go") {
		use, ok := uses[filepath.Base(b.page)]
		if !ok {
			t.Errorf("%s has a program that no test uses:\n%s", b.page, b.text)
			continue
		}
		t.Run(filepath.Base(b.page), func(t *testing.T) {
			t.Parallel()
			use(t, b.text)
		})
	}
}

// useReceiver sends a program that receives webhooks one that is signed, and one that is not.
func useReceiver(t *testing.T, text string) {
	t.Helper()
	address := "127.0.0.1:" + strconv.Itoa(storetest.FreePort(t))
	program := buildBlock(t, strings.ReplaceAll(text, "127.0.0.1:3000", address))
	rig.Start(t, "receiver", []string{"SYNCHOOK_SIGNING_SECRET=" + crmSecret}, program)
	body := blockOf(t, "docs/outgoing-webhooks.md", "json")
	send := func(signed bool) int {
		r := signedWebhook(t, "http://"+address+"/webhook", "dlv_1", body)
		if !signed {
			r.Header.Del("Webhook-Signature")
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	rig.Until(t, 10*time.Second, "the receiver answers", func() bool { return send(true) != 0 })
	if got := send(true); got != http.StatusNoContent {
		t.Errorf("a webhook was answered with %d", got)
	}
	if got := send(false); got != http.StatusUnauthorized {
		t.Errorf("a webhook without a signature was answered with %d", got)
	}
}

// useRefresh has a program read what changed in records that came by webhooks.
func useRefresh(t *testing.T, text string) {
	t.Helper()
	program := buildBlock(t, text, filepath.Join(rig.Root(), "e2e", "testdata", "pages", "refresh.go"))
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("refresh", "user-1")
	h.StartWorker()
	p.WantAll(p.Push(3, rig.Now()).End())
	want := map[string]bool{}
	for _, r := range p.Records("user-1", nil) {
		verb := "put "
		if r.GetLastAction() == synchookv1.RecordAction_RECORD_ACTION_DELETED {
			verb = "remove "
		}
		want[verb+r.GetId()] = true
	}
	run := rig.Start(t, "refresh", []string{"URL=" + h.URL(), "KEY=" + p.Key, "CONNECTION=user-1", "MODEL=Issue"}, program)
	run.WantExit(0)
	got := map[string]bool{}
	for _, line := range run.Output() {
		got[line] = true
	}
	if len(want) == 0 || !maps.Equal(got, want) {
		t.Errorf("the program read %v, want %v", got, want)
	}
}

// The scripts of the pages keep what GitHub sends of an issue.
func TestTheScriptsOfThePagesKeepAnIssue(t *testing.T) {
	t.Parallel()
	payload, definition := readFile(t, "../examples/demo/testdata/issues.opened.json"), blockOf(t, "docs/scripts.md", "yaml")
	scripts := 0
	for _, b := range blocksOf(t, "ts") {
		if !strings.Contains(b.text, "from 'nango'") {
			continue
		}
		scripts++
		t.Run(b.page, func(t *testing.T) {
			t.Parallel()
			h := rig.NewHouse(t, rig.HouseOptions{})
			p := h.NewProject("scripts")
			p.Connect("user-1", 51702934) // as the payload names it
			folder := t.TempDir()
			check(t, os.WriteFile(filepath.Join(folder, "nango.yaml"), []byte(definition), 0o600))
			check(t, os.WriteFile(filepath.Join(folder, "github-issues.ts"), []byte(b.text), 0o600))
			p.Deploy(folder)
			h.StartWorker()
			if a, err := p.GitHub.Send(t.Context(), p.WebhookURL(), rig.NewID(), []byte(payload)); err != nil || !a.OK() {
				t.Fatalf("%+v, %v", a, err)
			}
			rig.Until(t, 30*time.Second, "the issue is kept", func() bool {
				list, err := p.Client().Records.ListRecords(t.Context(), &synchookv1.ListRecordsRequest{
					ProviderConfigKey: "github", ConnectionId: "user-1", Model: "GithubIssue", Ids: []string{"2417300981"},
				})
				return err == nil && len(list.GetRecords()) == 1
			})
		})
	}
	if scripts < 2 {
		t.Errorf("the pages have %d scripts", scripts)
	}
}

// blockOf is the first block of a page in a language.
func blockOf(t *testing.T, page, language string) string {
	t.Helper()
	for _, b := range blocksOf(t, language) {
		if b.page == filepath.Join("..", page) {
			return b.text
		}
	}
	t.Fatalf("%s has no block of %s", page, language)
	return ""
}

// pythonHarness holds the page's function to what every client of synchook is held to.
const pythonHarness = `

import sys
vectors = json.load(open(sys.argv[1]))
for case in vectors["webhooks"]:
    try:
        verify_webhook(case["body"].encode(), case["headers"], case["secrets"], vectors["now"])
        refused = ""
    except ValueError as error:
        refused = str(error)
    if case["error"] != "body" and bool(refused) != bool(case["error"]):  # the page's function takes any JSON
        sys.exit(f"{case['name']}: refused as {refused!r}, want {case['error']!r}")
`

func TestThePythonOfThePagesVerifiesAsTheClientsDo(t *testing.T) {
	t.Parallel()
	vectors := filepath.Join(rig.Root(), "clients", "testdata", "webhooks.json")
	for _, b := range blocksOf(t, "python") {
		program := filepath.Join(t.TempDir(), "receiver.py")
		if err := os.WriteFile(program, []byte(b.text+pythonHarness), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "python3", program, vectors).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", b.page, err, out)
		}
	}
}

func TestTheJSONAndYAMLOfThePagesIsWhatItSays(t *testing.T) {
	t.Parallel()
	for _, b := range blocksOf(t, "json") { // each is a webhook's body
		var body any = &synchookclient.WebhookBody{}
		if strings.HasPrefix(b.text, `{"type":`) {
			body = &synchookclient.OperationalBody{}
		}
		decoder := json.NewDecoder(strings.NewReader(b.text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(body); err != nil {
			t.Errorf("%s: %v: this is no webhook's body:\n%s", b.page, err, b.text)
		}
		if hook, ok := body.(*synchookclient.WebhookBody); ok {
			if written, err := json.Marshal(hook); err != nil || !sameJSON(written, []byte(b.text)) {
				t.Errorf("%s: %v: a webhook says\n%s, and not\n%s", b.page, err, written, b.text)
			}
		}
	}
	for _, b := range blocksOf(t, "yaml") {
		var value any
		if err := yaml.Unmarshal([]byte(b.text), &value); err != nil {
			t.Errorf("%s: %v:\n%s", b.page, err, b.text)
		}
	}
}

// TestEveryBlockIsHeldToSomething fails for a language that no test looks at.
func TestEveryBlockIsHeldToSomething(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"go": true, "python": true, "sh": true, "json": true, "yaml": true, "ts": true, "text": true}
	for _, page := range pages(t) {
		for _, m := range fence.FindAllStringSubmatch(readFile(t, page), -1) {
			if info := strings.Fields(m[1]); len(info) == 0 || !known[info[0]] {
				t.Errorf("%s: no test knows the language of a block:\n%s", page, m[2])
			}
		}
	}
}

// sameJSON reports whether two texts in JSON say the same, in whatever order and with times in whatever form.
func sameJSON(a, b []byte) bool {
	var x, y map[string]any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	for _, m := range []map[string]any{x, y} {
		for key, value := range m {
			if text, ok := value.(string); ok {
				if at, err := time.Parse(time.RFC3339, text); err == nil {
					m[key] = at.UTC()
				}
			}
		}
	}
	return reflect.DeepEqual(x, y)
}
