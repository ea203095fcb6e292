package synchookclient_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"sync"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// recorder is a server that keeps the requests and answers each with 501.
type recorder struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.requests = append(r.requests, req)
		w.WriteHeader(http.StatusNotImplemented)
	}))
	t.Cleanup(r.Close)
	return r
}

// paths returns where the requests went, sorted.
func (r *recorder) paths() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var paths []string
	for _, req := range r.requests {
		paths = append(paths, req.URL.Path)
	}
	slices.Sort(paths)
	return paths
}

// headers returns the distinct values of a header in the requests; "" stands for its absence.
func (r *recorder) headers(name string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var values []string
	for _, req := range r.requests {
		values = append(values, req.Header.Get(name))
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// contractPaths returns the path of each method of each service of the contract, sorted.
func contractPaths() []string {
	var paths []string
	pkg := synchookv1.File_synchook_v1_project_proto.Package()
	protoregistry.GlobalFiles.RangeFilesByPackage(pkg, func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				paths = append(paths, "/"+string(service.FullName())+"/"+string(service.Methods().Get(j).Name()))
			}
		}
		return true
	})
	slices.Sort(paths)
	return paths
}

// callEverything calls each method of each field of the client with an empty request.
func callEverything(ctx context.Context, client *synchookclient.Client) {
	fields := reflect.ValueOf(client).Elem()
	for i := range fields.NumField() {
		service := fields.Field(i)
		for j := range service.NumMethod() {
			method := service.Method(j)
			request := reflect.New(method.Type().In(1).Elem())
			method.Call([]reflect.Value{reflect.ValueOf(ctx), request})
		}
	}
}

func TestClientOffersEveryMethodOfTheContract(t *testing.T) {
	t.Parallel()
	server := newRecorder(t)
	callEverything(t.Context(), synchookclient.New(server.URL, "sk_1"))
	if got, want := server.paths(), contractPaths(); !slices.Equal(got, want) {
		t.Errorf("called %q, want %q", got, want)
	}
}

func TestEveryCallSaysWhoCalls(t *testing.T) {
	t.Parallel()
	server := newRecorder(t)
	callEverything(t.Context(), synchookclient.New(server.URL, "adm", synchookclient.WithProject("prj_1")))
	if got, want := server.headers("authorization"), []string{"Bearer adm"}; !slices.Equal(got, want) {
		t.Errorf("authorization was %q, want %q", got, want)
	}
	if got, want := server.headers("synchook-project"), []string{"prj_1"}; !slices.Equal(got, want) {
		t.Errorf("synchook-project was %q, want %q", got, want)
	}
}

func TestNoProjectIsNamedUnlessTold(t *testing.T) {
	t.Parallel()
	server := newRecorder(t)
	callEverything(t.Context(), synchookclient.New(server.URL, "sk_1"))
	if got, want := server.headers("synchook-project"), []string{""}; !slices.Equal(got, want) {
		t.Errorf("synchook-project was %q, want none", got)
	}
}

// fakeHTTPClient is a [connect.HTTPClient] that counts.
type fakeHTTPClient struct {
	calls int
	do    func(*http.Request) (*http.Response, error)
}

func (f *fakeHTTPClient) Do(req *http.Request) (*http.Response, error) {
	f.calls++
	return f.do(req)
}

func TestRequestsAreMadeWithTheGivenHTTPClient(t *testing.T) {
	t.Parallel()
	server := newRecorder(t)
	counting := &fakeHTTPClient{do: server.Client().Do}
	callEverything(t.Context(), synchookclient.New(server.URL, "sk_1", synchookclient.WithHTTPClient(counting)))
	if got, want := counting.calls, len(contractPaths()); got != want {
		t.Errorf("the HTTP client made %d requests, want %d", got, want)
	}
}
