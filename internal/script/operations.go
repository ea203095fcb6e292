package script

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/synchook/synchook/internal/proxy"
)

// wireRequest is a request as the runtime writes it.
type wireRequest struct {
	Method          string            `json:"method"`
	Endpoint        string            `json:"endpoint"`
	Query           string            `json:"query"`
	Headers         map[string]string `json:"headers"`
	Retries         int               `json:"retries"`
	RetryOn         []int             `json:"retryOn"`
	RetryHeader     wireRetryHeader   `json:"retryHeader"`
	BaseURLOverride string            `json:"baseUrlOverride"`
	BinaryBody      bool              `json:"binaryBody"`
	BinaryResponse  bool              `json:"binaryResponse"`
}

// wireRetryHeader is the retryHeader of a request.
type wireRetryHeader struct {
	At    string `json:"at"`
	After string `json:"after"`
}

// wireResponse is the head of a response as the runtime reads it.
type wireResponse struct {
	Status     int               `json:"status"`
	StatusText string            `json:"statusText"`
	Headers    map[string]string `json:"headers"`
}

// request returns the request with its body. Bytes cross as base64, because
// only text can.
func (w wireRequest) request(body string) (proxy.Request, error) {
	raw := []byte(body)
	if w.BinaryBody {
		var err error
		if raw, err = base64.StdEncoding.DecodeString(body); err != nil {
			return proxy.Request{}, fmt.Errorf("reading the body: %w", err)
		}
	}
	return proxy.Request{
		Method:          w.Method,
		Endpoint:        w.Endpoint,
		Query:           w.Query,
		Header:          w.Headers,
		Body:            raw,
		Retries:         w.Retries,
		RetryOn:         w.RetryOn,
		RetryHeader:     proxy.RetryHeader(w.RetryHeader),
		BaseURLOverride: w.BaseURLOverride,
	}, nil
}

// doProxy makes a request. What goes wrong is the script's to handle.
func doProxy(ctx context.Context, h Host, _ Input, q question) answer {
	var wire wireRequest
	if err := json.Unmarshal([]byte(q.argument), &wire); err != nil {
		return answer{refusal: "the request's configuration is not understood: " + err.Error()}
	}
	request, err := wire.request(q.body)
	if err != nil {
		return answer{refusal: err.Error()}
	}
	response, err := h.Proxy(ctx, request)
	if err != nil {
		return answer{refusal: err.Error()}
	}
	head, err := json.Marshal(wireResponse{response.Status, response.StatusText, response.Header})
	if err != nil {
		return answer{fatal: err}
	}
	body := string(response.Body)
	if wire.BinaryResponse {
		body = base64.StdEncoding.EncodeToString(response.Body)
	}
	return answer{head: string(head), body: body}
}

// doSave stores records.
func doSave(ctx context.Context, h Host, in Input, q question) answer {
	return doBatch(ctx, in, q, h.Save)
}

// doUpdate merges records into stored ones.
func doUpdate(ctx context.Context, h Host, in Input, q question) answer {
	return doBatch(ctx, in, q, h.Update)
}

// doDelete marks records as deleted.
func doDelete(ctx context.Context, h Host, in Input, q question) answer {
	return doBatch(ctx, in, q, func(ctx context.Context, model string, records []Record) error {
		ids := make([]string, len(records))
		for i, r := range records {
			ids[i] = r.ID
		}
		return h.Delete(ctx, model, ids)
	})
}

// doBatch checks a batch as a whole and then writes it in parts.
func doBatch(ctx context.Context, in Input, q question, write func(context.Context, string, []Record) error) answer {
	b, err := parseBatch(q.operation, q.argument, in.Run.Models, q.body)
	if err != nil {
		return answer{refusal: err.Error(), warnings: []string{err.Error()}}
	}
	for part := range slices.Chunk(b.records, maxBatch) {
		if err := write(ctx, b.model, part); err != nil {
			return failed(q, err)
		}
	}
	return answer{warnings: b.warnings(q.operation)}
}

// doConnection reads the connection.
func doConnection(ctx context.Context, h Host, _ Input, q question) answer {
	return read(q, func() ([]byte, error) { return h.Connection(ctx) })
}

// doMetadata reads the connection's metadata.
func doMetadata(ctx context.Context, h Host, _ Input, q question) answer {
	return read(q, func() ([]byte, error) { return h.Metadata(ctx) })
}

// doSetMetadata replaces the connection's metadata.
func doSetMetadata(ctx context.Context, h Host, _ Input, q question) answer {
	return failed(q, h.SetMetadata(ctx, []byte(q.argument)))
}

// doUpdateMetadata replaces some keys of the connection's metadata.
func doUpdateMetadata(ctx context.Context, h Host, _ Input, q question) answer {
	return failed(q, h.UpdateMetadata(ctx, []byte(q.argument)))
}

// read answers with a JSON text of the host's, an empty object if it is empty.
func read(q question, from func() ([]byte, error)) answer {
	text, err := from()
	if len(text) == 0 {
		text = []byte("{}")
	}
	a := failed(q, err)
	a.head = string(text)
	return a
}

// failed answers with the host's error, or with nothing when it is nil.
func failed(q question, err error) answer {
	if err == nil {
		return answer{}
	}
	return answer{fatal: fmt.Errorf("nango.%s: %w", q.operation, err)}
}
