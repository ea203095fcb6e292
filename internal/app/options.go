package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/synchook/synchook/internal/netguard"
)

// Options say what the program is made of and how it behaves.
type Options struct {
	Server bool // serve the API and take webhooks
	Worker bool // run syncs and deliver webhooks
	// Dev is for a developer's machine: secrets are made and kept in the data folder, a sample project is
	// made, addresses of this machine may be called, and without redis-server on PATH the data ends with
	// the process.
	Dev bool

	Listen       string // host:port; port 0: any free one. "": 127.0.0.1:8080
	HealthListen string // host:port of a worker's /healthz, /readyz and /metrics; "": it serves none
	PublicURL    string // how the outside reaches the server; "": unknown, or in dev what it listens on
	RedisURL     string // redis://, rediss://, unix://, redis-cluster://, redis-sentinel://; "": the embedded default
	DataDir      string // of the embedded Redis and of dev's secrets; "": .synchook

	AdminKey       string   // opens everything; "": nobody is admin, or in dev a key that is made
	EncryptionKeys []string // encrypt secrets in Redis, the newest first

	OTLPEndpoint string // URL of a collector that takes traces by OTLP over HTTP; "": what OTEL_* variables say, or none

	RedisReserve        int            // per cent of Redis's maxmemory that intake leaves to the workers; 0: 10
	RequireDurableRedis bool           // whether a Redis that can lose accepted events is an error
	WaitReplicas        int            // that must have an event before its sender is told; 0: none
	WaitTimeout         time.Duration  // that they may take; 0: 1 s
	AllowAddresses      []netip.Prefix // private networks that webhooks and API requests may go to
	EgressProxy         string         // URL of a proxy that webhooks and API requests go through; "": they go straight
	QueuesWritable      bool           // whether /queues can change what it shows

	Runs            int           // scripts at once; 0: 10
	Deliveries      int           // endpoints worked at once; 0: 100
	InFlight        int           // requests in flight to one endpoint; 0: 64
	Posts           int           // requests in flight to all endpoints; 0: 1,000
	DeliveryTimeout time.Duration // how long an attempt may take; 0: 20 s
	PollInterval    time.Duration // how often an idle worker looks for tasks; 0: 10 ms
	ScriptMemory    int64         // bytes that a script may use; 0: 128 MiB
	ScriptTimeout   time.Duration // how long a script may run; 0: 5 min
	StopTimeout     time.Duration // how long a stop may take; 0: 30 s

	Log     *slog.Logger // nil: slog.Default()
	Version string       // "": "dev"
}

func (o Options) withDefaults() Options {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:8080"
	}
	if o.DataDir == "" {
		o.DataDir = ".synchook"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.RedisReserve <= 0 {
		o.RedisReserve = 10
	}
	if o.Runs <= 0 {
		o.Runs = 10
	}
	if o.ScriptMemory <= 0 {
		o.ScriptMemory = 128 << 20
	}
	if o.ScriptTimeout <= 0 {
		o.ScriptTimeout = 5 * time.Minute
	}
	if o.StopTimeout <= 0 {
		o.StopTimeout = 30 * time.Second
	}
	return o
}

// check says what is missing, before anything is started.
func (o Options) check() error {
	if o.WaitReplicas > 0 && o.RedisURL == "" {
		return errors.New("the embedded Redis has no replicas to wait for: leave --wait-replicas out, or name a Redis with --redis-url")
	}
	if _, err := o.egressProxy(); err != nil {
		return err
	}
	if o.Dev {
		return nil
	}
	if len(o.EncryptionKeys) == 0 {
		return errors.New("there is no encryption key, so secrets could not be stored: set SYNCHOOK_ENCRYPTION_KEY to the output of `openssl rand -base64 32`, the same for all processes, and keep it safe")
	}
	if o.Server && o.AdminKey == "" {
		return errors.New("there is no admin key, so nobody could make the first project: set SYNCHOOK_ADMIN_KEY to a long random text")
	}
	if o.Server && len(o.AdminKey) < 16 {
		return errors.New("the admin key has fewer than 16 characters: set SYNCHOOK_ADMIN_KEY to a long random text")
	}
	return nil
}

// egressProxy reads the option; nil: there is none.
func (o Options) egressProxy() (*url.URL, error) {
	if o.EgressProxy == "" {
		return nil, nil
	}
	proxy, err := netguard.ParseProxy(o.EgressProxy)
	if err != nil {
		return nil, fmt.Errorf("the egress proxy cannot be used: %w: set --egress-proxy to a URL such as http://proxy.example:3128", err)
	}
	return proxy, nil
}
