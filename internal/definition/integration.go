package definition

import (
	"regexp"

	"gopkg.in/yaml.v3"
)

// syncName is what a sync and an integration may be called. It keeps slashes out of the scripts' paths.
var syncName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// integrationFields are those of the second layout. All but syncs are read by others than us.
var integrationFields = []string{"provider", "syncs", "actions", "on-events", "post-connection-scripts"}

// readIntegrations reads the syncs of each integration in the layout that it is written in.
func (r *reader) readIntegrations(n *yaml.Node) {
	for _, e := range r.entries(n, "integrations") {
		if !syncName.MatchString(e.name) {
			r.fault(e.key, "%q cannot be an integration's name; write letters, digits, ., _ and -", e.name)
			continue
		}
		r.project.Integrations = append(r.project.Integrations, e.name)
		if isSecondLayout(e.value) {
			r.readSecondLayout(e)
			continue
		}
		for _, sync := range r.entries(e.value, "integration "+e.name) {
			r.readSync(e.name, sync, firstLayout)
		}
	}
}

// isSecondLayout reports whether an integration holds its syncs under a field of that name. A first
// layout has only syncs, which are mappings with fields of their own.
func isSecondLayout(n *yaml.Node) bool {
	if n == nil || n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch n.Content[i].Value {
		case "syncs", "actions":
			return true
		case "provider":
			return target(n.Content[i+1]).Kind == yaml.ScalarNode
		}
	}
	return false
}

func (r *reader) readSecondLayout(integration entry) {
	fields := r.fields(integration.value, "integration "+integration.name, integrationFields)
	for _, sync := range r.entries(fields["syncs"].value, "syncs") {
		r.readSync(integration.name, sync, secondLayout)
	}
	for _, action := range r.entries(fields["actions"].value, "actions") {
		r.noteAction(action)
	}
	for _, name := range []string{"on-events", "post-connection-scripts"} {
		if e, ok := fields[name]; ok {
			r.note(e.key, "%s is left out: synchook runs syncs", name)
		}
	}
}

func (r *reader) noteAction(e entry) {
	r.note(e.key, "action %s is left out: synchook runs syncs", e.name)
}
