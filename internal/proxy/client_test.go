package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// api starts a server that answers with the handler.
func api(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// client returns a client that notes its waits instead of sleeping.
func client(waits *[]time.Duration) *Client {
	return &Client{
		Sleep: func(_ context.Context, d time.Duration) error {
			*waits = append(*waits, d)
			return nil
		},
		Random: func() float64 { return 0.5 },
	}
}

// echo answers with the request as the server saw it.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Seen", "yes")
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, "%s %s auth=%q key=%q type=%q body=%s", r.Method, r.URL, r.Header.Get("Authorization"),
		r.Header.Get("X-Api-Key"), r.Header.Get("Content-Type"), body)
}

func TestARequestCarriesWhatTheScriptAskedForAndTheCredentials(t *testing.T) {
	t.Parallel()
	base := api(t, echo)
	for _, test := range []struct {
		name        string
		credentials Credentials
		request     Request
		want        string
	}{
		{"nothing", Credentials{}, Request{Endpoint: "/a"}, `GET /a auth="" key="" type="" body=`},
		{"bearer", Bearer("tok"), Request{Endpoint: "a?x=1", Query: "?y=2"}, `GET /a?x=1&y=2 auth="Bearer tok" key="" type="" body=`},
		{"basic", Basic("u", "p"), Request{Method: "delete", Endpoint: "/a"}, `DELETE /a auth="Basic dTpw" key="" type="" body=`},
		{"header", Header("X-Api-Key", "k"), Request{Method: "POST", Endpoint: "/a", Body: []byte(`{}`), Header: map[string]string{"content-type": "application/json"}},
			`POST /a auth="" key="k" type="application/json" body={}`},
		{"the script's own header stays", Bearer("tok"), Request{Endpoint: "/a", Header: map[string]string{"authorization": "mine"}}, `GET /a auth="mine" key="" type="" body=`},
		{"absolute on the same origin", Bearer("tok"), Request{Endpoint: base + "/b"}, `GET /b auth="Bearer tok" key="" type="" body=`},
		{"override on the same origin", Bearer("tok"), Request{Endpoint: "/b", BaseURLOverride: base + "/v2/"}, `GET /v2/b auth="Bearer tok" key="" type="" body=`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			res, err := new(Client).Do(t.Context(), Target{BaseURL: base, Credentials: test.credentials}, test.request)
			if err != nil {
				t.Fatal(err)
			}
			if string(res.Body) != test.want {
				t.Errorf("got  %s\nwant %s", res.Body, test.want)
			}
			sent := test.credentials != Credentials{} && !strings.Contains(test.want, "mine")
			if res.Status != 201 || res.StatusText != "Created" || res.Header["x-seen"] != "yes" || res.Attempts != 1 || res.Authorized != sent {
				t.Errorf("response is %+v", res)
			}
		})
	}
}

func TestCredentialsNeverLeaveTheirOrigin(t *testing.T) {
	t.Parallel()
	other := api(t, echo)
	var home string
	home = api(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other+"/x", http.StatusFound)
		case "/near":
			http.Redirect(w, r, home+"/here", http.StatusTemporaryRedirect)
		default:
			echo(w, r)
		}
	})
	for _, test := range []struct {
		name    string
		request Request
		status  int
		auth    bool
	}{
		{"a redirect within the origin is followed", Request{Endpoint: "/near"}, 201, true},
		{"a redirect elsewhere is handed back", Request{Endpoint: "/away"}, 302, false},
		{"a redirect of a POST is handed back", Request{Method: "POST", Endpoint: "/near", Body: []byte("x")}, 307, false},
		{"an override elsewhere goes without", Request{Endpoint: "/x", BaseURLOverride: other}, 201, false},
		{"an absolute endpoint elsewhere goes without", Request{Endpoint: other + "/x"}, 201, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			res, err := new(Client).Do(t.Context(), Target{BaseURL: home, Credentials: Bearer("secret")}, test.request)
			if err != nil {
				t.Fatal(err)
			}
			if res.Status != test.status || strings.Contains(string(res.Body), "secret") != test.auth {
				t.Errorf("status %d, body %s", res.Status, res.Body)
			}
		})
	}
}

func TestRequestsAreRetriedUntilTheyAnswerOrAttemptsRunOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		statuses []int
		request  Request
		want     int
		waits    []time.Duration
	}{
		{"no retries", []int{500}, Request{}, 500, nil},
		{"5xx, then success", []int{500, 503, 200}, Request{Retries: 5}, 200, []time.Duration{time.Second, 2 * time.Second}},
		{"429 names its delay", []int{429, 200}, Request{Retries: 1, RetryHeader: RetryHeader{After: "x-after"}}, 200, []time.Duration{7 * time.Second}},
		{"attempts run out", []int{500, 500, 500}, Request{Retries: 1}, 500, []time.Duration{time.Second}},
		{"404 is final", []int{404, 200}, Request{Retries: 3}, 404, nil},
		{"unless listed", []int{404, 200}, Request{Retries: 3, RetryOn: []int{404}}, 200, []time.Duration{time.Second}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			base := api(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-After", "7")
				w.WriteHeader(test.statuses[calls])
				calls++
			})
			var waits []time.Duration
			res, err := client(&waits).Do(t.Context(), Target{BaseURL: base}, test.request)
			if err != nil {
				t.Fatal(err)
			}
			if res.Status != test.want || res.Attempts != calls || !slices.Equal(waits, test.waits) {
				t.Errorf("status %d after %d attempts (%d seen), waits %v; want %d, %v", res.Status, res.Attempts, calls, waits, test.want, test.waits)
			}
		})
	}
}

func TestANetworkErrorIsRetriedAndNamesNoSecret(t *testing.T) {
	t.Parallel()
	broken := roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset") })
	var waits []time.Duration
	c := client(&waits)
	c.Transport = broken
	_, err := c.Do(t.Context(), Target{BaseURL: "https://api.example", Credentials: Bearer("tok-secret")},
		Request{Endpoint: "/a?api_key=query-secret", Retries: 2})
	want := "GET https://api.example/a failed: connection reset (after 3 attempts)"
	if err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
	if len(waits) != 2 {
		t.Errorf("waited %v, want twice", waits)
	}
}

func TestAWaitThatOutlastsTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	base := api(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var waits []time.Duration
	res, err := client(&waits).Do(ctx, Target{BaseURL: base}, Request{Retries: 3})
	if err != nil || res.Status != 429 || len(waits) != 0 {
		t.Errorf("got %d, %v, waits %v", res.Status, err, waits)
	}
}

func TestAResponseOverTheBoundIsAnErrorAndNotRetried(t *testing.T) {
	t.Parallel()
	calls := 0
	base := api(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		fmt.Fprint(w, strings.Repeat("x", 11))
	})
	c := &Client{MaxResponseBytes: 10}
	if _, err := c.Do(t.Context(), Target{BaseURL: base}, Request{Retries: 3}); !errors.Is(err, ErrTooLarge) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

// Its body never comes: who waited for it would wait for the timeout.
func TestAResponseThatSaysThatItIsTooLargeIsNotRead(t *testing.T) {
	t.Parallel()
	base := api(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "11")
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	c := &Client{MaxResponseBytes: 10}
	if _, err := c.Do(t.Context(), Target{BaseURL: base}, Request{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestAnAttemptTimeoutCoversTheBody(t *testing.T) {
	t.Parallel()
	base := api(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	c := &Client{AttemptTimeout: 20 * time.Millisecond}
	if _, err := c.Do(t.Context(), Target{BaseURL: base}, Request{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
}

func TestCredentialsPrintAsTheirKind(t *testing.T) {
	t.Parallel()
	for _, c := range []Credentials{Bearer("hush"), Basic("hush", "hush"), Header("X-Key", "hush")} {
		for _, s := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", Target{Credentials: c}), fmt.Sprintf("%#v", c), c.LogValue().String()} {
			if strings.Contains(s, "hush") || !strings.Contains(s, string(c.Kind())) {
				t.Errorf("%s credentials print as %s", c.Kind(), s)
			}
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
