package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/synchook/synchook/e2e/rig"
	"github.com/synchook/synchook/internal/storetest"
)

// The commands of each page are run as its reader does: in their order and in one terminal, those that stay in one of
// their own, beside a `synchook dev` unless the page starts one. The other tests of this package wait for time to pass,
// and are not to do that while programs are built here.
func TestTheCommandsOfThePagesWork(t *testing.T) { //nolint:paralleltest // see above
	for _, page := range pages(t) {
		steps := stepsOf(readFile(t, page))
		if len(steps) == 0 {
			continue
		}
		name, err := filepath.Rel("..", page)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newReader(t, readFile(t, page)).follow(steps)
		})
	}
}

// step is a block that is run, or that shows what is printed.
type step struct {
	kind string // run, stay or printed
	text string
	up   string // what a program that stays prints when it is up
}

// stepsOf returns the steps of a page: the blocks marked `sh test`, `sh stays "TEXT"` and `text printed`.
func stepsOf(page string) []step {
	var steps []step
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		info := strings.TrimSpace(block[1])
		switch {
		case info == "sh test":
			steps = append(steps, step{kind: "run", text: block[2]})
		case info == "text printed":
			steps = append(steps, step{kind: "printed", text: block[2]})
		case strings.HasPrefix(info, "sh stays "):
			up, err := strconv.Unquote(strings.TrimPrefix(info, "sh stays "))
			if err != nil {
				up = info // no program prints it
			}
			steps = append(steps, step{kind: "stay", text: block[2], up: up})
		}
	}
	return steps
}

func TestOnlyMarkedBlocksAreSteps(t *testing.T) {
	t.Parallel()
	page := "```sh\nno\n```\n\n```sh test\none\ntwo\n```\n```text\n```sh\n```\n```sh stays \"it is up\"\nthree\n```\n```json test\n{}\n```\n```text printed\nfour\n```\n"
	want := []step{{kind: "run", text: "one\ntwo\n"}, {"stay", "three\n", "it is up"}, {kind: "printed", text: "four\n"}}
	if got := stepsOf(page); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the steps are %q, want %q", got, want)
	}
}

// reader is somebody who follows a page, in a folder that looks like the repository's.
type reader struct {
	t           *testing.T
	folder      string
	root        string // what the page calls /
	environment []string
	here        *strings.Replacer // what the page names, where it is for this reader
}

func newReader(t *testing.T, page string) *reader {
	t.Helper()
	r := &reader{t: t, folder: t.TempDir(), root: t.TempDir()}
	port := func() string { return strconv.Itoa(storetest.FreePort(t)) }
	listen, receive, redis := port(), port(), port()
	unnamed := port() // of a server to which the page gives no address
	r.here = strings.NewReplacer(
		"sk_...", "${KEY:-$(grep -oh -m 1 'sk_[[:alnum:]_-]*' *.log | head -n 1)}",
		"whsec_...", "${SYNCHOOK_SIGNING_SECRET:-$(grep -oh -m 1 'whsec_[[:alnum:]+/=]*' *.log | head -n 1)}",
		"SYNCHOOK_HEALTH_LISTEN: 0.0.0.0:8080", "SYNCHOOK_HEALTH_LISTEN: 127.0.0.1:"+port(),
		"localhost:8080", "localhost:"+listen, "127.0.0.1:8080", "127.0.0.1:"+listen, "0.0.0.0:8080", "127.0.0.1:"+listen,
		"0.0.0.0:8081", "127.0.0.1:"+port(),
		"localhost:3000", "localhost:"+receive, "127.0.0.1:3000", "127.0.0.1:"+receive,
		"redis://redis:6379", "redis://127.0.0.1:"+redis,
		"redis://user:password@redis.internal:6379", "redis://127.0.0.1:"+redis,
		"/var/lib/synchook", r.root+"/var/lib/synchook", "/etc/", r.root+"/etc/", "/usr/local/", r.root+"/usr/local/",
	)
	r.furnish(page)
	r.write(page)
	path := strings.Join([]string{
		filepath.Join(r.folder, "bin"), filepath.Join(rig.Root(), "e2e", "testdata", "pages", "bin"),
		filepath.Dir(rig.Grpcurl(t)), filepath.Join(rig.Root(), "node_modules", ".bin"), os.Getenv("PATH"),
	}, string(os.PathListSeparator))
	r.environment = append(environmentWithoutMake(),
		"PATH="+path, "ROOT="+r.root, "DEPLOY_TOOL="+filepath.Join(r.root, "deploy"), "PORT="+receive, "CONTAINER_REDIS_PORT="+redis)
	switch {
	case strings.Contains(page, "\nmake dev\n"):
		unnamed = listen
	case strings.Contains(page, "redis.internal"):
		r.environment = append(r.environment, "REDIS_URL="+redisOverTCP(t))
		rig.NewRedis(t, "--bind", "127.0.0.1", "--port", redis)
		fallthrough
	default:
		r.environment = append(r.environment, startDev(t)...)
	}
	r.environment = append(r.environment, "SYNCHOOK_LISTEN=127.0.0.1:"+unnamed)
	return r
}

// furnish makes the folder: the repository, of which a reader changes bin, deploy and what is new.
func (r *reader) furnish(page string) {
	r.t.Helper()
	own := map[string]bool{"bin": true, "deploy": true, ".git": true, ".synchook": true}
	entries, err := os.ReadDir(rig.Root())
	check(r.t, err)
	for _, e := range entries {
		if !own[e.Name()] {
			check(r.t, os.Symlink(filepath.Join(rig.Root(), e.Name()), filepath.Join(r.folder, e.Name())))
		}
	}
	for _, dir := range []string{"etc/systemd/system", "usr/local/bin", "var/lib"} {
		check(r.t, os.MkdirAll(filepath.Join(r.root, dir), 0o700))
	}
	for _, dir := range []string{"bin", "deploy"} {
		check(r.t, os.Mkdir(filepath.Join(r.folder, dir), 0o700))
	}
	if !runsMake.MatchString(page) { // which builds the program anew
		check(r.t, os.Symlink(rig.Binary(), filepath.Join(r.folder, "bin", "synchook")))
	}
	if strings.Contains(page, "docker compose") {
		build := exec.CommandContext(r.t.Context(), "go", "build", "-C", filepath.Join(rig.Root(), "tools", "deploy"), "-o", filepath.Join(r.root, "deploy"), ".")
		if said, err := build.CombinedOutput(); err != nil {
			r.t.Fatalf("%v\n%s", err, said)
		}
	}
	deploy := filepath.Join(rig.Root(), "deploy")
	check(r.t, fs.WalkDir(os.DirFS(deploy), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(deploy, name))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(r.folder, "deploy", name), []byte(r.here.Replace(string(text))), 0o600)
	}))
}

// write makes the files of which the page shows the text: the blocks with a path after their language.
func (r *reader) write(page string) {
	r.t.Helper()
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		if info := strings.Fields(block[1]); len(info) == 2 && strings.Contains(info[1], "/") {
			path := filepath.Join(r.folder, info[1])
			check(r.t, os.MkdirAll(filepath.Dir(path), 0o700))
			check(r.t, os.WriteFile(path, []byte(block[2]), 0o600))
		}
	}
}

// follow does the steps, and wants each to succeed. Without Node those that want it are left out, as by the Makefile.
func (r *reader) follow(steps []step) {
	r.t.Helper()
	var script strings.Builder
	for i, s := range steps {
		node := r.hasNode(s)
		if !node && runsNode.MatchString(s.text) {
			r.t.Logf("Node is not installed: left out: %s", s.text)
			continue
		}
		name := fmt.Sprintf("step-%02d", i+1)
		text := r.here.Replace(s.text)
		if s.kind == "printed" {
			text = patterns(s.text)
		}
		check(r.t, os.WriteFile(filepath.Join(r.folder, name), []byte(text), 0o600))
		fmt.Fprintln(&script, s.kind, name, s.up)
	}
	check(r.t, os.WriteFile(filepath.Join(r.folder, "steps"), []byte(script.String()), 0o600))
	shell := exec.CommandContext(r.t.Context(), filepath.Join(rig.Root(), "e2e", "testdata", "pages", "run.sh"), "steps")
	shell.Dir, shell.Env = r.folder, r.environment
	shell.Cancel = func() error { return shell.Process.Signal(syscall.SIGTERM) }
	shell.WaitDelay = time.Minute
	r.t.Cleanup(r.endServices)
	if out, err := shell.CombinedOutput(); err != nil {
		r.t.Errorf("%v:\n%s", err, out)
	}
}

var (
	runsNode = regexp.MustCompile(`(?m)\b(npm|npx) `)
	runsMake = regexp.MustCompile("(?m)^```sh (test|stays.*)\nmake ")
)

// hasNode reports whether there is Node. What a step of Node's or of make's needs must be built then: many at once
// would install it many times.
func (r *reader) hasNode(s step) bool {
	r.t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		return false
	}
	if !runsNode.MatchString(s.text) && !strings.HasPrefix(s.text, "make ") {
		return true
	}
	for _, built := range []string{"node_modules/.bin/tsc", "dashboard/dist/index.html"} {
		if _, err := os.Stat(filepath.Join(rig.Root(), built)); err != nil {
			r.t.Fatalf("%s is not there: run `make build` before the tests", built)
		}
	}
	return true
}

// patterns turns lines that a page shows into regular expressions, one a line: `...` stands for whatever is there.
func patterns(shown string) string {
	return strings.ReplaceAll(regexp.QuoteMeta(shown), `\.\.\.`, ".*")
}

// endServices ends what the page gave to systemd or to Docker.
func (r *reader) endServices() {
	pids, _ := os.ReadFile(filepath.Join(r.root, "pids")) // none: the page gave them nothing
	for _, text := range strings.Fields(string(pids)) {
		if pid, err := strconv.Atoi(text); err == nil {
			_ = syscall.Kill(-pid, syscall.SIGKILL) // fails only if it has ended
		}
	}
	if r.t.Failed() {
		for _, log := range []string{"journal.log", "containers.log"} {
			if text, err := os.ReadFile(filepath.Join(r.root, log)); err == nil {
				r.t.Logf("%s:\n%s", log, text)
			}
		}
	}
}

// environmentWithoutMake is ours without what a `make` that runs us says to another.
func environmentWithoutMake() []string {
	var env []string
	for _, e := range rig.Environment() {
		if name, _, _ := strings.Cut(e, "="); !strings.HasPrefix(name, "MAKE") && name != "MFLAGS" {
			env = append(env, e)
		}
	}
	return env
}

// startDev starts `synchook dev` and returns what the pages' commands need to know of it.
func startDev(t *testing.T) []string {
	t.Helper()
	data := t.TempDir()
	dev := rig.Start(t, "dev", []string{"SYNCHOOK_STOP_TIMEOUT=3s"}, rig.Binary(), "dev", "--listen", "127.0.0.1:0", "--data", data, "--print-json")
	var sample struct {
		URL           string
		APIKey        string `json:"api_key"`
		AdminKey      string `json:"admin_key"`
		SigningSecret string `json:"signing_secret"`
	}
	rig.Until(t, 30*time.Second, "dev prints its sample project", func() bool {
		lines := dev.Output()
		return len(lines) > 0 && json.Unmarshal([]byte(lines[0]), &sample) == nil
	})
	t.Cleanup(func() { dev.Terminate(10 * time.Second) })
	return []string{
		"URL=" + sample.URL, "KEY=" + sample.APIKey, "ADMIN_KEY=" + sample.AdminKey,
		"SYNCHOOK_SIGNING_SECRET=" + sample.SigningSecret, "DATA=" + data,
	}
}

// redisOverTCP starts a Redis of the operator's, with a synchook on it, and returns its URL.
func redisOverTCP(t *testing.T) string {
	t.Helper()
	port := strconv.Itoa(storetest.FreePort(t))
	rig.NewHouse(t, rig.HouseOptions{Redis: rig.NewRedis(t, "--bind", "127.0.0.1", "--port", port)})
	return "redis://127.0.0.1:" + port
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
