package apidoc

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/pluginpb"

	_ "github.com/synchook/synchook/gen/synchook/v1" // registers the contract
)

// contract returns the files of the contract as the plugin gets them, without their comments.
func contract(t *testing.T) []*protogen.File {
	t.Helper()
	request := &pluginpb.CodeGeneratorRequest{}
	added := map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if added[f.Path()] {
			return
		}
		added[f.Path()] = true
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
		request.ProtoFile = append(request.ProtoFile, protodesc.ToFileDescriptorProto(f))
		if strings.HasPrefix(f.Path(), "synchook/") {
			request.FileToGenerate = append(request.FileToGenerate, f.Path())
		}
	}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(f.Path(), "synchook/") {
			add(f)
		}
		return true
	})
	plugin, err := protogen.Options{}.New(request)
	if err != nil {
		t.Fatal(err)
	}
	return plugin.Files
}

func TestThePageHasEveryMethodTypeAndField(t *testing.T) {
	t.Parallel()
	files := contract(t)
	page := Page(files)
	for _, f := range files {
		if !f.Generate {
			continue
		}
		for _, s := range f.Services {
			for _, m := range s.Methods {
				if !strings.Contains(page, "\n### "+string(m.Desc.Name())+"\n") {
					t.Errorf("the page has no section for %s", m.Desc.FullName())
				}
			}
		}
		for _, m := range f.Messages {
			for _, field := range m.Fields {
				if !strings.Contains(page, "| `"+string(field.Desc.Name())+"` | ") {
					t.Errorf("the page does not tell of %s", field.Desc.FullName())
				}
			}
		}
	}
}

func TestEveryLinkOfThePageLeadsToOneHeading(t *testing.T) {
	t.Parallel()
	page, headings := Page(contract(t)), map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		headings[anchor(m[1])]++
	}
	for _, m := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(page, -1) {
		if headings[m[1]] != 1 {
			t.Errorf("the link to #%s leads to %d headings", m[1], headings[m[1]])
		}
	}
}

// What is committed has the comments, and is as fresh as `make verify` proves it to be.
func TestNothingInTheCommittedPageLacksAComment(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "api.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|(?: [^|]+ \\|)?  \\|$").FindAllStringSubmatch(string(page), -1) {
		t.Errorf("%s has no comment", m[1])
	}
}

// field returns the contract's field of that name.
func field(t *testing.T, name string) protoreflect.FieldDescriptor {
	t.Helper()
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		t.Fatal(err)
	}
	f, ok := d.(protoreflect.FieldDescriptor)
	if !ok {
		t.Fatalf("%s is no field", name)
	}
	return f
}

func TestRulesAreSaidInWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"synchook.v1.CreateAPIKeyRequest.name":                "(required, at most 100 characters)",
		"synchook.v1.ListRecordsRequest.page_size":            "(0 to 10,000)",
		"synchook.v1.ListRecordsRequest.ids":                  "(at most 100 of them, each at most 255 bytes)",
		"synchook.v1.SyncDefinition.frequency":                "(0 s to 365 days)",
		"synchook.v1.CreateConnectionRequest.connection":      "(required)",
		"synchook.v1.Record.id":                               "",
		"synchook.v1.DeploySyncsRequest.provider_config_keys": "(required, at most 100 of them, each at most 100 characters)",
	} {
		if got := Rules(field(t, name)); got != want {
			t.Errorf("the rules of %s read %q, want %q", name, got, want)
		}
	}
}

func TestTypesAreSaidInWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"synchook.v1.ListRecordsRequest.delta":     "time",
		"synchook.v1.ListRecordsRequest.ids":       "list of string",
		"synchook.v1.ListRecordsRequest.filter":    "list of [RecordAction](#recordaction)",
		"synchook.v1.Record.payload":               "JSON object",
		"synchook.v1.IngestWebhookRequest.headers": "map of string to string",
		"synchook.v1.IngestWebhookRequest.body":    "bytes",
		"synchook.v1.SyncDefinition.frequency":     "span",
	} {
		if got := fieldType(field(t, name)); got != want {
			t.Errorf("the type of %s reads %q, want %q", name, got, want)
		}
	}
}

// OpenAPI leaves streams out.
func TestTheOpenAPIFileHasEveryUnaryMethod(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range contract(t) {
		for _, s := range f.Services {
			for _, m := range s.Methods {
				path := "\n  /" + string(s.Desc.FullName()) + "/" + string(m.Desc.Name()) + ":\n"
				if strings.Contains(string(file), path) == m.Desc.IsStreamingServer() {
					t.Errorf("docs/openapi.yaml has %s: %v", m.Desc.FullName(), m.Desc.IsStreamingServer())
				}
			}
		}
	}
}
