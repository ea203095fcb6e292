package provider

import (
	"net/http"
	"slices"
	"testing"
)

const payload = ` {
	"text": "T1", "empty": "", "null": null, "yes": true, "escaped\u002ekey": "E", "quote": "a\"b,]}",
	"number": 12345678901234567890, "exponent": 1e3, "negative": -1.50,
	"nested": {"deep": {"id": 7}, "list": [{"id": "first"}, {"id": "second"}], "x": "}"},
	"mixed": ["a", 1, null, "", {"id": 1}, ["z"], false], "none": [], "object": {},
	"twice": 1, "twice": 2, "caf\u00e9": "open", "tab\tbed": 1, "0": "zero"
}
`

func TestExtractFindsScalarsByPath(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"text":             {"T1"},
		"number":           {"12345678901234567890"},
		"exponent":         {"1e3"},
		"negative":         {"-1.50"},
		"yes":              {"true"},
		"quote":            {`a"b,]}`},
		"nested.deep.id":   {"7"},
		"nested.list.0.id": {"first"},
		"nested.list.1.id": {"second"},
		"nested.x":         {"}"},
		"mixed":            {"a", "1", "false"},
		"mixed.1":          {"1"},
		"mixed.5.0":        {"z"},
		"twice":            {"2"},
		"café":             {"open"},
		"0":                {"zero"},
		"":                 nil,
		".":                nil,
		"text.more":        nil,
		"empty":            nil,
		"null":             nil,
		"none":             nil,
		"object":           nil,
		"nested":           nil,
		"nested.list":      nil,
		"nested.list.2.id": nil,
		"nested.list.-1":   nil,
		"nested.list.id":   nil,
		"TEXT":             nil,
		"missing":          nil,
		"header:X-Missing": nil,
		"header:x-shop":    {"shop.example"},
		"header:X-Shop":    {"shop.example"},
		"header:":          nil,
	}
	request := Request{Header: http.Header{"X-Shop": {"shop.example", "other"}, "X-Empty": {""}}}
	for path, want := range tests {
		rule, values := Extract([]Match{{From: path, To: "connection_id"}}, request, Item{Payload: []byte(payload)})
		if !slices.Equal(values, want) {
			t.Errorf("%q: %q, want %q", path, values, want)
		}
		if (rule.From == path) != (want != nil) && path != "" {
			t.Errorf("%q: the rule is %+v", path, rule)
		}
	}
}

func TestExtractTakesTheFirstRuleThatFindsSomething(t *testing.T) {
	t.Parallel()
	rules := github{}.DefaultMatch()
	tests := map[string]struct {
		payload string
		to      string
		values  []string
	}{
		"an app": {`{"installation":{"id":42},"repository":{"owner":{"login":"octo"}}}`,
			"connection_config.installation_id", []string{"42"}},
		"a repository": {`{"repository":{"owner":{"login":"octo"}},"organization":{"login":"org"}}`,
			"connection_config.owner", []string{"octo"}},
		"an organisation": {`{"organization":{"login":"org"}}`,
			"connection_config.owner", []string{"org"}},
		"an empty installation": {`{"installation":null,"organization":{"login":"org"}}`,
			"connection_config.owner", []string{"org"}},
		"nobody": {`{"zen":"Keep it logically awesome."}`, "", nil},
	}
	for name, test := range tests {
		rule, values := Extract(rules, Request{}, Item{Payload: []byte(test.payload)})
		if rule.To != test.to || !slices.Equal(values, test.values) {
			t.Errorf("%s: %q %q, want %q %q", name, rule.To, values, test.to, test.values)
		}
	}
	if _, values := Extract(nil, Request{}, Item{Payload: []byte(payload)}); values != nil {
		t.Errorf("no rules found %q", values)
	}
}
