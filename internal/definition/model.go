package definition

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// model is a kind of records, as far as it is checked here: the types of its fields are the script's
// own matter.
type model struct {
	key     *yaml.Node
	fields  []string
	extends []string
}

// returnedModel is a model of an integration, which one sync keeps.
type returnedModel struct{ integration, model string }

// place is where something was said first.
type place struct {
	sync string
	line int
}

// modelName is what a model may be called: it is a type's name in TypeScript.
var modelName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,99}$`)

// readModels reads the names and fields of the models.
func (r *reader) readModels(n *yaml.Node) {
	r.models = map[string]model{}
	for _, e := range r.entries(n, "models") {
		if !modelName.MatchString(e.name) {
			r.fault(e.key, "%q cannot be a model's name; write letters, digits and _", e.name)
		}
		m := model{key: e.key}
		for _, field := range r.entries(e.value, "model "+e.name) {
			if field.name == "__extends" {
				m.extends = strings.FieldsFunc(r.text(field), func(c rune) bool { return c == ',' || c == ' ' })
			} else {
				m.fields = append(m.fields, strings.TrimSuffix(field.name, "?"))
			}
		}
		r.models[e.name] = m
	}
	r.checkExtends()
}

func (r *reader) checkExtends() {
	for _, m := range r.models {
		for _, base := range m.extends {
			if _, ok := r.models[base]; !ok {
				r.fault(m.key, "it extends %q, which is not among the models%s", base, suggestion(base, r.modelNames()))
			}
		}
	}
}

// hasID reports whether the model, or one that it extends, has the field by which records are told
// apart. Seen holds the models that were looked at, so that a circle ends.
func (r *reader) hasID(name string, seen map[string]bool) bool {
	if seen[name] {
		return false
	}
	seen[name] = true
	m := r.models[name]
	return slices.Contains(m.fields, "id") ||
		slices.ContainsFunc(m.extends, func(base string) bool { return r.hasID(base, seen) })
}

func (r *reader) modelNames() []string { return slices.Sorted(maps.Keys(r.models)) }

// returns reads which models a sync returns, and keeps that no other sync of its integration may.
func (r *reader) returns(s Sync, field entry) []string {
	var names []string
	for _, n := range r.texts(field) {
		name := n.Value
		m, known := r.models[name]
		first, taken := r.returned[returnedModel{s.Integration, name}]
		switch {
		case !known:
			r.fault(n, "%q is not among the models%s", name, suggestion(name, r.modelNames()))
		case taken:
			r.fault(n, "model %s is returned by sync %s already, on line %d; a model belongs to one sync of an integration", name, first.sync, first.line)
		case !r.hasID(name, map[string]bool{}):
			r.fault(m.key, "model %s has no field `id`, which tells its records apart; sync %s returns it", name, s.Name)
		default:
			r.returned[returnedModel{s.Integration, name}] = place{sync: s.Name, line: n.Line}
			names = append(names, name)
		}
	}
	return names
}
