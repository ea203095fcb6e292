package script

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/synchook/synchook/internal/proxy"
)

// mirror answers with the request as the host got it.
func mirror(_ context.Context, r proxy.Request) (proxy.Response, error) {
	seen, err := json.Marshal(map[string]any{
		"request": strings.TrimSpace(fmt.Sprintf("%s %s?%s %v %s", r.Method, r.Endpoint, r.Query, r.Header, r.Body)),
		"retries": fmt.Sprintf("%d %v %s %s", r.Retries, r.RetryOn, r.RetryHeader.At, r.RetryHeader.After), "base": r.BaseURLOverride,
	})
	return proxy.Response{Status: 200, Header: map[string]string{}, Body: seen}, err
}

func TestARequestIsMadeAsTheScriptConfiguredIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ call, want string }{
		{`nango.get({ endpoint: '/a' })`, "GET /a? map[]"},
		{`nango.proxy({ endpoint: '/a' })`, "GET /a? map[]"},
		{`nango.proxy({ method: 'PUT', endpoint: '/a', data: 'text' })`, "PUT /a? map[] text"},
		{`nango.delete({ endpoint: '/a', params: '?x=1' })`, "DELETE /a??x=1 map[]"},
		{`nango.get({ endpoint: '/a', params: { d: new Date(0), n: null, z: 0 } })`, "GET /a?d=1970-01-01T00%3A00%3A00.000Z&z=0 map[]"},
		{`nango.get({ endpoint: '/a', params: new URLSearchParams({ q: 'x y' }) })`, "GET /a?q=x+y map[]"},
		{`nango.post({ endpoint: '/a', data: { a: [1] } })`, `POST /a? map[content-type:application/json] {"a":[1]}`},
		{`nango.patch({ endpoint: '/a', data: {}, headers: { 'Content-Type': 'application/merge-patch+json', N: 1, U: undefined } })`,
			"PATCH /a? map[Content-Type:application/merge-patch+json N:1] {}"},
		{`nango.post({ endpoint: '/a', data: new URLSearchParams({ a: 'b c' }) })`, "POST /a? map[content-type:application/x-www-form-urlencoded] a=b+c"},
		{`nango.post({ endpoint: '/a', data: new Uint8Array([104, 105]) })`, "POST /a? map[content-type:application/octet-stream] hi"},
		{`nango.post({ endpoint: '/a', data: new Uint8Array([104, 105]).buffer })`, "POST /a? map[content-type:application/octet-stream] hi"},
	} {
		in := input(t, body(`console.log((await `+test.call+`).data.request)`))
		wantLines(t, &fakeHost{proxy: mirror}, in, "info: "+test.want)
	}
}

func TestRetriesAndOverrideReachTheProxy(t *testing.T) {
	t.Parallel()
	in := input(t, body(`
		const { data } = await nango.get({ endpoint: '/', retries: 2, retryOn: [409], retryHeader: { at: 'x-reset', after: 'x-after' }, baseUrlOverride: 'https://o.example' });
		console.log(data.retries, data.base);`))
	wantLines(t, &fakeHost{proxy: mirror}, in, "info: 2 [409] x-reset x-after https://o.example")
}

func TestAResponseIsReadAsTheScriptAsked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ body, responseType, want string }{
		{`{"a":1}`, "", `object {"a":1}`},
		{"not json", "json", "string not json"},
		{"", "", "string "},
		{`{"a":1}`, "text", `string {"a":1}`},
		{"\x00\xff", "arraybuffer", `object {"0":0,"1":255}`},
	} {
		h := &fakeHost{proxy: func(context.Context, proxy.Request) (proxy.Response, error) {
			return proxy.Response{Status: 200, Body: []byte(test.body)}, nil
		}}
		in := input(t, body(`const { data } = await nango.get({ endpoint: '/', responseType: '`+cmp.Or(test.responseType, "json")+`' }); console.log(typeof data, data)`))
		wantLines(t, h, in, "info: "+test.want)
	}
}

func TestAStatusThatIsNot2xxRejectsAsAxiosDoes(t *testing.T) {
	t.Parallel()
	h := &fakeHost{proxy: func(context.Context, proxy.Request) (proxy.Response, error) {
		return proxy.Response{Status: 503, StatusText: "Busy", Header: map[string]string{"a": "b"}, Body: []byte(`{"x":1}`)}, nil
	}}
	in := input(t, body(`
		try { await nango.get({ endpoint: '/' }) } catch (e: any) {
			const { status, statusText, headers, data, config } = e.response;
			console.log(e instanceof Error, e.isAxiosError, e.code, e.status, e.message);
			console.log(status, statusText, headers, data, config);
		}`))
	wantLines(t, h, in, "info: true true ERR_BAD_RESPONSE 503 Request failed with status code 503", `info: 503 Busy {"a":"b"} {"x":1} {"endpoint":"/"}`)
}

func TestAConfigurationThatWouldMeanSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ config, want string }{
		{``, "a request needs a configuration"},
		{`{ endpoint: '/', connectionId: 'other' }`, "leave connectionId out"},
		{`{ endpoint: '/', responseType: 'stream' }`, "responseType 'stream' is not one of"},
		{`{ endpoint: '/', retries: 'many' }`, "configuration is not understood"},
	} {
		in := input(t, body(`await nango.get(`+test.config+`)`))
		if err := engine.Run(t.Context(), in, &fakeHost{proxy: mirror}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.config, err, test.want)
		}
	}
}

// pages answers with the body and Link header for each query or endpoint.
func pages(answers map[string][2]string) func(context.Context, proxy.Request) (proxy.Response, error) {
	return func(_ context.Context, r proxy.Request) (proxy.Response, error) {
		query, err := url.ParseQuery(r.Query)
		if err != nil {
			return proxy.Response{}, err
		}
		key := r.Method + " " + r.Endpoint + "?" + query.Encode() + string(r.Body)
		a, found := answers[key]
		if !found {
			return proxy.Response{}, fmt.Errorf("no answer to %s", key)
		}
		return proxy.Response{Status: 200, Header: map[string]string{"link": a[1]}, Body: []byte(a[0])}, nil
	}
}

func TestPaginateYieldsThePagesUntilTheyEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, config string
		answers      map[string][2]string
		want         string
	}{
		{"cursor", `params: 'q=x', paginate: { type: 'cursor', cursor_path_in_response: 'meta.next', cursor_name_in_request: 'after', response_path: 'data.items', limit: 2, limit_name_in_request: 'n' }`,
			map[string][2]string{
				"GET /?n=2&q=x":          {`{"data":{"items":[1,2]},"meta":{"next":"c1"}}`},
				"GET /?after=c1&n=2&q=x": {`{"data":{"items":[3]},"meta":{"next":" "}}`},
			}, "[[1,2],[3]]"},
		{"repeated cursor", `paginate: { type: 'cursor', cursor_path_in_response: 'next', cursor_name_in_request: 'after', response_path: 'items' }`,
			map[string][2]string{
				"GET /?":        {`{"items":[1],"next":7}`},
				"GET /?after=7": {`{"items":[2],"next":7}`},
			}, "[[1],[2]]"},
		{"empty page with a cursor", `paginate: { type: 'cursor', cursor_path_in_response: 'next', cursor_name_in_request: 'after', response_path: 'items' }`,
			map[string][2]string{"GET /?": {`{"items":[],"next":"c"}`}}, "[]"},
		{"cursor in the body", `method: 'POST', data: { q: 1 }, paginate: { type: 'cursor', in_body: true, cursor_path_in_response: 'p[0].next', cursor_name_in_request: 'after', response_path: 'items' }`,
			map[string][2]string{
				`POST /?{"q":1}`:             {`{"items":[1],"p":[{"next":"c"}]}`},
				`POST /?{"q":1,"after":"c"}`: {`{"items":[2]}`},
			}, "[[1],[2]]"},
		{"link header", `params: { n: 1 }, paginate: { type: 'link', link_rel_in_response_header: 'next' }`,
			map[string][2]string{
				"GET /?n=1":                {"[1]", `<https://a.example/0>; rel="prev", <https://a.example/2>; title="a, b"; rel="last next"`},
				"GET https://a.example/2?": {"[2]", `<https://a.example/1>; rel=prev`},
			}, "[[1],[2]]"},
		{"link in the body", `paginate: { type: 'link', link_path_in_response_body: 'next', response_path: 'items' }`,
			map[string][2]string{
				"GET /?":    {`{"items":[1],"next":"/two"}`},
				"GET /two?": {`{"items":[2],"next":null}`},
			}, "[[1],[2]]"},
		{"offset by response size, short page", `paginate: { type: 'offset', offset_name_in_request: 'o', limit: 2, limit_name_in_request: 'n' }`,
			map[string][2]string{"GET /?n=2&o=0": {"[1,2]"}, "GET /?n=2&o=2": {"[3]"}}, "[[1,2],[3]]"},
		{"offset by response size, empty page", `paginate: { type: 'offset', offset_name_in_request: 'o' }`,
			map[string][2]string{"GET /?o=0": {"[1,2]"}, "GET /?o=2": {"[]"}}, "[[1,2]]"},
		{"offset per page", `paginate: { type: 'offset', offset_name_in_request: 'page', offset_start_value: 1, offset_calculation_method: 'per-page' }`,
			map[string][2]string{"GET /?page=1": {"[1,2]"}, "GET /?page=2": {"[3]"}, "GET /?page=3": {"[]"}}, "[[1,2],[3]]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := input(t, body(`
				const all = [];
				for await (const page of nango.paginate({ endpoint: '/', `+test.config+` })) all.push(page);
				console.log(all);`))
			wantLines(t, &fakeHost{proxy: pages(test.answers)}, in, "info: "+test.want)
		})
	}
}

func TestPaginateSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ config, want string }{
		{`{}`, "type must be cursor, link or offset"},
		{`{ type: 'cursor' }`, "cursor_name_in_request is missing"},
		{`{ type: 'offset', offset_name_in_request: 'o' }`, "the response has no list at ''"},
	} {
		in := input(t, body(`for await (const page of nango.paginate({ endpoint: '/', paginate: `+test.config+` })) console.log(page)`))
		if err := engine.Run(t.Context(), in, &fakeHost{proxy: mirror}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.config, err, test.want)
		}
	}
}

func TestOnPageSeesEachPage(t *testing.T) {
	t.Parallel()
	h := &fakeHost{proxy: pages(map[string][2]string{"GET /?o=0": {"[1]"}, "GET /?o=1": {"[]"}})}
	in := input(t, body(`
		const on_page = async ({ nextPageParam, response }: any) => console.log(nextPageParam, response.status);
		for await (const page of nango.paginate({ endpoint: '/', paginate: { type: 'offset', offset_name_in_request: 'o', on_page } })) console.log(page);`))
	wantLines(t, h, in, "info: [1]", "info: 1 200", "info: undefined 200")
}
