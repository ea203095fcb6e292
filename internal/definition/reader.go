package definition

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"

	"github.com/synchook/synchook/internal/script"
)

// reader reads one folder and collects what it finds and what is wrong.
type reader struct {
	folder   string
	file     string
	project  Project
	models   map[string]model
	returned map[returnedModel]place
	faults   []script.Fault
}

// entry is one key of a mapping, and its value.
type entry struct {
	name  string
	key   *yaml.Node
	value *yaml.Node
}

// read reads the text of nango.yaml.
func (r *reader) read(text []byte) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		r.faults = append(r.faults, syntaxFault(r.file, err))
		return
	}
	if len(document.Content) == 0 {
		r.faults = append(r.faults, script.Fault{File: r.file, Message: "it is empty; it needs `integrations` and `models`"})
		return
	}
	root := r.fields(document.Content[0], FileName, []string{"integrations", "models"})
	r.readModels(root["models"].value)
	r.readIntegrations(root["integrations"].value)
	if len(r.project.Integrations) == 0 && len(r.faults) == 0 {
		r.fault(document.Content[0], "it defines no integration; write `integrations`, an integration's name, and its syncs")
	}
}

// syntaxLine is how the parser says where it stopped. It knows no column.
var syntaxLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

func syntaxFault(file string, err error) script.Fault {
	found := syntaxLine.FindStringSubmatch(err.Error())
	if found == nil {
		return script.Fault{File: file, Message: err.Error()}
	}
	line, _ := strconv.Atoi(found[1])
	return script.Fault{File: file, Line: line, Column: 1, Message: "this is no valid YAML: " + found[2]}
}

// fault reports what is wrong at a node.
func (r *reader) fault(at *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, r.faultAt(at, format, args...))
}

// note tells what is no fault.
func (r *reader) note(at *yaml.Node, format string, args ...any) {
	r.project.Notes = append(r.project.Notes, r.faultAt(at, format, args...))
}

func (r *reader) faultAt(at *yaml.Node, format string, args ...any) script.Fault {
	return script.Fault{File: r.file, Line: at.Line, Column: at.Column, Message: fmt.Sprintf(format, args...)}
}

// entries returns the entries of a mapping in the order written. What says what the mapping is, for
// its faults. Nothing at all is a mapping without entries.
func (r *reader) entries(n *yaml.Node, what string) []entry {
	n = target(n)
	if isEmpty(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.fault(n, "%s must be a mapping of names to values", what)
		return nil
	}
	var list []entry
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		e := entry{name: n.Content[i].Value, key: n.Content[i], value: target(n.Content[i+1])}
		switch line := first[e.name]; {
		case e.key.Kind != yaml.ScalarNode:
			r.fault(e.key, "a name in %s must be plain text", what)
		case line > 0:
			r.fault(e.key, "%q is in %s twice; it is on line %d already", e.name, what, line)
		default:
			first[e.name] = e.key.Line
			list = append(list, e)
		}
	}
	return list
}

// fields returns the entries of a mapping by name. A name that is not known is a fault that says
// which known one is nearest.
func (r *reader) fields(n *yaml.Node, what string, known []string) map[string]entry {
	fields := map[string]entry{}
	for _, e := range r.entries(n, what) {
		if !slices.Contains(known, e.name) {
			r.fault(e.key, "%q is not understood in %s%s", e.name, what, suggestion(e.name, known))
			continue
		}
		fields[e.name] = e
	}
	return fields
}

// text returns the text of a scalar; empty for none.
func (r *reader) text(e entry) string {
	switch {
	case isEmpty(e.value):
		return ""
	case e.value.Kind != yaml.ScalarNode:
		r.fault(e.value, "%s must be plain text", e.name)
		return ""
	}
	return e.value.Value
}

// texts returns the scalars of a sequence, or the one scalar that stands in its place.
func (r *reader) texts(e entry) []*yaml.Node {
	if isEmpty(e.value) {
		return nil
	}
	nodes := []*yaml.Node{e.value}
	if e.value.Kind == yaml.SequenceNode {
		nodes = e.value.Content
	}
	var list []*yaml.Node
	for _, n := range nodes {
		if n = target(n); n.Kind == yaml.ScalarNode && n.Value != "" {
			list = append(list, n)
		} else {
			r.fault(n, "%s must be plain text or a list of it", e.name)
		}
	}
	return list
}

// boolean returns true or false, or what an absent field means.
func (r *reader) boolean(e entry, absent bool) bool {
	if e.value == nil {
		return absent
	}
	var b bool
	if err := e.value.Decode(&b); err != nil || e.value.Tag == "!!null" {
		r.fault(e.value, "%s must be true or false", e.name)
		return absent
	}
	return b
}

// isEmpty reports whether nothing was written: no field, no value, or a list without members.
func isEmpty(n *yaml.Node) bool {
	return n == nil || n.Tag == "!!null" || n.Kind == yaml.SequenceNode && len(n.Content) == 0
}

// target follows an alias to what it stands for.
func target(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
