// Package server is the HTTP edge: the RPC services, the raw intake of webhooks, and the pages that
// operators look at. A request passes in this order:
//
//	observe -> authenticate -> decode -> edge -> validate -> a service's method
//
// A service's method is convert, call, convert. Faults become codes and statuses once, in error.go.
package server

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"
	"connectrpc.com/validate"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"

	api "github.com/synchook/synchook/gen/synchook/v1/synchookv1connect"
	"github.com/synchook/synchook/internal/docsite"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/tracing"
	"github.com/synchook/synchook/internal/webhook"
)

// Store is all that the server asks of the store. *store.Store is one.
type Store interface {
	callerStore
	projectStore
	settingsStore
	activityStore
	keyStore
	integrationStore
	connectionStore
	syncStore
	deployStore
	scheduleStore
	runStore
	eventStore
	deliveryStore
	listenStore
	statsStore
	endpointStore
	recoveryStore
	recordStore
	nameStore
	intakeStore
	lookupStore
	sessionStore
}

// Queue sends hints to the workers.
type Queue interface {
	// Send sends hints. What it fails to send, the sweep sends later.
	Send(ctx context.Context, hints ...synchook.Hint) error
}

// Options are what a server is made of.
type Options struct {
	// Store keeps everything. Required.
	Store Store
	// Intake takes verified webhooks. Required.
	Intake Intake
	// Queue carries hints to the workers. Required.
	Queue Queue
	// Prober sends tests to endpoints. Nil: one that reaches public addresses only.
	Prober Prober
	// Log gets one line for each request. Nil: slog.Default().
	Log *slog.Logger
	// AdminKey opens everything. Empty: what is behind it stays closed.
	AdminKey string
	// PublicURL is how the outside reaches this server, such as "https://hooks.example.com". Empty: the
	// server does not know, and shows paths only.
	PublicURL string
	// AllowPrivateURLs takes webhook URLs and base URLs whose host is this machine or a private address,
	// for development. False: they are refused.
	AllowPrivateURLs bool
	// Version is shown by /healthz. Empty: it shows none.
	Version string
	// Ready says what is wrong with the process. Nil: nothing ever is.
	Ready func(context.Context) []Problem
	// Registry collects the metrics. Nil: one of the server's own.
	Registry *prometheus.Registry
	// Tracer starts the spans of RPCs. Nil: there are none.
	Tracer *tracing.Tracer
	// QueuesRedis is the Redis of the queues that /queues shows. Nil: there is no such page.
	QueuesRedis asynq.RedisConnOpt
	// QueuesWritable lets /queues change what it shows. False: it only shows.
	QueuesWritable bool
	// Dashboard has the files of the built dashboard. Nil: / shows how to build them.
	Dashboard fs.FS
	// Docs is the documentation. Nil: there is no /docs.
	Docs *docsite.Site
	// Now tells the time. Nil: time.Now.
	Now func() time.Time
}

// Server serves the API. Its methods may be called concurrently.
type Server struct {
	Options
	metrics  *metrics
	queues   *queues
	sessions *sessions
	handler  http.Handler
	stopping context.Context //nolint:containedctx // it is the server's own life, and no request's
	stop     context.CancelCauseFunc
}

// New returns a server. Close it when it is no longer used.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) []Problem { return nil }
	}
	if o.Prober == nil {
		o.Prober = webhook.NewSender(webhook.Options{})
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	s := &Server{Options: o, metrics: newMetrics(o.Registry), queues: newQueues(o.QueuesRedis, o.QueuesWritable)}
	s.sessions = s.newSessions()
	s.stopping, s.stop = context.WithCancelCause(context.Background())
	s.handler = s.routes()
	return s
}

// Handler returns the handler of all that the server serves. It needs HTTP/2 for gRPC; HTTPServer
// gives it that.
func (s *Server) Handler() http.Handler { return s.handler }

// HTTPServer returns an HTTP server that serves HTTP/1.1 and HTTP/2 without TLS on one port. Its
// Shutdown ends the streams and waits for all other requests. Its time for reading a request binds those
// who have no key: authenticate lifts it, since a stream may last for days.
func (s *Server) HTTPServer(addr string) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	h := &http.Server{
		Addr: addr, Handler: s.handler, Protocols: protocols,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}
	h.RegisterOnShutdown(func() { s.stop(errStopping) })
	return h
}

// Close ends the streams and lets go of what the server holds. It may be called again.
func (s *Server) Close() error {
	s.stop(errStopping)
	if s.queues == nil {
		return nil
	}
	return s.queues.close()
}

// The most bytes that a request message may have.
const (
	readMost    = 4 << 20
	readDeploy  = 64 << 20
	readWebhook = 36 << 20 // 25 MiB of body, as base64 in JSON
)

// routes is the table of all that the server serves.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	keyed := func(path string, h http.Handler) { mux.Handle(path, s.observe(s.authenticate(h))) }
	st, hints := s.Store, hintSender{s.Queue, s.Log}
	u := urls{public: s.PublicURL, allowPrivate: s.AllowPrivateURLs}
	most := s.handlerOptions(readMost)

	keyed(api.NewProjectServiceHandler(&projectService{st, u, s.Now}, most))
	keyed(api.NewAPIKeyServiceHandler(&keyService{st}, most))
	keyed(api.NewIntegrationServiceHandler(&integrationService{st, u}, most))
	keyed(api.NewConnectionServiceHandler(&connectionService{st, u}, most))
	keyed(api.NewSyncServiceHandler(&syncService{st, hints, s.Now}, s.handlerOptions(readDeploy)))
	keyed(api.NewRunServiceHandler(&runService{st, hints, s.Now}, most))
	keyed(api.NewEventServiceHandler(&eventService{st, s.Intake}, most))
	keyed(api.NewWebhookServiceHandler(&webhookService{st, s.Intake, u, s.Now}, s.handlerOptions(readWebhook)))
	keyed(api.NewDeliveryServiceHandler(&deliveryService{store: st, queue: hints}, most))
	keyed(api.NewRecordServiceHandler(&recordService{st}, most))
	keyed(api.NewEndpointServiceHandler(&endpointService{store: st, queue: hints, prober: s.Prober, urls: u, now: s.Now}, most))
	keyed(api.NewRecoveryServiceHandler(&recoveryService{st, hints}, most))

	mux.Handle("/webhook/{public}/{key...}", newInbound(s.Options, u, s.metrics))
	reflector := grpcreflect.NewStaticReflector(append(services(), grpchealth.HealthV1ServiceName)...)
	mux.Handle(grpcreflect.NewHandlerV1(reflector, connect.WithReadMaxBytes(readMost)))
	mux.Handle(grpcreflect.NewHandlerV1Alpha(reflector, connect.WithReadMaxBytes(readMost)))
	mux.Handle(grpchealth.NewHandler(&health{s.Options}, connect.WithReadMaxBytes(readMost)))
	s.watched(mux)
	s.sessions.routes(mux, s.Version)
	newDashboard(s.Dashboard).routes(mux)
	if s.Docs != nil {
		(&docs{site: s.Docs}).routes(mux)
	}
	if s.queues != nil {
		mux.Handle(queuesPath+"/", s.adminOnly(s.queues))
	}
	return mux
}

// handlerOptions are what all services are served with.
func (s *Server) handlerOptions(readMost int) connect.HandlerOption {
	return connect.WithHandlerOptions(
		connect.WithReadMaxBytes(readMost),
		withStrictJSON(),
		connect.WithInterceptors(&edge{stopping: s.stopping}, validate.NewInterceptor()),
		connect.WithRecover(recovered),
	)
}

// services lists the full names of the services.
func services() []string {
	return []string{
		api.APIKeyServiceName, api.ConnectionServiceName, api.DeliveryServiceName,
		api.EndpointServiceName, api.EventServiceName, api.IntegrationServiceName, api.ProjectServiceName,
		api.RecordServiceName, api.RecoveryServiceName, api.RunServiceName, api.SyncServiceName,
		api.WebhookServiceName,
	}
}
