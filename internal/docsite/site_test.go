package docsite

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func small(t *testing.T) *Site {
	t.Helper()
	site, err := New(fstest.MapFS{
		"index.md":      {Data: []byte("# All pages\n\nNot a [list](metrics.md).\n\n- [Records](records.md): what is kept\n- [Decisions](adr/README.md)\n- [File](openapi.yaml)\n")},
		"records.md":    {Data: []byte("# Records and `delta`\n\n## What to do when\n\n[up](../README.md) [in](adr/README.md#one)\n\n| a | b |\n|---|---|\n| <script>x</script> | 2 |\n\n```sh\nls <x>\n```\n")},
		"adr/README.md": {Data: []byte("# Decisions\n\n[back](../records.md) [over](../../server/server.go)\n")},
		"metrics.md":    {Data: []byte("# Metrics\n")},
		"openapi.yaml":  {Data: []byte("openapi: 3.1.0\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func open(t *testing.T, s *Site, name string) string {
	t.Helper()
	f, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(f.Body)
}

func TestEachPageHasItsTitleItsTextAndTheContents(t *testing.T) {
	t.Parallel()
	page := open(t, small(t), "records")
	for _, want := range []string{
		"<title>Records and delta · synchook</title>", `<h2 id="what-to-do-when">`, `<a href="/docs/records" aria-current="page">Records</a>`,
		`<a href="/docs/">All pages</a>`, `<a href="/docs/adr/README">Decisions</a>`, `<pre tabindex="0"><code class="language-sh">ls &lt;x&gt;`,
		`<div class="wide" tabindex="0"><table>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	for _, not := range []string{"<script", "/docs/metrics", "openapi"} {
		if strings.Contains(page, not) {
			t.Errorf("the page has %s", not)
		}
	}
}

func TestALinkLeadsWhereItDoesInTheRepository(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dir, target, want string }{
		{".", "records.md", "/docs/records"},
		{".", "records.md#delta", "/docs/records#delta"},
		{".", "index.md", "/docs/"},
		{".", "index.md#run", "/docs/#run"},
		{".", "openapi.yaml", "/docs/openapi.yaml"},
		{".", "adr/README.md", "/docs/adr/README"},
		{"adr", "../records.md", "/docs/records"},
		{"adr", "0001-x.md", "/docs/adr/0001-x"},
		{".", "../README.md", repository + "README.md"},
		{".", "../examples/receiver", repository + "examples/receiver"},
		{"adr", "../../server/server.go#L1", repository + "server/server.go#L1"},
		{".", "#here", "#here"},
		{".", "https://example.com/a.md", "https://example.com/a.md"},
		{".", "/metrics", "/metrics"},
	} {
		if got := place(c.dir, c.target); got != c.want {
			t.Errorf("%s in %s leads to %s, want %s", c.target, c.dir, got, c.want)
		}
	}
}

func TestWhatIsNotThereIsSaidSo(t *testing.T) {
	t.Parallel()
	site := small(t)
	for _, name := range []string{"nothing", "records.md", "index", "../README", "adr/", "/records", "nothing.yaml", "../x.yaml", "adr/../records"} {
		if _, err := site.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if page, err := site.Missing(); err != nil || !strings.Contains(string(page.Body), `href="/docs/records"`) {
		t.Errorf("the page that says so lists no others: %s, %v", page.Body, err)
	}
}

func TestASiteWithoutItsFirstPageIsNone(t *testing.T) {
	t.Parallel()
	if _, err := New(fstest.MapFS{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
}
