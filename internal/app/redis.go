package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/embedredis"
	"github.com/synchook/synchook/internal/queue"
)

// dialer makes clients of the one Redis that the program uses.
type dialer struct {
	universal func() redis.UniversalClient
	where     string       // for logs, without secrets
	trouble   func() error // why the embedded Redis ended a moment ago; nil: it is not embedded
}

// queueClient returns a client for Asynq.
func (d dialer) queueClient() redis.UniversalClient {
	c := d.universal()
	c.AddHook(queue.StillSlot{})
	c.AddHook(queue.Backoff{})
	return c
}

// MakeRedisClient makes the dialer a connection option of Asynq.
func (d dialer) MakeRedisClient() any { return d.queueClient() }

// redisOf returns how to reach the Redis that the options name, starting the embedded one if they name
// none; stop ends what was started.
func redisOf(ctx context.Context, o Options) (d dialer, stop func(), err error) {
	nothing := func() {}
	if o.RedisURL != "" {
		d, err = dialURL(o.RedisURL)
		return d, nothing, err
	}
	server, err := embedredis.Start(ctx, embedredis.Options{Dir: o.DataDir, Log: o.Log})
	if err == nil {
		o.Log.Info("started the embedded Redis", "data", o.DataDir, "durable", "every write is on disk before it is acknowledged")
		d = dialSingle(&redis.Options{Network: "unix", Addr: server.Socket()}, "the embedded Redis in "+o.DataDir)
		d.trouble = server.Trouble
		return d, server.Stop, nil
	}
	if !o.Dev || !errors.Is(err, embedredis.ErrNoServer) {
		return d, nothing, fmt.Errorf("starting the embedded Redis: %w", err)
	}
	memory, err := embedredis.InProcess()
	if err != nil {
		return d, nothing, fmt.Errorf("starting a Redis inside the process: %w", err)
	}
	o.Log.Warn("there is no redis-server on PATH, so the data lives in this process and ends with it; install one to keep it (Debian and Ubuntu: apt-get install redis-server)")
	return dialSingle(&redis.Options{Addr: memory.Addr()}, "a Redis inside the process"), memory.Stop, nil
}

// dialURL reads a URL as --redis-url takes it.
func dialURL(raw string) (dialer, error) {
	scheme, rest, _ := strings.Cut(raw, "://")
	protocol, kind, _ := strings.Cut(scheme, "-")
	plain := protocol + "://" + rest
	where := whereOf(raw)
	explain := func(err error) error {
		return fmt.Errorf("the Redis URL cannot be read (%w); write redis://[user:password@]host:port[/db], rediss:// for TLS, unix:///path, redis-cluster://host:port?addr=host2:port or redis-sentinel://host:port?master_name=NAME, the last two with rediss- for TLS", redactURL(err))
	}
	switch kind {
	case "cluster":
		o, err := redis.ParseClusterURL(plain)
		if err != nil {
			return dialer{}, explain(err)
		}
		o.PoolSize, o.ReadTimeout, o.MaxRedirects = poolSize, readTimeout, 16
		o.ClusterStateReloadInterval = relearnEvery
		o.ReadOnly, o.RouteByLatency, o.RouteRandomly = false, false, false // what a replica says may be old
		o.ContextTimeoutEnabled, o.DialerRetries = true, dialTries
		return dialer{universal: func() redis.UniversalClient { return redis.NewClusterClient(o) }, where: where}, nil
	case "sentinel":
		o, err := redis.ParseFailoverURL(plain)
		if err != nil {
			return dialer{}, explain(err)
		}
		o.PoolSize, o.ReadTimeout = poolSize, readTimeout
		o.ContextTimeoutEnabled, o.DialerRetries = true, dialTries
		o.ReplicaOnly, o.RouteByLatency, o.RouteRandomly, o.UseDisconnectedReplicas = false, false, false, false
		return dialer{universal: func() redis.UniversalClient { return redis.NewFailoverClient(o) }, where: where}, nil
	}
	o, err := redis.ParseURL(raw)
	if err != nil {
		return dialer{}, explain(err)
	}
	return dialSingle(o, where), nil
}

const (
	poolSize    = 64
	readTimeout = 10 * time.Second
	// relearnEvery is how often a cluster is asked who owns what: a primary that is dead tells nobody who
	// has taken its place.
	relearnEvery = time.Second
	dialTries    = 2 // for each of a command's tries: who calls us should not wait for seconds to hear that Redis is down
)

func dialSingle(o *redis.Options, where string) dialer {
	o.PoolSize, o.ReadTimeout = poolSize, readTimeout
	o.ContextTimeoutEnabled, o.DialerRetries = true, dialTries
	return dialer{universal: func() redis.UniversalClient { return redis.NewClient(o) }, where: where}
}

// whereOf leaves of a URL what logs may show: a user's password stands before the host, and a Sentinel's
// may stand after it.
func whereOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "a Redis whose URL cannot be read"
	}
	if u.Host == "" {
		return u.Scheme + "://" + u.Path
	}
	return u.Scheme + "://" + u.Host
}

// redactURL keeps what go-redis says about a URL without repeating it: it may hold a password.
func redactURL(err error) error {
	text, _, _ := strings.Cut(err.Error(), "://")
	text, _, _ = strings.Cut(text, "\"")
	return errors.New(strings.TrimSpace(text))
}
