package apidoc

import (
	_ "embed"
	"fmt"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// intro stands before what is generated.
//
//go:embed intro.md
var intro string

// Page returns the page about all services in the files that were asked for, in their order.
func Page(files []*protogen.File) string {
	var p page
	p.WriteString(intro + "\n")
	p.contents(files)
	for _, f := range files {
		if f.Generate {
			p.file(f)
		}
	}
	return strings.TrimRight(p.String(), "\n") + "\n"
}

// page is Markdown in the making.
type page struct{ strings.Builder }

func (p *page) printf(format string, values ...any) { fmt.Fprintf(p, format, values...) }

func (p *page) contents(files []*protogen.File) {
	p.printf("| service | methods |\n|---|---|\n")
	for _, f := range files {
		for _, s := range f.Services {
			var methods []string
			for _, m := range s.Methods {
				methods = append(methods, fmt.Sprintf("[%s](#%s)", m.Desc.Name(), anchor(m.Desc.Name())))
			}
			p.printf("| [%s](#%s) | %s |\n", s.Desc.Name(), anchor(s.Desc.Name()), strings.Join(methods, ", "))
		}
	}
	p.printf("\n")
}

// file writes the services of a file, and the types that they speak of. The messages of a method's request and
// answer stand with it, where it alone has them.
func (p *page) file(f *protogen.File) {
	inline := inlined(f)
	for _, s := range f.Services {
		p.printf("## %s\n\n%s\n\n", s.Desc.Name(), text(s.Comments.Leading))
		for _, m := range s.Methods {
			p.method(m, inline)
		}
	}
	if len(f.Services) == 0 {
		p.printf("## Shared types\n\n")
	}
	for _, m := range f.Messages {
		if !inline[m] {
			p.message(m)
		}
	}
	for _, e := range f.Enums {
		p.enum(e)
	}
}

// inlined returns the messages that only one method names, as its request or its answer.
func inlined(f *protogen.File) map[*protogen.Message]bool {
	inline := map[*protogen.Message]bool{}
	for _, s := range f.Services {
		for _, m := range s.Methods {
			inline[m.Input] = true
			inline[m.Output] = strings.HasSuffix(string(m.Output.Desc.Name()), "Response")
		}
	}
	return inline
}

func (p *page) method(m *protogen.Method, inline map[*protogen.Message]bool) {
	p.printf("### %s\n\n%s\n\n`%s /%s/%s`%s\n\n", m.Desc.Name(), text(m.Comments.Leading),
		verbs(m), m.Parent.Desc.FullName(), m.Desc.Name(), streams(m))
	p.printf("Request:")
	p.fields(m.Input, "it has no fields.")
	if !inline[m.Output] {
		p.printf("Answer: %s.\n\n", typeLink(m.Output.Desc))
		return
	}
	p.printf("Answer:")
	p.fields(m.Output, "it is empty.")
	p.inner(m.Output)
}

func verbs(m *protogen.Method) string {
	options, ok := m.Desc.Options().(*descriptorpb.MethodOptions)
	if ok && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
		return "POST or GET"
	}
	return "POST"
}

func streams(m *protogen.Method) string {
	if m.Desc.IsStreamingServer() {
		return ", a stream of answers"
	}
	return ""
}

func (p *page) message(m *protogen.Message) {
	p.printf("### %s\n\n%s", name(m.Desc), text(m.Comments.Leading))
	p.fields(m, "It has no fields.")
	p.inner(m)
}

// inner writes the messages that are declared in one.
func (p *page) inner(m *protogen.Message) {
	for _, one := range m.Messages {
		if !one.Desc.IsMapEntry() {
			p.message(one)
		}
	}
}

func (p *page) fields(m *protogen.Message, none string) {
	if len(m.Fields) == 0 {
		p.printf(" %s\n\n", none)
		return
	}
	p.printf("\n\n| field | type | what it is |\n|---|---|---|\n")
	for _, f := range m.Fields {
		p.printf("| `%s` | %s | %s |\n", f.Desc.Name(), fieldType(f.Desc), cell(strings.TrimSpace(text(f.Comments.Leading)+" "+Rules(f.Desc))))
	}
	p.printf("\n")
}

func (p *page) enum(e *protogen.Enum) {
	p.printf("### %s\n\n%s\n\n| value | what it is |\n|---|---|\n", e.Desc.Name(), text(e.Comments.Leading))
	for _, v := range e.Values {
		p.printf("| `%s` | %s |\n", v.Desc.Name(), cell(text(v.Comments.Leading)))
	}
	p.printf("\n")
}

// text is a comment as one paragraph. An angle bracket in it is no HTML.
func text(c protogen.Comments) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(string(c)), " "), "<", `\<`)
}

// cell is text that may stand in a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// name is a message's name, with that of the message it is declared in.
func name(d protoreflect.Descriptor) string {
	if outer, ok := d.Parent().(protoreflect.MessageDescriptor); ok {
		return name(outer) + "." + string(d.Name())
	}
	return string(d.Name())
}

// anchor is the fragment of a heading.
func anchor[S ~string](heading S) string {
	return strings.ToLower(strings.ReplaceAll(string(heading), ".", ""))
}
