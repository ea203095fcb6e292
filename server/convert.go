package server

import (
	"encoding/json"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/synchook/synchook/internal/synchook"
)

// timestamp converts a time; the zero time is unset.
func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// timeOf converts a timestamp; what is unset is the zero time.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// span converts a duration; zero is unset.
func span(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

func spans(ds []time.Duration) []*durationpb.Duration {
	out := make([]*durationpb.Duration, len(ds))
	for i, d := range ds {
		out[i] = durationpb.New(d)
	}
	return out
}

func fromSpans(ds []*durationpb.Duration) []time.Duration {
	out := make([]time.Duration, len(ds))
	for i, d := range ds {
		out[i] = d.AsDuration()
	}
	return out
}

// object converts a stored JSON object. What JSON can say and UTF-8 cannot, such as half a surrogate
// pair, becomes the replacement character: one odd record must not hide a page of good ones.
func object(raw []byte) (*structpb.Struct, error) {
	var fields map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &fields); err != nil {
			return nil, err
		}
	}
	return structpb.NewStruct(fields)
}

// fromObject converts an object of a request to JSON; an unset one is {}.
func fromObject(field string, s *structpb.Struct) (json.RawMessage, error) {
	if s == nil {
		return json.RawMessage("{}"), nil
	}
	raw, err := json.Marshal(s.AsMap())
	if err != nil {
		return nil, synchook.Invalid(field, "the object holds a number that JSON cannot say", "Leave out infinite numbers and NaN.")
	}
	return raw, nil
}

func convertAll[From, To any](list []From, convert func(From) To) []To {
	out := make([]To, len(list))
	for i, v := range list {
		out[i] = convert(v)
	}
	return out
}

// tryAll converts a list of which each element may fail.
func tryAll[From, To any](list []From, convert func(From) (To, error)) ([]To, error) {
	out := make([]To, len(list))
	for i, v := range list {
		to, err := convert(v)
		if err != nil {
			return nil, err
		}
		out[i] = to
	}
	return out, nil
}

func texts[T ~string](list []T) []string {
	return convertAll(list, func(t T) string { return string(t) })
}
