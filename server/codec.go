package server

import (
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// strictJSON reads and writes JSON, and refuses fields that the contract does not have. Dropping them,
// as Connect's own codec does, makes a misspelt field in an update clear the one that was meant.
type strictJSON struct{ name string }

// withStrictJSON registers the codec under both names by which Connect's clients ask for JSON.
func withStrictJSON() connect.HandlerOption {
	return connect.WithHandlerOptions(
		connect.WithCodec(strictJSON{"json"}),
		connect.WithCodec(strictJSON{"json; charset=utf-8"}),
	)
}

// Name implements connect.Codec.
func (c strictJSON) Name() string { return c.name }

// Marshal implements connect.Codec.
func (c strictJSON) Marshal(message any) ([]byte, error) { return c.MarshalAppend(nil, message) }

// MarshalAppend is used by Connect to fill its pooled buffers.
func (c strictJSON) MarshalAppend(to []byte, message any) ([]byte, error) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("%T is no message", message)
	}
	return protojson.MarshalOptions{}.MarshalAppend(to, m)
}

// Unmarshal implements connect.Codec. Its errors name the field and its place.
func (c strictJSON) Unmarshal(data []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return fmt.Errorf("%T is no message", message)
	}
	if len(data) == 0 {
		return fmt.Errorf("the body is empty; an empty message is {}")
	}
	return protojson.UnmarshalOptions{}.Unmarshal(data, m)
}
