package e2e

import (
	"encoding/json"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/synchook/synchook/e2e/rig"
)

// The commands that these pages mark as tests are run, in their order, as somebody does who has started
// `synchook dev` and typed them in.
func TestTheCommandsOfThePagesWork(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"README.md", "docs/getting-started.md", "docs/incoming-webhooks.md", "docs/outgoing-webhooks.md", "docs/records.md", "docs/operating.md"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			commands := commandsOf(readFile(t, filepath.Join("..", page)))
			if len(commands) == 0 {
				t.Fatal("the page marks no commands with ```sh test")
			}
			runCommands(t, commands)
		})
	}
}

// runCommands runs blocks of commands in a folder that looks like the repository's.
func runCommands(t *testing.T, commands []string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "examples"), os.DirFS(filepath.Join("..", "examples"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(rig.Binary(), filepath.Join(folder, "bin", "synchook")); err != nil {
		t.Fatal(err)
	}
	dev, env := startDev(t)
	path := "PATH=" + filepath.Dir(rig.Grpcurl(t)) + string(os.PathListSeparator) + os.Getenv("PATH")
	env = append(env, "REDIS_URL="+redisOverTCP(t))
	for _, command := range commands {
		shell := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", command)
		shell.Dir, shell.Env = folder, append(append(rig.Environment(), env...), path)
		if out, err := shell.CombinedOutput(); err != nil {
			t.Errorf("%v:\n%s\nprinted\n%s", err, command, out)
		}
	}
	dev.Terminate(10 * time.Second)
}

// startDev starts `synchook dev` and returns what the README's commands need to know of it.
func startDev(t *testing.T) (*rig.Process, []string) {
	t.Helper()
	data := t.TempDir()
	dev := rig.Start(t, "dev", []string{"SYNCHOOK_STOP_TIMEOUT=3s"}, rig.Binary(), "dev", "--listen", "127.0.0.1:0", "--data", data, "--print-json")
	var sample struct {
		URL      string
		APIKey   string `json:"api_key"`
		AdminKey string `json:"admin_key"`
	}
	rig.Until(t, 30*time.Second, "dev prints its sample project", func() bool {
		lines := dev.Output()
		return len(lines) > 0 && json.Unmarshal([]byte(lines[0]), &sample) == nil
	})
	return dev, []string{"URL=" + sample.URL, "KEY=" + sample.APIKey, "ADMIN_KEY=" + sample.AdminKey, "DATA=" + data}
}

// redisOverTCP starts a Redis of the operator's, with a synchook on it, and returns its URL.
func redisOverTCP(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	rig.NewHouse(t, rig.HouseOptions{Redis: rig.NewRedis(t, "--bind", "127.0.0.1", "--port", port)})
	return "redis://127.0.0.1:" + port
}

// fence matches a fenced block of Markdown: its info string and its lines.
var fence = regexp.MustCompile("(?ms)^```([^`\n]*)\n(.*?)^```[ \t]*$")

// commandsOf returns the blocks of a page that are marked as ```sh test.
func commandsOf(page string) []string {
	var commands []string
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		info := strings.Fields(block[1])
		if len(info) > 1 && info[0] == "sh" && slices.Contains(info[1:], "test") {
			commands = append(commands, block[2])
		}
	}
	return commands
}

func TestOnlyMarkedBlocksAreCommands(t *testing.T) {
	t.Parallel()
	page := "```sh\nno\n```\n\n```sh test\none\ntwo\n```\n```text\n```sh\n```\n```sh slow test\nthree\n```\n```json test\n{}\n```\n"
	if got, want := commandsOf(page), []string{"one\ntwo\n", "three\n"}; !slices.Equal(got, want) {
		t.Errorf("the commands are %q, want %q", got, want)
	}
}

func TestEveryPathThatDocsNameExists(t *testing.T) {
	t.Parallel()
	tops := topFolders(t)
	for _, page := range pages(t) {
		for _, path := range pathsOf(readFile(t, page), filepath.Dir(page), tops) {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s names %s, which does not exist", page, path)
			}
		}
	}
}

// pages are the Markdown pages at the root, in deploy and below docs.
func pages(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join("..", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, filepath.Join("..", "deploy", "README.md"))
	err = filepath.WalkDir(filepath.Join("..", "docs"), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// topFolders are the folders at the root of the repository.
func topFolders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "bin" {
			names = append(names, e.Name())
		}
	}
	return names
}

var (
	link   = regexp.MustCompile(`\]\(([^)\s#]+)[^)]*\)`)
	quoted = regexp.MustCompile("`([A-Za-z0-9._/-]+)`")
	source = regexp.MustCompile(`\.(go|ts|lua|proto|md|sh)$`)
)

// pathsOf returns the paths of the repository that a page names: by a link, from the page's folder, or
// between backticks, from the root.
func pathsOf(page, dir string, tops []string) []string {
	page = fence.ReplaceAllString(page, "")
	var paths []string
	for _, m := range link.FindAllStringSubmatch(page, -1) {
		if !strings.Contains(m[1], ":") {
			paths = append(paths, filepath.Join(dir, m[1]))
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(page, -1) {
		top, _, deep := strings.Cut(m[1], "/")
		if deep && top != "" && (slices.Contains(tops, top) || source.MatchString(m[1])) {
			paths = append(paths, filepath.Join("..", m[1]))
		}
	}
	return paths
}

func TestPathsAreToldFromOtherWords(t *testing.T) {
	t.Parallel()
	const page = "[a](docs/b.md#part) [c](https://example.com/d.md) [e](#here) `server/f.go` `gone/g.go` `net/http` `/webhook/h` `server` " +
		"`bin/synchook` `modernc.org/quickjs`\n```sh\n`server/i.go`\n```\n"
	got, want := pathsOf(page, "..", []string{"server"}), []string{"../docs/b.md", "../server/f.go", "../gone/g.go"}
	if !slices.Equal(got, want) {
		t.Errorf("the paths are %q, want %q", got, want)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
