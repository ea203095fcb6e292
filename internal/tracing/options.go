package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/synchook/synchook/internal/synchook"
)

// Options say where spans go.
type Options struct {
	// Endpoint is the URL of a collector that takes OTLP over HTTP, such as http://127.0.0.1:4318. "": what
	// the standard variables OTEL_EXPORTER_OTLP_* say, and when they say nothing, there are no spans.
	Endpoint string
	// Version is this program's.
	Version string
	// Log hears when spans cannot be sent. Required.
	Log *slog.Logger
	// Getenv reads a variable. Required.
	Getenv func(string) string
}

// New returns a tracer, or nil when nobody asked for one.
func New(ctx context.Context, o Options) (*Tracer, error) {
	where, err := destination(o.Endpoint, o.Getenv)
	if err != nil || where == "" {
		return nil, err
	}
	var to []otlptracehttp.Option
	if o.Endpoint != "" {
		to = append(to, otlptracehttp.WithEndpointURL(strings.TrimRight(o.Endpoint, "/")+"/v1/traces"))
	}
	to = append(to, otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
		Enabled: true, InitialInterval: time.Second, MaxInterval: 5 * time.Second, MaxElapsedTime: 10 * time.Second,
	}))
	otlp, err := otlptracehttp.New(ctx, to...)
	if err != nil {
		return nil, fmt.Errorf("setting up the traces: %w", err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "synchook"), attribute.String("service.version", o.Version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("reading OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	e := newExporter(otlp, o.Log, secretsIn(o.Getenv))
	// The batcher never waits: when its queue is full, it drops spans.
	return &Tracer{provider: sdk.NewTracerProvider(sdk.WithBatcher(e), sdk.WithResource(about)), exporter: e, where: shown(where)}, nil
}

// destination returns where spans go, "" when nobody asked for any, by an option or by the variables that
// OpenTelemetry defines.
func destination(endpoint string, getenv func(string) string) (string, error) {
	first := func(names ...string) string {
		for _, name := range names {
			if v := getenv(name); v != "" {
				return v
			}
		}
		return ""
	}
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return "", nil
	}
	where := endpoint
	if where == "" {
		where = first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
	}
	switch kind := getenv("OTEL_TRACES_EXPORTER"); kind {
	case "":
	case "none":
		return "", nil
	case "otlp":
		if where == "" {
			where = "http://localhost:4318"
		}
	default:
		return "", fmt.Errorf("OTEL_TRACES_EXPORTER=%s is not known here: set otlp, or none", kind)
	}
	if where == "" {
		return "", nil
	}
	if p := first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"); p != "" && p != "http/protobuf" {
		return "", fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL=%s is not spoken here: set http/protobuf, and the collector's port for it, which is often 4318", p)
	}
	return where, nil
}

// shown is a collector's URL without what may be secret.
func shown(where string) string {
	u, err := url.Parse(where)
	if err != nil {
		return "(not a URL)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// secretsIn returns a redactor of what the variables tell the exporter and nobody else should know.
func secretsIn(getenv func(string) string) synchook.Redactor {
	var secrets []string
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
		for pair := range strings.SplitSeq(getenv(name), ",") {
			_, value, _ := strings.Cut(pair, "=")
			plain, err := url.QueryUnescape(value)
			if err != nil {
				plain = value
			}
			_, word, _ := strings.Cut(strings.TrimSpace(plain), " ") // "Bearer <token>"
			secrets = append(secrets, strings.TrimSpace(plain), word)
		}
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		if u, err := url.Parse(getenv(name)); err == nil {
			password, _ := u.User.Password()
			secrets = append(secrets, password, u.RawQuery)
		}
	}
	return synchook.NewRedactor(secrets...)
}
