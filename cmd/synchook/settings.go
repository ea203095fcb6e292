package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/synchook/synchook/internal/app"
)

// setting is one thing that can be set, by a flag or by the environment.
type setting struct {
	flag   string
	usage  string
	def    string // what holds when nobody sets it
	secret bool   // whether its value is never shown
	set    func(o *app.Options, value string) error
}

// env is the name of the environment variable that sets it.
func (s setting) env() string {
	return "SYNCHOOK_" + strings.ToUpper(strings.ReplaceAll(s.flag, "-", "_"))
}

// settings is the table of all that `dev`, `serve`, `server` and `worker` can be told.
func settings() []setting {
	return []setting{
		{flag: "listen", def: "127.0.0.1:8080", usage: "`host:port` to serve on; port 0 takes any free one", set: text(func(o *app.Options) *string { return &o.Listen })},
		{flag: "health-listen", usage: "`host:port` on which a process that is only a worker serves /healthz, /readyz and, for the admin key, /metrics; without it, it serves none", set: text(func(o *app.Options) *string { return &o.HealthListen })},
		{flag: "public-url", usage: "`URL` by which the outside reaches the server; shown as part of webhook URLs, and what signatures over the URL cover", set: publicURL},
		{flag: "redis-url", usage: "`URL` of the Redis to use: redis://, unix://, redis-cluster:// or redis-sentinel://, or with rediss for TLS; without it, an embedded one is started", secret: true, set: text(func(o *app.Options) *string { return &o.RedisURL })},
		{flag: "data", def: ".synchook", usage: "`folder` for the embedded Redis, and for what dev makes", set: text(func(o *app.Options) *string { return &o.DataDir })},
		{flag: "admin-key", usage: "the `key` that opens everything; better set in the environment, where other users of the machine cannot see it", secret: true, set: text(func(o *app.Options) *string { return &o.AdminKey })},
		{flag: "encryption-key", usage: "base64 of 32 bytes that encrypt secrets in Redis; several, separated by commas, to rotate: the first encrypts", secret: true, set: encryptionKeys},
		{flag: "redis-reserve", def: "10", usage: "per cent of the maxmemory of Redis that are left to the workers: webhooks are answered 503 when only that is left", set: percent(func(o *app.Options) *int { return &o.RedisReserve })},
		{flag: "require-durable-redis", def: "false", usage: "refuse to start on a Redis that can lose accepted events", set: boolean(func(o *app.Options) *bool { return &o.RequireDurableRedis })},
		{flag: "wait-replicas", def: "0", usage: "how many `replicas` of Redis must have what others rely on (an event before its sender is told, a run before it begins), 0 to 10, for servers and workers: a failover loses what none had", set: replicas},
		{flag: "wait-timeout", def: "1s", usage: "how long these may take, up to 5s; the sender of an event is told to send it again after that", set: waitTimeout},
		{flag: "allow-addresses", usage: "private `networks` that webhooks and API requests may go to, as CIDR prefixes separated by commas", set: prefixes},
		{flag: "otlp-endpoint", usage: "`URL` of an OpenTelemetry collector that takes traces by OTLP over HTTP, such as http://127.0.0.1:4318; the standard OTEL_* variables are read too, and without either there are no traces", set: collectorURL},
		{flag: "egress-proxy", usage: "`URL` of a proxy (http, https, socks5) that webhooks and API requests go through; it has to refuse names that lead to private addresses", secret: true, set: text(func(o *app.Options) *string { return &o.EgressProxy })},
		{flag: "queues-writable", def: "false", usage: "let the page /queues change what it shows", set: boolean(func(o *app.Options) *bool { return &o.QueuesWritable })},
		{flag: "runs", def: "10", usage: "how many scripts may run at once", set: number(func(o *app.Options) *int { return &o.Runs })},
		{flag: "deliveries", def: "100", usage: "how many endpoints are worked at once; one that lets its requests wait does not count", set: number(func(o *app.Options) *int { return &o.Deliveries })},
		{flag: "in-flight", def: "64", usage: "how many requests may be in flight to one endpoint", set: number(func(o *app.Options) *int { return &o.InFlight })},
		{flag: "posts", def: "1000", usage: "how many requests may be in flight to all endpoints; those that do not answer within a second get half of them at most", set: number(func(o *app.Options) *int { return &o.Posts })},
		{flag: "delivery-timeout", def: "20s", usage: "how long an attempt may take, from its beginning to the last byte of the answer", set: span(func(o *app.Options) *time.Duration { return &o.DeliveryTimeout })},
		{flag: "poll-interval", def: "10ms", usage: "how often an idle worker looks for tasks", set: span(func(o *app.Options) *time.Duration { return &o.PollInterval })},
		{flag: "script-memory", def: "128", usage: "`MiB` that a script may use", set: mebibytes},
		{flag: "script-timeout", def: "5m", usage: "how long a script may run", set: span(func(o *app.Options) *time.Duration { return &o.ScriptTimeout })},
		{flag: "stop-timeout", def: "30s", usage: "how long a stop may take; a third of it is for running scripts to end", set: span(func(o *app.Options) *time.Duration { return &o.StopTimeout })},
	}
}

// settingsOf returns some of the settings.
func settingsOf(flags ...string) []setting {
	return slices.DeleteFunc(settings(), func(s setting) bool { return !slices.Contains(flags, s.flag) })
}

// effective is a setting's value, and where it came from.
type effective struct {
	setting
	value  string
	source string // "flag", "environment" or "default"
}

// flagValue is a flag's text. One that is a bool may stand without a value.
type flagValue struct {
	value  *string
	isBool bool
}

// String implements flag.Value.
func (v flagValue) String() string {
	if v.value == nil {
		return ""
	}
	return *v.value
}

// Set implements flag.Value.
func (v flagValue) Set(s string) error { *v.value = s; return nil }

// IsBoolFlag tells package flag that "--name" means "--name=true".
func (v flagValue) IsBoolFlag() bool { return v.isBool }

// errHelp says that help was asked for, and given.
var errHelp = errors.New("help was shown")

// parse reads the settings of a command that takes them all. More flags of its own can be added by extra.
func parse(name, about string, args []string, out io.Writer, extra func(*flag.FlagSet)) (app.Options, []effective, error) {
	return parseOf(settings(), name, about, args, out, extra)
}

// parseOf reads a command's settings: a flag wins over the environment, and that over the default.
func parseOf(table []setting, name, about string, args []string, out io.Writer, extra func(*flag.FlagSet)) (app.Options, []effective, error) {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	values := map[string]*string{}
	for _, s := range table {
		value := s.def
		values[s.flag] = &value
		fs.Var(flagValue{&value, s.def == "false"}, s.flag, s.usage+" ("+s.env()+")")
	}
	if extra != nil {
		extra(fs)
	}
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(out, "synchook %s [flags]\n\n%s\n\nFlags, each with the environment variable that sets it too:\n", name, about)
		fs.SetOutput(out)
		fs.PrintDefaults()
		return app.Options{}, nil, errHelp
	}
	if err != nil {
		return app.Options{}, nil, fmt.Errorf("%w; see `synchook %s --help`", err, name)
	}
	if fs.NArg() > 0 {
		return app.Options{}, nil, fmt.Errorf("%q is not a flag; see `synchook %s --help`", fs.Arg(0), name)
	}
	return resolve(table, fs, values)
}

func resolve(table []setting, fs *flag.FlagSet, values map[string]*string) (app.Options, []effective, error) {
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var o app.Options
	var all []effective
	for _, s := range table {
		e := effective{setting: s, value: *values[s.flag], source: "default"}
		if env, ok := os.LookupEnv(s.env()); ok && env != "" {
			e.value, e.source = env, "environment"
		}
		if given[s.flag] {
			e.value, e.source = *values[s.flag], "flag"
		}
		if e.value != "" {
			if err := s.set(&o, e.value); err != nil {
				return o, nil, fmt.Errorf("--%s (%s): %w", s.flag, s.env(), err)
			}
		}
		all = append(all, e)
	}
	return o, all, nil
}

// otherVariables are read elsewhere: by `synchook deploy`, by receivers, and by tests.
var otherVariables = []string{"SYNCHOOK_URL", "SYNCHOOK_API_KEY", "SYNCHOOK_SIGNING_SECRET", "SYNCHOOK_BIN", "SYNCHOOK_FAILPOINT"}

// unknownVariables returns the names of variables that look like settings and are none: misspelled ones.
func unknownVariables(environ []string) []string {
	var unknown []string
	for _, line := range environ {
		name, _, _ := strings.Cut(line, "=")
		isSetting := slices.ContainsFunc(settings(), func(s setting) bool { return s.env() == name })
		if strings.HasPrefix(name, "SYNCHOOK_") && !isSetting && !slices.Contains(otherVariables, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

func text(field func(*app.Options) *string) func(*app.Options, string) error {
	return func(o *app.Options, v string) error { *field(o) = v; return nil }
}

func boolean(field func(*app.Options) *bool) func(*app.Options, string) error {
	return func(o *app.Options, v string) error {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", v)
		}
		*field(o) = b
		return nil
	}
}

func number(field func(*app.Options) *int) func(*app.Options, string) error {
	return func(o *app.Options, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 10_000 {
			return fmt.Errorf("%q is not a number from 1 to 10000", v)
		}
		*field(o) = n
		return nil
	}
}

func percent(field func(*app.Options) *int) func(*app.Options, string) error {
	return func(o *app.Options, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 90 {
			return fmt.Errorf("%q is not a number of per cent from 1 to 90", v)
		}
		*field(o) = n
		return nil
	}
}

func span(field func(*app.Options) *time.Duration) func(*app.Options, string) error {
	return func(o *app.Options, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			return fmt.Errorf("%q is not a duration such as 10ms, 30s or 5m", v)
		}
		*field(o) = d
		return nil
	}
}

func replicas(o *app.Options, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 10 {
		return fmt.Errorf("%q is not a number from 0 to 10", v)
	}
	o.WaitReplicas = n
	return nil
}

// waitTimeout stays well below the time after which an answer of Redis is given up.
func waitTimeout(o *app.Options, v string) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < time.Millisecond || d > 5*time.Second {
		return fmt.Errorf("%q is not a duration from 1ms to 5s", v)
	}
	o.WaitTimeout = d
	return nil
}

func mebibytes(o *app.Options, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 8 || n > 1<<20 {
		return fmt.Errorf("%q is not a number of MiB from 8", v)
	}
	o.ScriptMemory = int64(n) << 20
	return nil
}

func encryptionKeys(o *app.Options, v string) error {
	o.EncryptionKeys = strings.Split(v, ",")
	return nil
}

func publicURL(o *app.Options, v string) error {
	if !isPlainURL(v) {
		return fmt.Errorf("%q is not a URL such as https://hooks.example.com", v)
	}
	o.PublicURL = v
	return nil
}

func collectorURL(o *app.Options, v string) error {
	if u, err := url.Parse(v); !isPlainURL(v) || err != nil || u.User != nil {
		return errors.New("it is not a URL such as http://127.0.0.1:4318; what the collector asks for goes into OTEL_EXPORTER_OTLP_HEADERS")
	}
	o.OTLPEndpoint = v
	return nil
}

func isPlainURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.RawQuery == "" && u.Fragment == ""
}

func prefixes(o *app.Options, v string) error {
	for part := range strings.SplitSeq(v, ",") {
		p, err := netip.ParsePrefix(strings.TrimSpace(part))
		if err != nil {
			return fmt.Errorf("%q is not a network such as 10.0.0.0/8", part)
		}
		o.AllowAddresses = append(o.AllowAddresses, p)
	}
	return nil
}
