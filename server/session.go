package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// sessionStore seals what a session's cookie holds.
type sessionStore interface {
	SealSession(text string) string
	OpenSession(sealed string) (string, error)
}

const (
	sessionPath = "/session"
	sessionLife = 7 * 24 * time.Hour
	// sessionHeader must be on each request that a session makes. A page of another origin cannot send it without
	// asking first, and nobody answers that it may.
	sessionHeader = "Synchook-Session"
	readSession   = 4 << 10
)

// sessions are the log-ins of browsers. A session is a cookie that scripts cannot read and that holds an API key, or
// the admin key, sealed. Nothing of it is stored: at each request its key is judged as if it came as a bearer, so that
// a session can do what its key can, and ends with it.
type sessions struct {
	store  sessionStore
	judge  func(ctx context.Context, secret string) (synchook.Caller, error)
	origin *http.CrossOriginProtection
	secure bool // browsers reach the server by https
	failed *failedLogins
	now    func() time.Time
}

// sealedSession is what a session's cookie holds.
type sealedSession struct {
	Secret string `json:"secret"`
	Expire int64  `json:"expire"` // Unix seconds
}

// shownSession is what a browser learns about its session.
type shownSession struct {
	SignedIn bool     `json:"signed_in"`
	Admin    bool     `json:"admin,omitempty"`
	Project  string   `json:"project,omitempty"` // of an API key; the admin names one at each request
	Key      string   `json:"key,omitempty"`
	Scopes   []string `json:"scopes,omitempty"`
	Version  string   `json:"version,omitempty"`
	Ended    string   `json:"ended,omitempty"` // why there is no session any more
}

func (s *Server) newSessions() *sessions {
	origin := http.NewCrossOriginProtection()
	if s.PublicURL != "" {
		// A proxy may rewrite the host, to which origins are compared otherwise. A URL that is none trusts nobody.
		_ = origin.AddTrustedOrigin(originOf(s.PublicURL))
	}
	return &sessions{
		store: s.Store, judge: s.callerOfSecret, origin: origin, secure: strings.HasPrefix(s.PublicURL, "https://"),
		failed: newFailedLogins(), now: s.Now,
	}
}

// secret returns the key of the session that makes a request. ok is false without a cookie: a cookie alone, which
// browsers add to requests that other pages make, is a fault.
func (s *sessions) secret(r *http.Request) (secret string, ok bool, err error) {
	cookies := r.CookiesNamed(s.cookieName())
	if len(cookies) == 0 || cookies[0].Value == "" {
		return "", false, nil
	}
	if err := s.ownPage(r); err != nil {
		return "", false, err
	}
	text, err := s.store.OpenSession(cookies[0].Value)
	if err != nil {
		return "", false, err
	}
	var held sealedSession
	if err := json.Unmarshal([]byte(text), &held); err != nil {
		return "", false, err
	}
	if s.now().Unix() >= held.Expire {
		return "", false, &synchook.Fault{
			Kind: synchook.KindUnauthenticated, Reason: "session_expired", Message: "the session is over", Help: "Log in again.",
		}
	}
	return held.Secret, true, nil
}

// ownPage refuses requests that a page of another origin may have made: those without our header, and those of which
// the browser says so. Reads are refused too, although their answers could not be read there.
func (s *sessions) ownPage(r *http.Request) error {
	asked := *r
	asked.Method = http.MethodPost // the protection lets reads pass
	if r.Header.Get(sessionHeader) != "" && s.origin.Check(&asked) == nil {
		return nil
	}
	return forbidden("session_from_elsewhere", "a session's cookie counts only in requests of the server's own pages",
		"Send `synchook-session: 1` from a page of this server; programs use `authorization: Bearer sk_...`.")
}

// cookieName binds the cookie to this very host where browsers allow that, so that no neighbour can set it.
func (s *sessions) cookieName() string {
	if s.secure {
		return "__Host-synchook"
	}
	return "synchook"
}

func (s *sessions) cookie(value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // a server that is reached by http alone could set no secure cookie
		Name: s.cookieName(), Value: value, Path: "/", MaxAge: int(life / time.Second),
		Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// routes adds the routes of the session.
func (s *sessions) routes(mux *http.ServeMux, version string) {
	guarded := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			if err := s.ownPage(r); err != nil {
				writeFault(w, faultOf(err))
				return
			}
			h(w, r)
		}
	}
	mux.HandleFunc("GET "+sessionPath, guarded(func(w http.ResponseWriter, r *http.Request) { s.show(w, r, version) }))
	mux.HandleFunc("POST "+sessionPath, guarded(func(w http.ResponseWriter, r *http.Request) { s.logIn(w, r, version) }))
	mux.HandleFunc("DELETE "+sessionPath, guarded(s.logOut))
}

// show tells a browser about its session, if it has one. That it has none is no error.
func (s *sessions) show(w http.ResponseWriter, r *http.Request, version string) {
	secret, ok, err := s.secret(r)
	var caller synchook.Caller
	if ok {
		caller, err = s.callerOf(r.Context(), secret)
	}
	switch {
	case synchook.IsKind(err, synchook.KindUnauthenticated):
		http.SetCookie(w, s.cookie("", 0))
		writeJSON(w, http.StatusOK, shownSession{Ended: faultOf(err).Reason})
	case err != nil:
		writeFault(w, faultOf(err))
	case !ok:
		writeJSON(w, http.StatusOK, shownSession{})
	default:
		writeJSON(w, http.StatusOK, showSession(caller, version))
	}
}

// logIn makes a session of a key.
func (s *sessions) logIn(w http.ResponseWriter, r *http.Request, version string) {
	client := clientOf(r.RemoteAddr)
	if wait := s.failed.wait(client, s.now()); wait > 0 {
		writeFault(w, tooManyLogins())
		return
	}
	var given struct {
		Key string `json:"key"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, readSession)).Decode(&given); err != nil {
		writeFault(w, synchook.Invalid("key", "the body is not a key in JSON", "Send {\"key\": \"sk_...\"}."))
		return
	}
	secret := strings.TrimSpace(given.Key)
	caller, err := s.callerOf(r.Context(), secret)
	if synchook.IsKind(err, synchook.KindUnauthenticated) {
		s.failed.note(client, s.now())
	}
	if err != nil {
		writeFault(w, faultOf(err))
		return
	}
	held, err := json.Marshal(sealedSession{Secret: secret, Expire: s.now().Add(sessionLife).Unix()})
	if err != nil {
		writeFault(w, faultOf(err))
		return
	}
	http.SetCookie(w, s.cookie(s.store.SealSession(string(held)), sessionLife))
	writeJSON(w, http.StatusOK, showSession(caller, version))
}

// logOut lets the browser forget its session.
func (s *sessions) logOut(w http.ResponseWriter, _ *http.Request) {
	http.SetCookie(w, s.cookie("", 0))
	w.WriteHeader(http.StatusNoContent)
}

func (s *sessions) callerOf(ctx context.Context, secret string) (caller synchook.Caller, err error) {
	err = within(ctx, lookupTime, func(ctx context.Context) (err error) {
		caller, err = s.judge(ctx, secret)
		return err
	})
	return caller, err
}

func showSession(c synchook.Caller, version string) shownSession {
	shown := shownSession{SignedIn: true, Admin: c.Admin, Project: string(c.Project), Key: string(c.Key), Version: version}
	for _, scope := range c.Scopes {
		shown.Scopes = append(shown.Scopes, string(scope))
	}
	return shown
}
