package app_test

import (
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/durationpb"
	"gopkg.in/yaml.v3"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/app"
)

// metricName finds the names of our metrics in a text.
var metricName = regexp.MustCompile(`\bsynchook_[a-z_]+`)

// described returns the names of all metrics that the program may show, and whether each is a histogram.
func described(t *testing.T) map[string]bool {
	t.Helper()
	o := options(t.TempDir(), io.Discard)
	registry := start(t, o).Registry()
	all := make(chan *prometheus.Desc, 1000)
	registry.Describe(all)
	close(all)
	names := map[string]bool{}
	for d := range all {
		if name := metricName.FindString(d.String()); name != "" {
			names[name] = true
		}
	}
	return names
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryMetricIsDocumentedAndEveryDocumentedOneIsThere(t *testing.T) {
	t.Parallel()
	names := described(t)
	documented := map[string]bool{}
	for line := range strings.Lines(read(t, "docs", "metrics.md")) {
		if row, ok := strings.CutPrefix(line, "| `synchook_"); ok {
			name, _, _ := strings.Cut("synchook_"+row, "`")
			documented[name] = true
		}
	}
	if !maps.Equal(names, documented) {
		t.Errorf("the program has    %q\ndocs/metrics.md has %q", slices.Sorted(maps.Keys(names)), slices.Sorted(maps.Keys(documented)))
	}
}

// rule is an alert rule as Prometheus reads it.
type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func TestTheAlertRulesAreAboutMetricsThatAreThere(t *testing.T) {
	t.Parallel()
	var file struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	d := yaml.NewDecoder(strings.NewReader(read(t, "docs", "alerts.yml")))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil || len(file.Groups) != 1 || len(file.Groups[0].Rules) < 10 {
		t.Fatalf("docs/alerts.yml: %v, %+v", err, file)
	}
	names := described(t)
	for _, r := range file.Groups[0].Rules {
		if r.Alert == "" || r.For == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["action"] == "" {
			t.Errorf("the rule lacks something: %+v", r)
		}
		used := metricName.FindAllString(r.Expr, -1)
		if len(used) == 0 || strings.Count(r.Expr, "(") != strings.Count(r.Expr, ")") {
			t.Errorf("%s: %s", r.Alert, r.Expr)
		}
		for _, name := range used {
			base := strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")
			if !names[name] && !names[base] {
				t.Errorf("%s uses %s, which there is not", r.Alert, name)
			}
		}
	}
}

func TestTheLeaderShowsWhatWaitsAndOthersDoNot(t *testing.T) {
	t.Parallel()
	refuses := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }
	w := newWorld(t, answerIssue, refuses, func(*app.Options) {})
	w.integrate("provider-secret", saveOne)
	w.connect("user-1", 1, nil)
	hour := []*durationpb.Duration{durationpb.New(time.Hour)} // no second attempt comes before the leader has counted
	w.setting(&v1.ProjectSettings{WebhookUrl: w.receiver.URL, RetrySchedule: hour}, "webhook_url", "retry_schedule")
	w.push("provider-secret", "d-1", `{"action":"opened","installation":{"id":1}}`)
	w.until("the attempt is handed in", func() bool { return len(w.log.lines(t, "attempt")) == 1 })
	scrape := func(url string) string {
		_, text := call(t, http.MethodGet, url+"/metrics", w.options.AdminKey)
		return text
	}
	w.until("the leader shows the endpoint that is owed something", func() bool {
		return strings.Contains(scrape(w.worker.HealthURL()), `synchook_delivery_oldest_pending_seconds{endpoint="end_`)
	})
	text := scrape(w.worker.HealthURL())
	for _, want := range []string{
		"\nsynchook_deliveries_pending 1\n", "\nsynchook_runs_queued 0\n", `synchook_queue_oldest_seconds{queue="runs"}`, `synchook_lane_oldest_untaken_seconds{lanes="deliveries"}`,
		"\nsynchook_redis_up 1\n", "synchook_redis_memory_used_bytes ", "synchook_script_slots 10\n", `synchook_delivery_attempts_total{outcome="retry"} 1`,
		`synchook_runs_total{state="succeeded",trigger="event"} 1`, "synchook_run_queued_seconds_count 1\n", "synchook_posts_in_flight 0\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the worker's metrics lack %q", want)
		}
	}
	if text := scrape(w.server.URL()); strings.Contains(text, "synchook_deliveries_pending") || !strings.Contains(text, "synchook_intake_duration_seconds_count{") {
		t.Errorf("the server does not lead: %s", text)
	}
}
