package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/server"
)

// browser is what a page of the server's own sends with each request.
func browser(cookies ...*http.Cookie) http.Header {
	h := http.Header{"Synchook-Session": {"1"}, "Sec-Fetch-Site": {"same-origin"}, "Content-Type": {"application/json"}}
	for _, c := range cookies {
		h.Add("Cookie", c.Name+"="+c.Value)
	}
	return h
}

// logIn posts a key as the log-in page does.
func (w *world) logIn(key string) received {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"key": key})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.send(http.MethodPost, "/session", browser(), strings.NewReader(string(body)))
}

// session logs in and returns the cookie.
func (w *world) session(key string) *http.Cookie {
	w.t.Helper()
	got := w.logIn(key)
	if got.status != http.StatusOK {
		w.t.Fatalf("logging in: %d %s", got.status, got.text)
	}
	return cookieOf(w.t, got)
}

func cookieOf(t *testing.T, got received) *http.Cookie {
	t.Helper()
	c, err := http.ParseSetCookie(got.header.Get("Set-Cookie"))
	if err != nil {
		t.Fatalf("%q: %v", got.header.Get("Set-Cookie"), err)
	}
	return c
}

func (w *world) rpc(method string, h http.Header) received {
	w.t.Helper()
	return w.send(http.MethodPost, "/synchook.v1."+method, h, strings.NewReader("{}"))
}

func TestASessionsCookieIsClosedToScriptsAndOtherSites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.session(w.key)
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.Secure || c.Name != "synchook" {
		t.Errorf("over http: %+v", c)
	}
	if strings.Contains(c.Value, w.key) || strings.Contains(c.Value, w.key[3:]) {
		t.Error("the cookie holds the key as it is")
	}
	public := newWorld(t, func(o *server.Options) { o.PublicURL = "https://hooks.example.com" })
	if c := public.session(public.key); !c.Secure || c.Name != "__Host-synchook" {
		t.Errorf("over https: %+v", c)
	}
}

func TestASessionMayWhatItsKeyMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reader := browser(w.session(w.keyWith(v1.Scope_SCOPE_READ)))
	if got := w.rpc("ProjectService/GetProject", reader); got.status != http.StatusOK || !strings.Contains(got.text, string(w.project)) {
		t.Errorf("a read: %d %s", got.status, got.text)
	}
	if got := w.rpc("ProjectService/RotateSigningSecret", reader); got.status != http.StatusForbidden || !strings.Contains(got.text, "scope") {
		t.Errorf("a change: %d %s", got.status, got.text)
	}
	if got := w.rpc("ProjectService/ListProjects", reader); got.status != http.StatusForbidden {
		t.Errorf("the admin's list: %d %s", got.status, got.text)
	}
	other, _, _ := w.newProject()
	reader.Set("Synchook-Project", string(other))
	if got := w.rpc("ProjectService/GetProject", reader); got.status != http.StatusForbidden || !strings.Contains(got.text, "project") {
		t.Errorf("another project: %d %s", got.status, got.text)
	}
}

func TestAProjectsSessionOpensNoPageOfTheAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := browser(w.session(w.key))
	for _, path := range []string{"/queues/", "/queues/api/queues", "/queues/api/redis_info", "/metrics"} {
		if got := w.send(http.MethodGet, path, h, nil); got.status != http.StatusUnauthorized && got.status != http.StatusNotFound {
			t.Errorf("%s answers %d: %.200s", path, got.status, got.text)
		}
	}
}

func TestAnAdminsSessionNamesItsProjectAtEachRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := browser(w.session(adminKey))
	if got := w.rpc("ProjectService/ListProjects", h); got.status != http.StatusOK || !strings.Contains(got.text, string(w.project)) {
		t.Errorf("projects: %d %s", got.status, got.text)
	}
	if got := w.rpc("ProjectService/GetProject", h); got.status != http.StatusBadRequest {
		t.Errorf("without a project: %d %s", got.status, got.text)
	}
	h.Set("Synchook-Project", string(w.project))
	if got := w.rpc("ProjectService/GetProject", h); got.status != http.StatusOK {
		t.Errorf("with one: %d %s", got.status, got.text)
	}
}

// A cookie comes by itself with what other pages make a browser send; nothing but the server's own pages may use it.
func TestACookieAloneAuthorisesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.session(w.key)
	for name, change := range map[string]func(http.Header){
		"without the header": func(h http.Header) { h.Del("Synchook-Session") },
		"of another site":    func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") },
		"of a neighbour":     func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") },
		"of another origin":  func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Set("Origin", "https://evil.example") },
		"of no origin":       func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Set("Origin", "null") },
	} {
		h := browser(c)
		change(h)
		if got := w.rpc("ProjectService/GetProject", h); got.status != http.StatusForbidden || !strings.Contains(got.text, "session_from_elsewhere") {
			t.Errorf("an RPC %s: %d %s", name, got.status, got.text)
		}
		query := "?connect=v1&encoding=json&message=%7B%7D"
		if got := w.send(http.MethodGet, "/synchook.v1.ProjectService/GetProject"+query, h, http.NoBody); got.status != http.StatusForbidden {
			t.Errorf("an RPC by GET %s: %d %s", name, got.status, got.text)
		}
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			got := w.send(method, "/session", h, strings.NewReader(`{"key":"`+w.key+`"}`))
			if got.status != http.StatusForbidden || got.header.Get("Set-Cookie") != "" {
				t.Errorf("%s /session %s: %d %s", method, name, got.status, got.text)
			}
		}
	}
	own := browser(c)
	own.Del("Sec-Fetch-Site") // as browsers do over http
	own.Set("Origin", w.url)
	if got := w.rpc("ProjectService/GetProject", own); got.status != http.StatusOK {
		t.Errorf("the server's own page: %d %s", got.status, got.text)
	}
}

func TestASessionEndsWithItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, err := w.client.APIKeys.CreateAPIKey(t.Context(), &v1.CreateAPIKeyRequest{Name: "mine", Scopes: []v1.Scope{v1.Scope_SCOPE_READ}})
	if err != nil {
		t.Fatal(err)
	}
	h := browser(w.session(made.GetSecret()))
	if _, err := w.client.APIKeys.RevokeAPIKey(t.Context(), &v1.RevokeAPIKeyRequest{Id: made.GetApiKey().GetId()}); err != nil {
		t.Fatal(err)
	}
	if got := w.rpc("ProjectService/GetProject", h); got.status != http.StatusUnauthorized {
		t.Errorf("an RPC: %d %s", got.status, got.text)
	}
	got := w.send(http.MethodGet, "/session", h, http.NoBody)
	if got.status != http.StatusOK || !strings.Contains(got.text, `"signed_in":false,"ended":"unknown_api_key"`) || cookieOf(t, got).MaxAge >= 0 {
		t.Errorf("the session: %d %s, %s", got.status, got.text, got.header.Get("Set-Cookie"))
	}
}

func TestASessionIsOverAfterAWeek(t *testing.T) {
	t.Parallel()
	var later atomic.Int64
	w := newWorld(t, func(o *server.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	h := browser(w.session(w.key))
	later.Store(int64(7*24*time.Hour - time.Minute))
	if got := w.rpc("ProjectService/GetProject", h); got.status != http.StatusOK {
		t.Errorf("before: %d %s", got.status, got.text)
	}
	later.Store(int64(7*24*time.Hour + time.Minute))
	if got := w.rpc("ProjectService/GetProject", h); got.status != http.StatusUnauthorized || !strings.Contains(got.text, "session_expired") {
		t.Errorf("after: %d %s", got.status, got.text)
	}
}

func TestASessionOutlivesTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := browser(w.session(w.key))
	w.server = w.newServer()
	w.serve()
	if got := w.rpc("ProjectService/GetProject", h); got.status != http.StatusOK {
		t.Errorf("on another server: %d %s", got.status, got.text)
	}
}

func TestACookieThatWasChangedIsNoSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.session(w.key)
	for _, value := range []string{"x", w.key, c.Value[:len(c.Value)-4] + "AAAA", strings.Replace(c.Value, ".", "x.", 1)} {
		if got := w.rpc("ProjectService/GetProject", browser(&http.Cookie{Name: c.Name, Value: value})); got.status != http.StatusUnauthorized {
			t.Errorf("%q: %d %s", value, got.status, got.text)
		}
	}
}

func TestLoggingOutForgetsTheCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.send(http.MethodDelete, "/session", browser(w.session(w.key)), http.NoBody)
	if c := cookieOf(t, got); got.status != http.StatusNoContent || c.MaxAge >= 0 || c.Value != "" {
		t.Errorf("%d, %+v", got.status, c)
	}
	if got := w.send(http.MethodGet, "/session", browser(), http.NoBody); got.status != http.StatusOK || !strings.Contains(got.text, `{"signed_in":false}`) {
		t.Errorf("afterwards: %d %s", got.status, got.text)
	}
}

func TestAGoodKeyIsShownAsWhatItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := fmt.Sprintf(`"project":%q`, w.project)
	if got := w.logIn(" " + w.key + "\n"); got.status != http.StatusOK || !strings.Contains(got.text, want) || strings.Contains(got.text, "admin") {
		t.Errorf("a project's key, pasted with blanks: %d %s", got.status, got.text)
	}
	if got := w.logIn(adminKey); got.status != http.StatusOK || !strings.Contains(got.text, `"admin":true`) {
		t.Errorf("the admin key: %d %s", got.status, got.text)
	}
	for _, body := range []string{"", "[]", "{", `{"key":1}`, `{"key":"` + strings.Repeat("x", 5000) + `"}`} {
		if got := w.send(http.MethodPost, "/session", browser(), strings.NewReader(body)); got.status != http.StatusBadRequest {
			t.Errorf("%.20q: %d %s", body, got.status, got.text)
		}
	}
}

func TestWhoGuessesKeysMustWait(t *testing.T) {
	t.Parallel()
	var later atomic.Int64
	started := time.Now()
	w := newWorld(t, func(o *server.Options) { o.Now = func() time.Time { return started.Add(time.Duration(later.Load())) } })
	for i := range 10 {
		if got := w.logIn("sk_guess"); got.status != http.StatusUnauthorized {
			t.Fatalf("guess %d: %d %s", i, got.status, got.text)
		}
	}
	if got := w.logIn(w.key); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
		t.Errorf("the eleventh: %d %s", got.status, got.text)
	}
	later.Store(int64(10 * time.Second))
	if got := w.logIn(w.key); got.status != http.StatusOK {
		t.Errorf("ten seconds later: %d %s", got.status, got.text)
	}
	for range 20 { // what succeeds is not counted
		if got := w.logIn(w.key); got.status != http.StatusOK {
			t.Fatalf("a good key: %d %s", got.status, got.text)
		}
	}
}
