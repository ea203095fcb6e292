package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
)

// methods returns every method of every service of the contract, by the files' own descriptors.
func methods(t *testing.T) []protoreflect.MethodDescriptor {
	t.Helper()
	var all []protoreflect.MethodDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage("synchook.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			for j := range file.Services().Get(i).Methods().Len() {
				all = append(all, file.Services().Get(i).Methods().Get(j))
			}
		}
		return true
	})
	if len(all) < 30 {
		t.Fatalf("found %d methods only", len(all))
	}
	return all
}

func procedure(m protoreflect.MethodDescriptor) string {
	return "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
}

func newMessage(t *testing.T, d protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	typ, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return typ.New().Interface()
}

// answer is what came back for a call, as it went over the wire.
type answer struct {
	code       string // "ok" when there is no error
	message    string
	violations []string // the paths of the fields that are at fault
	problem    *v1.Problem
	body       []byte // of a good answer
}

// invoke calls a unary method with a binary message.
func (w *world) invoke(m protoreflect.MethodDescriptor, request proto.Message, key string) answer {
	w.t.Helper()
	raw, err := proto.Marshal(request)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.post(procedure(m), "application/proto", raw, key)
}

// json calls a unary method as curl does.
func (w *world) json(path, body, key string) answer {
	w.t.Helper()
	return w.post("/synchook.v1."+path, "application/json", []byte(body), key)
}

func (w *world) post(path, contentType string, body []byte, key string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	w.authorise(r, key)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if res.StatusCode == http.StatusOK {
		return answer{code: "ok", body: text}
	}
	return readError(w.t, text)
}

// authorise has a request come with a key, or with the session of a browser that is logged in with it.
func (w *world) authorise(r *http.Request, key string) {
	w.t.Helper()
	if key == "" {
		return
	}
	if w.sessions == nil || key == "sk_unknown" {
		r.Header.Set("Authorization", "Bearer "+key)
		return
	}
	if w.sessions[key] == nil {
		w.sessions[key] = w.session(key)
	}
	contentType := r.Header.Get("Content-Type")
	r.Header = browser(w.sessions[key])
	r.Header.Set("Content-Type", contentType)
}

// byKeyAndBySession runs a test for calls with a key, and for those of a browser that is logged in with it.
func byKeyAndBySession(t *testing.T, test func(*testing.T, *world)) {
	t.Helper()
	for name, sessions := range map[string]map[string]*http.Cookie{"by key": nil, "by session": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.sessions = sessions
			test(t, w)
		})
	}
}

func readError(t *testing.T, text []byte) answer {
	t.Helper()
	var shown struct {
		Code    string
		Message string
		Details []struct{ Type, Value string }
	}
	if err := json.Unmarshal(text, &shown); err != nil {
		t.Fatalf("the error %q is not JSON: %v", text, err)
	}
	a := answer{code: shown.Code, message: shown.Message}
	for _, d := range shown.Details {
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(d.Value, "="))
		if err != nil {
			t.Fatal(err)
		}
		switch d.Type {
		case "buf.validate.Violations":
			a.violations = append(a.violations, paths(t, raw)...)
		case "synchook.v1.Problem":
			a.problem = new(v1.Problem)
			if err := proto.Unmarshal(raw, a.problem); err != nil {
				t.Fatal(err)
			}
		}
	}
	return a
}

func paths(t *testing.T, raw []byte) []string {
	t.Helper()
	var list validate.Violations
	if err := proto.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range list.GetViolations() {
		if v.GetMessage() == "" {
			t.Errorf("the violation of %s says nothing", protovalidate.FieldPathString(v.GetField()))
		}
		out = append(out, protovalidate.FieldPathString(v.GetField()))
	}
	return out
}
