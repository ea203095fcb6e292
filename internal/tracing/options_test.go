package tracing

import (
	"strings"
	"testing"
)

func TestSpansGoWhereTheOptionOrTheVariablesSay(t *testing.T) {
	t.Parallel()
	type env map[string]string
	for name, c := range map[string]struct {
		endpoint string
		env      env
		want     string
		err      string
	}{
		"nobody asks for spans":              {"", nil, "", ""},
		"the option":                         {"http://a:4318", nil, "http://a:4318", ""},
		"the option goes first":              {"http://a:4318", env{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b:4318"}, "http://a:4318", ""},
		"the variable":                       {"", env{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b:4318"}, "http://b:4318", ""},
		"the variable for traces goes first": {"", env{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/x"}, "http://c/x", ""},
		"all is disabled":                    {"http://a:4318", env{"OTEL_SDK_DISABLED": "true"}, "", ""},
		"no exporter":                        {"http://a:4318", env{"OTEL_TRACES_EXPORTER": "none"}, "", ""},
		"the usual collector":                {"", env{"OTEL_TRACES_EXPORTER": "otlp"}, "http://localhost:4318", ""},
		"an exporter that is not there":      {"", env{"OTEL_TRACES_EXPORTER": "zipkin"}, "", "set otlp, or none"},
		"a protocol that is not spoken":      {"http://a", env{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "", "set http/protobuf"},
		"its protocol does not matter":       {"", env{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "", ""},
	} {
		got, err := destination(c.endpoint, func(name string) string { return c.env[name] })
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestWhatOpensTheCollectorIsNotTold(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"OTEL_EXPORTER_OTLP_HEADERS":  "authorization=Bearer%20hush-token,x-key=hush-key",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "https://me:hush-password@collector/x?token=hush-query",
	}
	text := secretsIn(func(name string) string { return env[name] }).Text("hush-token hush-key hush-password token=hush-query")
	if strings.Contains(text, "hush") {
		t.Errorf("it tells %q", text)
	}
	if got := shown(env["OTEL_EXPORTER_OTLP_ENDPOINT"]); got != "https://collector/x" {
		t.Errorf("it shows %q", got)
	}
}
