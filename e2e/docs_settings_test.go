package e2e

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/synchook/synchook/e2e/rig"
)

// flagsOf returns the flags and the environment variables that the program knows, by what its commands'
// help says of them.
func flagsOf(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	for _, command := range []string{"serve", "dev", "deploy", "listen", "doctor", "backup"} {
		help := rig.Start(t, command, nil, rig.Binary(), command, "--help")
		help.WantEnd(30 * time.Second)
		for _, line := range help.Output() {
			if name, ok := strings.CutPrefix(line, "  -"); ok {
				name, _, _ = strings.Cut(name, " ")
				known["--"+strings.TrimSuffix(name, "\n")] = true
			}
			for _, variable := range variable.FindAllString(line, -1) {
				known[variable] = true
			}
		}
	}
	return known
}

var (
	variable = regexp.MustCompile(`\bSYNCHOOK_[A-Z_]+`)
	// A flag of synchook's: alone between backticks, with or without a value, or after its name.
	flagAlone = regexp.MustCompile("`(--[a-z][a-z-]*)[^`]*`")
	flagAfter = regexp.MustCompile(`\bsynchook [^\n|\x60]*`)
	flagWord  = regexp.MustCompile(`(?:^|\s)(--[a-z][a-z-]*)`)
)

// settingsIn returns the flags and environment variables of synchook's that a page names.
func settingsIn(page string) []string {
	names := variable.FindAllString(page, -1)
	for _, m := range flagAlone.FindAllStringSubmatch(page, -1) {
		names = append(names, m[1])
	}
	for _, call := range flagAfter.FindAllString(strings.ReplaceAll(page, "\\\n", ""), -1) {
		for _, m := range flagWord.FindAllStringSubmatch(call, -1) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestFlagsAndVariablesAreToldFromThoseOfOthers(t *testing.T) {
	t.Parallel()
	const page = "`--runs`, `--in-flight 4` and `redis-cli --rdb f`\n```sh\nbin/synchook serve --listen a \\\n  --data b\nredis-server --dir c\n" +
		"export SYNCHOOK_ADMIN_KEY=d\n```\n| `synchook doctor` | `--repair` |\n"
	got, want := settingsIn(page), []string{"--data", "--in-flight", "--listen", "--repair", "--runs", "SYNCHOOK_ADMIN_KEY"}
	if !slices.Equal(got, want) {
		t.Errorf("the settings are %q, want %q", got, want)
	}
}

func TestEveryFlagAndVariableThatDocsNameExists(t *testing.T) {
	t.Parallel()
	known := flagsOf(t)
	for _, others := range []string{"--help", "SYNCHOOK_SIGNING_SECRET", "SYNCHOOK_BIN", "SYNCHOOK_FAILPOINT"} { // of all commands; of receivers; of tests
		known[others] = true
	}
	files, err := filepath.Glob(filepath.Join("..", "deploy", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(files, pages(t)...) {
		for _, name := range settingsIn(readFile(t, page)) {
			if !known[name] {
				t.Errorf("%s names %s, which the program does not know", page, name)
			}
		}
	}
}

func TestThePageOnOperatingNamesEverySetting(t *testing.T) {
	t.Parallel()
	page := settingsIn(readFile(t, filepath.Join("..", "docs", "operating.md")))
	for name := range flagsOf(t) {
		variable := "SYNCHOOK_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(name, "--"), "-", "_"))
		if strings.HasPrefix(name, "--") && !ofOneCommand[name] && !slices.Contains(page, name) && !slices.Contains(page, variable) {
			t.Errorf("docs/operating.md names neither %s nor %s", name, variable)
		}
	}
}

// ofOneCommand are flags that are no settings of the processes that run.
var ofOneCommand = map[string]bool{
	"--print-json": true, "--url": true, "--key": true, "--dry-run": true, "--yes": true, "--json": true, "--repair": true, "--to": true,
	"--forward-to": true, "--endpoint": true, "--since": true, "--timeout": true, "--plain": true,
}
