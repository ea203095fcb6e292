package e2e

import (
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/synchook/synchook/e2e/rig"
)

// The blocks of commands that are not run beside a synchook are `make` and `go`, of which CI runs most: what they name
// exists.
func TestTheMakeAndGoCommandsOfThePagesNameWhatThereIs(t *testing.T) {
	t.Parallel()
	targets := targetsOf(readFile(t, "../Makefile"))
	for _, b := range blocksOf(t, "sh") {
		if b.marked {
			continue
		}
		for line := range strings.Lines(b.text) {
			line, _, _ = strings.Cut(line, " #")
			for command := range strings.SplitSeq(line, "&&") {
				words := strings.Fields(command)
				switch {
				case len(words) > 1 && words[0] == "make":
					for _, target := range words[1:] {
						if !slices.Contains(targets, target) {
							t.Errorf("%s: `make %s` is no target", b.page, target)
						}
					}
				case len(words) > 2 && words[0] == "go" && words[1] == "test":
					wantTests(t, b.page, words[2:])
				default:
					t.Errorf("%s: mark the block `sh test` or `sh stays \"TEXT\"`, so that it is run: %s", b.page, line)
				}
			}
		}
	}
}

// targetsOf are the targets of a Makefile that stand for no file.
func targetsOf(makefile string) []string {
	var targets []string
	for _, m := range regexp.MustCompile(`(?m)^\.PHONY: (.*)$`).FindAllStringSubmatch(makefile, -1) {
		targets = append(targets, strings.Fields(m[1])...)
	}
	return targets
}

// valueless are the flags of `go test` without a value; all others of the pages have one.
var valueless = []string{"-v", "-race", "-long"}

// wantTests wants that arguments of `go test` name tests.
func wantTests(t *testing.T, page string, arguments []string) {
	t.Helper()
	var packages []string
	values := map[string]string{}
	for i := 0; i < len(arguments); i++ {
		switch argument := arguments[i]; {
		case strings.HasPrefix(argument, "./"):
			packages = append(packages, argument)
		case slices.Contains(valueless, argument):
		case i+1 < len(arguments):
			i++
			values[argument] = strings.Trim(arguments[i], `'"`)
		}
	}
	pattern, _, _ := strings.Cut(values["-run"], "/")
	list := exec.CommandContext(t.Context(), "go", append([]string{"list", "-f", "{{.Dir}}"}, packages...)...)
	list.Dir = rig.Root()
	out, err := list.Output()
	if err != nil || !hasTest(t, strings.Fields(string(out)), regexp.MustCompile(pattern)) {
		t.Errorf("%s: go test %s: %v: names no tests", page, strings.Join(arguments, " "), err)
	}
	known := append([]string{"-run", "-seed", "-make-store", "-table"}, valueless...)
	for flag := range maps.Keys(values) {
		if !slices.Contains(known, flag) {
			t.Errorf("%s: go test %s: nobody checks %s", page, strings.Join(arguments, " "), flag)
		}
	}
}

var testName = regexp.MustCompile(`(?m)^func (Test\w+)\(t `)

// hasTest reports whether folders have a test whose name matches.
func hasTest(t *testing.T, folders []string, pattern *regexp.Regexp) bool {
	t.Helper()
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		check(t, err)
		for _, file := range files {
			for _, m := range testName.FindAllStringSubmatch(readFile(t, file), -1) {
				if pattern.MatchString(m[1]) {
					return true
				}
			}
		}
	}
	return false
}
