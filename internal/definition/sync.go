package definition

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/synchook"
)

// layout says how the fields of a sync are named.
type layout struct {
	// returns is the field that lists the models.
	returns string
	// fields are all that are understood. Those that are never read change nothing here: a folder
	// that was written for Nango has them.
	fields []string
}

var (
	firstLayout = layout{returns: "returns", fields: []string{
		"runs", "returns", "type", "track_deletes", "auto_start", "attributes", "webhook-subscriptions", "description",
	}}
	secondLayout = layout{returns: "output", fields: []string{
		"runs", "output", "sync_type", "track_deletes", "auto_start", "attributes", "webhook-subscriptions", "description",
		"endpoint", "scopes", "version", "input",
	}}
)

// readSync reads one sync and its script.
func (r *reader) readSync(integration string, e entry, l layout) {
	if !syncName.MatchString(e.name) {
		r.fault(e.key, "%q cannot be a sync's name; write letters, digits, ., _ and -", e.name)
		return
	}
	fields := r.fields(e.value, "sync "+e.name, l.fields)
	if !isEmpty(e.value) && e.value.Kind != yaml.MappingNode {
		return
	}
	if r.choice(fields["type"], "sync", "action") == "action" {
		r.noteAction(e)
		return
	}
	r.choice(fields["sync_type"], "full", "incremental")
	s := Sync{Integration: integration, Name: e.name}
	s.Models = r.returns(s, fields[l.returns])
	s.Subscriptions = r.subscriptions(fields["webhook-subscriptions"])
	s.Frequency = r.frequency(fields["runs"])
	s.TrackDeletes = r.boolean(fields["track_deletes"], false)
	s.AutoStart = r.boolean(fields["auto_start"], true)
	s.Description = r.text(fields["description"])
	r.requireFields(e, fields, l)
	r.bundle(&s, e.key)
	r.project.Syncs = append(r.project.Syncs, s)
}

// requireFields reports what a sync must say and does not.
func (r *reader) requireFields(e entry, fields map[string]entry, l layout) {
	if isEmpty(fields[l.returns].value) {
		r.fault(e.key, "sync %s does not say which models it returns; write `%s`", e.name, l.returns)
	}
	if isEmpty(fields["runs"].value) && isEmpty(fields["webhook-subscriptions"].value) {
		r.fault(e.key, "sync %s does not say when it runs; write `runs`, such as \"every 30min\", or `webhook-subscriptions`", e.name)
	}
}

// choice returns the text of a field that must be one of a few words.
func (r *reader) choice(e entry, words ...string) string {
	text := r.text(e)
	if text != "" && !slices.Contains(words, text) {
		r.fault(e.value, "%s cannot be %q%s", e.name, text, suggestion(text, words))
	}
	return text
}

// frequency returns how often the sync runs by itself.
func (r *reader) frequency(e entry) time.Duration {
	d, err := synchook.ParseFrequency(r.text(e))
	if err != nil {
		r.fault(e.value, "%s", err)
	}
	return d
}

// subscriptions returns the event types without repetitions.
func (r *reader) subscriptions(e entry) []string {
	var types []string
	for _, n := range r.texts(e) {
		if !slices.Contains(types, n.Value) {
			types = append(types, n.Value)
		}
	}
	return types
}

// bundle finds the sync's script and bundles it.
func (r *reader) bundle(s *Sync, at *yaml.Node) {
	path, found := r.scriptPath(*s)
	if !found {
		r.fault(at, "sync %s has no script; write %s", s.Name, path)
		return
	}
	bundled, faults := script.Bundle(path)
	if len(faults) > 0 {
		r.faults = append(r.faults, faults...)
		return
	}
	if missing := missingExport(*s, bundled.Exports); missing != "" {
		r.faults = append(r.faults, script.Fault{File: path, Line: 1, Column: 1, Message: missing})
	}
	s.Code, s.SourceMap = bundled.Code, bundled.SourceMap
}

// scriptPath returns where the script is, or the first place where it could be.
func (r *reader) scriptPath(s Sync) (string, bool) {
	flat := filepath.Join(r.folder, s.Name+".ts")
	for _, path := range []string{flat, filepath.Join(r.folder, s.Integration, "syncs", s.Name+".ts")} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, true
		}
	}
	return flat, false
}

// missingExport judges whether a script exports what will be called, and says what is missing.
func missingExport(s Sync, exports []string) string {
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(exports, name) })
	}
	switch {
	case has("default"):
		return ""
	case s.Frequency > 0 || len(s.Subscriptions) == 0:
		return "it has no default export, which scheduled and manual runs call; write `export default async function fetchData(nango) {...}`"
	case has("onWebhookPayloadReceived", "onWebhook"):
		return ""
	}
	return "it has no export that a webhook could call; write `export async function onWebhookPayloadReceived(nango, payload) {...}`"
}
