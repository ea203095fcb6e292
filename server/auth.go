package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/synchook/synchook/internal/synchook"
)

// callerStore finds out who calls.
type callerStore interface {
	Caller(ctx context.Context, secret string) (synchook.Caller, error)
	Project(ctx context.Context, p synchook.ProjectID) (synchook.Project, error)
}

// projectHeader names the project in which the admin key acts.
const projectHeader = "Synchook-Project"

// authenticate lets a request to an RPC pass when its key may call the method. It stands before the
// decoding of messages, so that nobody without a key makes the server read one.
func (s *Server) authenticate(next http.Handler) http.Handler {
	refuse := connect.NewErrorWriter(withStrictJSON())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		need, ok := accessTo(r.URL.Path)
		if !ok {
			c.code = connect.CodeUnimplemented.String()
			http.NotFound(w, r) // each protocol's clients take this for "unimplemented"
			return
		}
		err := within(r.Context(), lookupTime, func(ctx context.Context) (err error) {
			c.caller, err = s.callerFor(ctx, r, need)
			return err
		})
		if err == nil {
			_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // only a test's recorder has none
			ctx, span := s.Tracer.Serve(r.Context(), r.URL.Path[1:], r.Header)
			c.span = span
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		shown := rpcError(r.Context(), nil, err)
		c.code, c.err = shown.Code().String(), err
		if refuse.IsSupported(r) {
			_ = refuse.Write(w, r, shown) // a client that has gone is no fault of ours
			return
		}
		writeFault(w, faultOf(err))
	})
}

// callerFor returns who makes a request to an RPC, if they may.
func (s *Server) callerFor(ctx context.Context, r *http.Request, need access) (synchook.Caller, error) {
	secret, err := s.secretOf(r)
	switch {
	case err != nil:
		return synchook.Caller{}, err
	case s.isAdmin(secret):
		return s.admin(ctx, r, need)
	case need.admin:
		// Who holds any other key learns nothing about whether it is a good one.
		return synchook.Caller{}, forbidden("admin_only", "only the admin key may do this", "Use the server's admin key.")
	}
	caller, err := s.Store.Caller(ctx, secret)
	if err != nil {
		return synchook.Caller{}, err
	}
	if named := r.Header.Get(projectHeader); named != "" && named != string(caller.Project) {
		return caller, forbidden("key_of_another_project", "the API key is not one of the project that the header synchook-project names",
			"Leave the header out: an API key names its project.")
	}
	if !caller.May(need.scope) {
		return caller, forbidden("scope_missing", "the API key lacks the scope \""+string(need.scope)+"\"",
			"Use a key that has it, or make one by CreateAPIKey.")
	}
	return caller, nil
}

// secretOf returns the key that a request brings: as a bearer, or in a session.
func (s *Server) secretOf(r *http.Request) (string, error) {
	if secret, ok := bearer(r); ok {
		return secret, nil
	}
	secret, ok, err := s.sessions.secret(r)
	if err == nil && !ok {
		err = errNoKey()
	}
	return secret, err
}

// callerOfSecret returns whom a key makes of who holds it, whatever the method. The admin is in no project.
func (s *Server) callerOfSecret(ctx context.Context, secret string) (synchook.Caller, error) {
	if s.isAdmin(secret) {
		return synchook.Caller{Admin: true, Scopes: synchook.AllScopes()}, nil
	}
	return s.Store.Caller(ctx, secret)
}

// admin returns the caller that the admin key makes.
func (s *Server) admin(ctx context.Context, r *http.Request, need access) (synchook.Caller, error) {
	caller := synchook.Caller{Admin: true, Scopes: synchook.AllScopes()}
	if need.admin {
		return caller, nil
	}
	named := r.Header.Get(projectHeader)
	if named == "" {
		return caller, &synchook.Fault{
			Kind: synchook.KindInvalid, Reason: "project_missing", Message: "the admin key belongs to no project",
			Help: "Name one by the header `synchook-project: prj_...`, or use an API key of the project.",
		}
	}
	p, err := s.Store.Project(ctx, synchook.ProjectID(named))
	caller.Project = p.ID
	return caller, err
}

// isAdmin compares in constant time, whatever the lengths.
func (s *Server) isAdmin(secret string) bool {
	given, want := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(s.AdminKey))
	return subtle.ConstantTimeCompare(given[:], want[:]) == 1 && s.AdminKey != ""
}

// adminOnly lets a request pass that brings the admin key: as a bearer, or as the password of HTTP
// basic authentication, so that a browser asks for it.
func (s *Server) adminOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secret, ok := bearer(r)
		if !ok {
			_, secret, ok = r.BasicAuth()
		}
		if ok && s.isAdmin(secret) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="synchook: the admin key as password", charset="UTF-8"`)
		writeFault(w, &synchook.Fault{
			Kind: synchook.KindUnauthenticated, Reason: "admin_key_needed", Message: "this page needs the admin key",
			Help: "Send it as a bearer, or as the password of HTTP basic authentication; without an admin key in the server's configuration the page is closed.",
		})
	})
}

// bearer returns the key that a request brings.
func bearer(r *http.Request) (string, bool) {
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	return secret, ok && strings.EqualFold(scheme, "bearer") && secret != ""
}

func errNoKey() *synchook.Fault {
	return &synchook.Fault{
		Kind: synchook.KindUnauthenticated, Reason: "api_key_missing", Message: "the request has no API key",
		Help: "Send one as `authorization: Bearer sk_...`; CreateAPIKey makes one.",
	}
}

func forbidden(reason, message, help string) *synchook.Fault {
	return &synchook.Fault{Kind: synchook.KindForbidden, Reason: reason, Message: message, Help: help}
}
